import { assert } from '../base/assert.ts'
import type { Chunk } from '../chunkenc/codec.ts'
import { encodeChunks } from '../chunkenc/encode-chunks.ts'
import type { Histogram } from '../model/histogram.ts'
import { compareLabels, Labels, sortStrings } from '../model/labels.ts'
import type { Matcher } from '../model/matcher.ts'
import type { Timestamp } from '../model/time.ts'
import { evenly, isInRange } from './label-range.ts'
import type { Coverage, LabelRequest, QueryContext, SelectRequest, Series, SeriesSource } from './series-source.ts'
import { SERIES_BATCH } from './series-source.ts'

/** A series as columns of equal length, times rising. */
export interface MemorySeries {
  readonly labels: Labels
  readonly timestamps: ArrayLike<Timestamp>
  /** Floats; the sum where `histograms` has something. A staleness marker after a histogram ends a series of histograms. */
  readonly values: ArrayLike<number>
  readonly histograms?: ArrayLike<Histogram | undefined> | undefined
  readonly startTimes?: ArrayLike<Timestamp> | undefined
}

/** Series held in memory as encoded chunks; they do not change. For small needs, and for tests of everything that reads. */
export class MemorySource implements SeriesSource {
  readonly name: string
  readonly #series: readonly Series[]
  readonly #coverage: Coverage

  /** Each label set once; in any order. */
  constructor(series: Iterable<MemorySeries>, options: { readonly name?: string; readonly externalLabels?: Labels } = {}) {
    this.name = options.name ?? 'memory'
    const kept: Series[] = []
    let minTime = Number.POSITIVE_INFINITY
    let maxTime = Number.NEGATIVE_INFINITY
    for (const one of series) {
      const { labels, timestamps } = one
      for (const column of [one.values, one.histograms, one.startTimes])
        assert(column === undefined || column.length === timestamps.length, 'the columns of a series are as long as its times')
      for (let i = 1; i < timestamps.length; i++) assert(timestamps[i] > timestamps[i - 1], 'the times of a series rise')
      if (timestamps.length === 0) continue
      minTime = Math.min(minTime, timestamps[0])
      maxTime = Math.max(maxTime, timestamps[timestamps.length - 1])
      kept.push({ labels, chunks: encodeChunks(one) })
    }
    this.#series = kept.sort((a, b) => compareLabels(a.labels, b.labels))
    for (let i = 1; i < kept.length; i++) assert(!kept[i].labels.equals(kept[i - 1].labels), 'a label set is given once')
    this.#coverage = { minTime, maxTime, externalLabels: options.externalLabels ?? Labels.empty }
  }

  coverage(): Coverage {
    return this.#coverage
  }

  async *select(request: SelectRequest, ctx: QueryContext): AsyncIterable<readonly Series[]> {
    let batch: Series[] = []
    for (const series of this.#matching(request.minTime, request.maxTime, [request.matchers])) {
      if (!isInRange(series.labels, request.labelRange)) continue
      batch.push({ labels: series.labels, chunks: series.chunks.filter((chunk) => overlaps(chunk, request.minTime, request.maxTime)) })
      if (batch.length < SERIES_BATCH) continue
      ctx.signal.throwIfAborted()
      yield batch
      batch = []
    }
    ctx.signal.throwIfAborted()
    if (batch.length > 0) yield batch
  }

  async sampleLabels({ minTime, maxTime, matchers }: SelectRequest, ctx: QueryContext): Promise<readonly Labels[]> {
    ctx.signal.throwIfAborted()
    return evenly([...this.#matching(minTime, maxTime, [matchers])]).map(({ labels }) => labels)
  }

  async labelNames(request: LabelRequest, ctx: QueryContext): Promise<readonly string[]> {
    ctx.signal.throwIfAborted()
    const names = new Set<string>()
    for (const { labels } of this.#matching(request.minTime, request.maxTime, request.matcherSets))
      for (const [name] of labels) names.add(name)
    return sortedUpTo(names, request.limit)
  }

  async labelValues(name: string, request: LabelRequest, ctx: QueryContext): Promise<readonly string[]> {
    ctx.signal.throwIfAborted()
    const values = new Set<string>()
    for (const { labels } of this.#matching(request.minTime, request.maxTime, request.matcherSets)) {
      if (labels.has(name)) values.add(labels.get(name))
    }
    return sortedUpTo(values, request.limit)
  }

  *#matching(minTime: Timestamp, maxTime: Timestamp, matcherSets: readonly (readonly Matcher[])[]): Iterable<Series> {
    for (const series of this.#series) {
      if (!series.chunks.some((chunk) => overlaps(chunk, minTime, maxTime))) continue
      if (matcherSets.length === 0 || matcherSets.some((matchers) => matchesAll(series.labels, matchers))) yield series
    }
  }
}

/** Whether every matcher holds for a label set. */
export function matchesAll(labels: Labels, matchers: readonly Matcher[]): boolean {
  for (const matcher of matchers) if (!matcher.matches(labels.get(matcher.name))) return false
  return true
}

/** What an answer to a label request looks like: sorted as bytes, cut at `limit` unless that is 0. */
export function sortedUpTo(found: Iterable<string>, limit: number): readonly string[] {
  const sorted = sortStrings([...found])
  return limit > 0 && sorted.length > limit ? sorted.slice(0, limit) : sorted
}

function overlaps(chunk: Chunk, minTime: Timestamp, maxTime: Timestamp): boolean {
  return chunk.minTime <= maxTime && chunk.maxTime >= minTime
}
