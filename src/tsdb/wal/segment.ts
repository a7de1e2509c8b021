import type { Timestamp } from '../../model/time.ts'

/** A file of the log. */
export interface Segment {
  readonly number: number
  readonly path: string
  readonly sizeBytes: number
  /** Of the newest sample in it; -Infinity when there is none. */
  readonly maxTime: Timestamp
  /** Behind the last of its deletions that this process has read or written; 0: there is none. */
  readonly deletionsEnd: number
}

/** A place in the log between two batches. */
export interface LogPosition {
  readonly segment: number
  /** In the segment; 0: it has not begun. */
  readonly offset: number
  /** Records of the segment before it, and series that they tell of. */
  readonly recordCount: number
  readonly seriesCount: number
}

export function segmentPath(dir: string, number: number): string {
  return `${dir}/${String(number).padStart(8, '0')}.log`
}

/** The number of a segment file's name; undefined for other files. */
export function segmentNumber(name: string): number | undefined {
  const match = /^(\d{8,})\.log$/.exec(name)
  return match === null ? undefined : Number(match[1])
}
