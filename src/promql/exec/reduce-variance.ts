import type { ColumnMemory, StepSeries } from './columns.ts'
import type { Reducer } from './reducer.ts'

interface VarianceColumns {
  readonly counts: Int32Array
  readonly means: Float64Array
  /** Sums of squared distances from the mean so far. */
  readonly squares: Float64Array
}

/** Variance over series, or its root, by Welford's method. Source: Prometheus promql/engine.go, aggregation. */
export class VarianceReducer implements Reducer {
  readonly #memory: ColumnMemory
  readonly #root: boolean
  readonly #groups: VarianceColumns[] = []

  constructor(memory: ColumnMemory, which: 'stdvar' | 'stddev') {
    this.#memory = memory
    this.#root = which === 'stddev'
  }

  add(group: number, series: StepSeries): void {
    const stepCount = series.values.length
    const memory = this.#memory
    this.#groups[group] ??= {
      counts: memory.indexes(stepCount),
      means: memory.floats(stepCount),
      squares: memory.floats(stepCount),
    }
    addColumn(this.#groups[group], series)
  }

  finish(group: number, out: StepSeries): void {
    const { counts, squares } = this.#groups[group]
    for (let k = 0; k < counts.length; k++) {
      if (counts[k] === 0) continue
      const variance = squares[k] / counts[k]
      out.values[k] = this.#root ? Math.sqrt(variance) : variance
      out.present[k] = 1
    }
  }
}

function addColumn({ counts, means, squares }: VarianceColumns, series: StepSeries): void {
  for (let k = 0; k < counts.length; k++) {
    if (series.present[k] === 0) continue
    const value = series.values[k]
    const count = ++counts[k]
    if (count === 1) {
      means[k] = value
      // Infinities have no distance from their mean.
      squares[k] = value - value === 0 ? 0 : NaN
      continue
    }
    const distance = value - means[k]
    means[k] += distance / count
    squares[k] += distance * (value - means[k])
  }
}
