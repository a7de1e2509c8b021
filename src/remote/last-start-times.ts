// Samples of value zero where counting began, with created-timestamp-zero-ingestion: rates then see the first increase as well.
// Source: Prometheus tsdb/head_append.go, AppendSTZeroSample and AppendHistogramSTZeroSample.

import type { Timestamp } from '../model/time.ts'
import type { SeriesRef } from '../storage/appender.ts'

/** The start times that series had last, so that the storage is asked about each once. Two generations: what is used stays. */
export class LastStartTimes {
  readonly #seriesMax: number
  #young = new Map<SeriesRef, Timestamp>()
  #old = new Map<SeriesRef, Timestamp>()

  constructor(seriesMax: number) {
    this.#seriesMax = seriesMax
  }

  /** Whether the series is not known to have begun at `startTime`; it is from now on. */
  isNew(ref: SeriesRef, startTime: Timestamp): boolean {
    const young = this.#young.get(ref)
    if (young === startTime) return false
    const known = young ?? this.#old.get(ref)
    if (young === undefined && this.#young.size >= this.#seriesMax / 2) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(ref, startTime)
    return known !== startTime
  }
}
