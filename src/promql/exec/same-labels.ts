import type { ColumnMemory, Sink, StepSeries } from './columns.ts'
import { sameLabelsError } from './query-run.ts'

/**
 * Holds series until all are there and makes one of those with the same labels. Two with a value at the same step are
 * an error of the query. Source: Prometheus promql/engine.go, mergeSeriesWithSameLabelset and rangeEval.
 */
export class SameLabels {
  readonly #memory: ColumnMemory
  readonly #held = new Map<string, StepSeries>()

  constructor(memory: ColumnMemory) {
    this.#memory = memory
  }

  add(series: StepSeries): void {
    const key = series.labels.key()
    const known = this.#held.get(key)
    if (known === undefined) {
      this.#held.set(key, series)
      return
    }
    for (let k = 0; k < series.present.length; k++) {
      if (series.present[k] === 0) continue
      if (known.present[k] === 1) throw sameLabelsError()
      known.present[k] = 1
      known.values[k] = series.values[k]
    }
    known.dropName ||= series.dropName
    const moved = series.charged
    this.#memory.release(series)
    this.#memory.chargeSamples(known, moved)
  }

  drain(sink: Sink): void {
    for (const series of this.#held.values()) sink(series)
    this.#held.clear()
  }
}
