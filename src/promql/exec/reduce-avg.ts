import type { ColumnMemory, StepSeries } from './columns.ts'
import { type GroupColumns, openGroup, type Reducer } from './reducer.ts'

interface MeanColumns extends GroupColumns {
  readonly lost: Float64Array
  readonly counts: Int32Array
  /** Steps whose sum would have overflowed: there `values` holds the mean so far. */
  readonly incremental: Uint8Array
}

/**
 * Mean: a compensated sum divided by the count, and a mean carried along once the sum would overflow.
 * Source: Prometheus promql/engine.go, aggregation.
 */
export class AvgReducer implements Reducer {
  readonly #memory: ColumnMemory
  readonly #groups: MeanColumns[] = []

  constructor(memory: ColumnMemory) {
    this.#memory = memory
  }

  add(group: number, series: StepSeries): void {
    const stepCount = series.values.length
    const memory = this.#memory
    this.#groups[group] ??= {
      ...openGroup(memory, stepCount),
      lost: memory.floats(stepCount),
      counts: memory.indexes(stepCount),
      incremental: memory.flags(stepCount),
    }
    addColumn(this.#groups[group], series)
  }

  finish(group: number, out: StepSeries): void {
    const { values, lost, counts, present, incremental } = this.#groups[group]
    out.present.set(present)
    for (let k = 0; k < values.length; k++) {
      out.values[k] = incremental[k] === 1 ? values[k] + lost[k] : values[k] / counts[k] + lost[k] / counts[k]
    }
  }
}

function addColumn(columns: MeanColumns, series: StepSeries): void {
  const { values, lost, counts, present, incremental } = columns
  const { values: added, present: addedPresent } = series
  for (let k = 0; k < values.length; k++) {
    if (addedPresent[k] === 0) continue
    const value = added[k]
    const count = ++counts[k]
    if (present[k] === 0) {
      values[k] = value
      present[k] = 1
      continue
    }
    if (incremental[k] === 0) {
      const sum = values[k]
      const total = sum + value
      if (total !== Infinity && total !== -Infinity) {
        lost[k] += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
        values[k] = total
        continue
      }
      incremental[k] = 1
      values[k] = sum / (count - 1)
      lost[k] /= count - 1
    }
    const share = (count - 1) / count
    const mean = share * values[k]
    const increment = value / count
    const next = mean + increment
    if (next === Infinity || next === -Infinity) lost[k] = 0
    else lost[k] = share * lost[k] + (Math.abs(mean) >= Math.abs(increment) ? mean - next + increment : increment - next + mean)
    values[k] = next
  }
}
