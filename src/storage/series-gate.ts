import type { Labels } from '../model/labels.ts'
import type { SeriesRef } from './appender.ts'

/** Which label pairs the storage has, in whatever series. */
export interface KnownPairs {
  hasPair(name: string, value: string): boolean
}

/**
 * Decides whether a series may be made that is not active, and counts those that are. Asked once for each new series, and never for a
 * sample of one that is there.
 *
 * A series that is refused gets a ref below -1, which its holder keeps as any other: `isShut` says whether it is refused still.
 */
export interface SeriesGate {
  /** The labels by whose values series are counted. */
  readonly groupLabels: readonly string[]
  /**
   * 0: the series is made, and counts from now on. Below -1: the ref of a series that was refused. `isNeeded`: it counts, and is not
   * refused.
   */
  admit(labels: Labels, known: KnownPairs, isNeeded: boolean): 0 | SeriesRef
  /** Whether the series of a ref that `admit` gave is still refused. A sample of it is counted if so. */
  isShut(ref: SeriesRef): boolean
  /** Why, in one line. */
  reason(ref: SeriesRef): string
  /** Nothing is counted any more: all that is active is counted anew. */
  resetCounts(): void
  /** So many more active series have this value of a label, or fewer; with the label '' and the value '': of all. */
  count(label: string, value: string, change: number): void
}
