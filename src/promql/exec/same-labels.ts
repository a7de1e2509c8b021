import { type HistogramColumn, isAnyPresent, type Sink, type StepSeries } from './columns.ts'
import { type QueryRun, sameLabelsError } from './query-run.ts'

/**
 * Holds series until all are there and makes one of those with the same labels. Two with a value at the same step are
 * an error of the query. Source: Prometheus promql/engine.go, mergeSeriesWithSameLabelset and rangeEval.
 */
export class SameLabels {
  readonly #run: QueryRun
  readonly #held = new Map<string, StepSeries>()

  constructor(run: QueryRun) {
    this.#run = run
  }

  add(series: StepSeries): void {
    const key = series.labels.key()
    const known = this.#held.get(key)
    if (known === undefined) {
      this.#run.memory.chargeText(key.length)
      this.#held.set(key, series)
      return
    }
    for (let k = 0; k < series.present.length; k++) {
      if (series.present[k] === 0) continue
      if (known.present[k] === 1) throw sameLabelsError()
      known.present[k] = 1
      known.values[k] = series.values[k]
    }
    if (series.histograms !== undefined) takeHistograms(this.#run, known, series.histograms, series.present)
    known.dropName ||= series.dropName
    const moved = series.charged
    this.#run.memory.release(series)
    this.#run.memory.chargeSamples(known, moved)
  }

  /** Hands over what is held, and forgets it. */
  async drain(sink: Sink): Promise<void> {
    const { memory, pacer } = this.#run
    const held = [...this.#held.values()]
    this.#held.clear()
    for (const series of held) {
      if (isAnyPresent(series.present)) sink(series)
      else memory.release(series)
      if (pacer.isDue()) await pacer.rest()
    }
  }
}

function takeHistograms(run: QueryRun, into: StepSeries, histograms: HistogramColumn, present: Uint8Array): void {
  into.histograms ??= run.memory.histograms(present.length)
  for (let k = 0; k < present.length; k++) if (present[k] === 1) into.histograms[k] = histograms[k]
}
