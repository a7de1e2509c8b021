import type { ColumnMemory, StepSeries } from './columns.ts'
import { growCounts, growFloats, NO_COUNTS, NO_FLOATS } from './group-columns.ts'
import type { Reducer } from './reducer.ts'

/** Variance over series, or its root, by Welford's method. Source: Prometheus promql/engine.go, aggregation. */
export class VarianceReducer implements Reducer {
  readonly #memory: ColumnMemory
  readonly #root: boolean
  #counts: Int32Array = NO_COUNTS
  #means: Float64Array = NO_FLOATS
  /** Sums of squared distances from the mean so far. */
  #squares: Float64Array = NO_FLOATS

  constructor(memory: ColumnMemory, which: 'stdvar' | 'stddev') {
    this.#memory = memory
    this.#root = which === 'stddev'
  }

  add(group: number, series: StepSeries): void {
    const stepCount = series.values.length
    if ((group + 1) * stepCount > this.#means.length) {
      this.#counts = growCounts(this.#memory, this.#counts, group + 1, stepCount)
      this.#means = growFloats(this.#memory, this.#means, group + 1, stepCount)
      this.#squares = growFloats(this.#memory, this.#squares, group + 1, stepCount)
    }
    const [counts, means, squares] = [this.#counts, this.#means, this.#squares]
    for (let k = 0, i = group * stepCount; k < stepCount; k++, i++) {
      if (series.present[k] === 0) continue
      const value = series.values[k]
      const count = ++counts[i]
      if (count === 1) {
        means[i] = value
        // Infinities have no distance from their mean.
        squares[i] = value - value === 0 ? 0 : NaN
        continue
      }
      const distance = value - means[i]
      means[i] += distance / count
      squares[i] += distance * (value - means[i])
    }
  }

  finish(group: number, { values, present }: StepSeries): void {
    for (let k = 0, i = group * values.length; k < values.length; k++, i++) {
      const count = this.#counts[i]
      if (count === 0) continue
      const variance = this.#squares[i] / count
      values[k] = this.#root ? Math.sqrt(variance) : variance
      present[k] = 1
    }
  }
}
