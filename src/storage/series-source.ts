import type { Chunk } from '../chunkenc/codec.ts'
import type { Labels } from '../model/labels.ts'
import type { Matcher } from '../model/matcher.ts'
import type { Timestamp } from '../model/time.ts'

/** Series that cross the read seam: labels, and chunks in time order that do not overlap. */
export interface Series {
  readonly labels: Labels
  readonly chunks: readonly Chunk[]
}

/** What may be found in a source. Times inclusive; `minTime` > `maxTime`: nothing. */
export interface Coverage {
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
  readonly externalLabels: Labels
}

/** What the asker will do with the answer. A source may use it to send less, never to send something else. */
export interface SelectHints {
  /** Upstream's name of what the series go into; of `series` the labels are wanted and no chunks, which may be left out. */
  readonly func?: string
  readonly stepMs?: number
  readonly rangeMs?: number
  readonly grouping?: readonly string[]
  readonly by?: boolean
  /** Of each series only the newest sample up to `maxTime` is looked at. */
  readonly newestOnly?: boolean
  /** Labels by other names are not looked at. They may be left out, and then several series with the same labels may come. */
  readonly labelNames?: readonly string[]
  /** The order of the series means nothing: they may come in any, each once all the same. */
  readonly anyOrder?: boolean
}

/** Series by the order of their labels: from `from` on, and before `to`; undefined: no bound. Flat label sets, so that it is plain data. */
export interface LabelRange {
  readonly from: readonly string[] | undefined
  readonly to: readonly string[] | undefined
}

/** A series is in the answer when every matcher holds and it may have samples in `minTime`…`maxTime` (both inclusive). */
export interface SelectRequest {
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
  readonly matchers: readonly Matcher[]
  readonly hints?: SelectHints
  /** Of these only the series whose labels lie in a range of the label order; default: all. */
  readonly labelRange?: LabelRange | undefined
}

export interface LabelRequest {
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
  /**
   * Each set is a conjunction; a series counts when any set matches. Empty: every series counts, and a source that keeps its data in pieces of
   * time may count all series of a piece that reaches into the range.
   */
  readonly matcherSets: readonly (readonly Matcher[])[]
  /** At most this many answers, 0 for all. */
  readonly limit: number
}

/** Who asks, until when, and at what cost. */
export interface QueryContext {
  /** An aborted source stops at the next batch and throws the signal's reason. */
  readonly signal: AbortSignal
  readonly budget: QueryBudget
}

/** What one query may hold. Charged before the memory is taken; refusing throws a CodedError. */
export interface QueryBudget {
  /** Samples held at once; upstream's --query.max-samples. */
  chargeSamples(count: number): void
  releaseSamples(count: number): void
  chargeBytes(count: number): void
  releaseBytes(count: number): void
}

/**
 * All that can be read: window, block, gateway, peer, a union of them.
 *
 * Batches are about 128 series. Over all batches the series come in label order (`compareLabels`), each once.
 * Chunks may reach past the asked range; the reader clips. A chunk's bytes belong to the reader until it asks for the
 * next batch and no longer.
 */
export interface SeriesSource {
  readonly name: string
  coverage(): Coverage
  select(request: SelectRequest, ctx: QueryContext): AsyncIterable<readonly Series[]>
  /**
   * The labels of some of the series that `select` finds, about evenly taken and in any order: a few dozen of each piece that a source has, one
   * of several pieces perhaps several times, and some that it does not find. For dividing a selection; `hints` and `labelRange` mean nothing.
   */
  sampleLabels(request: SelectRequest, ctx: QueryContext): Promise<readonly Labels[]>
  /** Sorted. */
  labelNames(request: LabelRequest, ctx: QueryContext): Promise<readonly string[]>
  /** Sorted. */
  labelValues(name: string, request: LabelRequest, ctx: QueryContext): Promise<readonly string[]>
}

export const SERIES_BATCH = 128

/** `source` with some methods replaced. Not `{ ...source }`: that drops the methods of a class. */
export function overlay(source: SeriesSource, methods: Partial<SeriesSource>): SeriesSource {
  return {
    name: methods.name ?? source.name,
    coverage: methods.coverage ?? (() => source.coverage()),
    sampleLabels: methods.sampleLabels ?? ((request, ctx) => source.sampleLabels(request, ctx)),
    select: methods.select ?? ((request, ctx) => source.select(request, ctx)),
    labelNames: methods.labelNames ?? ((request, ctx) => source.labelNames(request, ctx)),
    labelValues: methods.labelValues ?? ((name, request, ctx) => source.labelValues(name, request, ctx)),
  }
}
