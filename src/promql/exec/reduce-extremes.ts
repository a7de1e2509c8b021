import type { ColumnMemory, StepSeries } from './columns.ts'
import { type GroupColumns, openGroup, type Reducer } from './reducer.ts'

/** The largest, or smallest, value; NaN only where there is nothing else. */
export class ExtremeReducer implements Reducer {
  readonly #memory: ColumnMemory
  readonly #take: (columns: GroupColumns, series: StepSeries) => void
  readonly #groups: GroupColumns[] = []

  constructor(memory: ColumnMemory, which: 'min' | 'max') {
    this.#memory = memory
    this.#take = which === 'max' ? takeLarger : takeSmaller
  }

  add(group: number, series: StepSeries): void {
    this.#groups[group] ??= openGroup(this.#memory, series.values.length)
    this.#take(this.#groups[group], series)
  }

  finish(group: number, out: StepSeries): void {
    out.values.set(this.#groups[group].values)
    out.present.set(this.#groups[group].present)
  }
}

function takeLarger({ values, present }: GroupColumns, series: StepSeries): void {
  for (let k = 0; k < values.length; k++) {
    if (series.present[k] === 0) continue
    const value = series.values[k]
    if (present[k] === 0 || values[k] < value || Number.isNaN(values[k])) values[k] = value
    present[k] = 1
  }
}

function takeSmaller({ values, present }: GroupColumns, series: StepSeries): void {
  for (let k = 0; k < values.length; k++) {
    if (series.present[k] === 0) continue
    const value = series.values[k]
    if (present[k] === 0 || values[k] > value || Number.isNaN(values[k])) values[k] = value
    present[k] = 1
  }
}
