import type { ColumnMemory, StepSeries } from './columns.ts'
import { type GroupColumns, openGroup, type Reducer } from './reducer.ts'

interface SumColumns extends GroupColumns {
  /** What the running sums have lost. */
  readonly lost: Float64Array
}

/** Sum, compensated as upstream's. Source: Prometheus promql/engine.go, aggregation; util/kahansum. */
export class SumReducer implements Reducer {
  readonly #memory: ColumnMemory
  readonly #groups: SumColumns[] = []

  constructor(memory: ColumnMemory) {
    this.#memory = memory
  }

  add(group: number, series: StepSeries): void {
    const stepCount = series.values.length
    this.#groups[group] ??= { ...openGroup(this.#memory, stepCount), lost: this.#memory.floats(stepCount) }
    addColumn(this.#groups[group], series)
  }

  finish(group: number, out: StepSeries): void {
    const { values, lost, present } = this.#groups[group]
    out.present.set(present)
    for (let k = 0; k < values.length; k++) out.values[k] = values[k] + lost[k]
  }
}

function addColumn({ values, lost, present }: SumColumns, series: StepSeries): void {
  const { values: added, present: addedPresent } = series
  for (let k = 0; k < values.length; k++) {
    if (addedPresent[k] === 0) continue
    const value = added[k]
    if (present[k] === 0) {
      values[k] = value
      present[k] = 1
      continue
    }
    const sum = values[k]
    const total = sum + value
    if (total === Infinity || total === -Infinity) lost[k] = 0
    else lost[k] += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
    values[k] = total
  }
}
