import type { ColumnMemory, StepSeries } from './columns.ts'
import { type GroupColumns, openGroup, type Reducer } from './reducer.ts'

/** How many series have a value. */
export class CountReducer implements Reducer {
  readonly #memory: ColumnMemory
  readonly #counts: Float64Array[] = []

  constructor(memory: ColumnMemory) {
    this.#memory = memory
  }

  add(group: number, { values, present }: StepSeries): void {
    this.#counts[group] ??= this.#memory.floats(values.length)
    const counts = this.#counts[group]
    for (let k = 0; k < counts.length; k++) counts[k] += present[k]
  }

  finish(group: number, out: StepSeries): void {
    const counts = this.#counts[group]
    out.values.set(counts)
    for (let k = 0; k < counts.length; k++) out.present[k] = counts[k] > 0 ? 1 : 0
  }
}

/** 1 where any series has a value. */
export class GroupReducer implements Reducer {
  readonly #memory: ColumnMemory
  readonly #groups: GroupColumns[] = []

  constructor(memory: ColumnMemory) {
    this.#memory = memory
  }

  add(group: number, series: StepSeries): void {
    this.#groups[group] ??= openGroup(this.#memory, series.values.length)
    const { present } = this.#groups[group]
    for (let k = 0; k < present.length; k++) present[k] |= series.present[k]
  }

  finish(group: number, out: StepSeries): void {
    out.values.fill(1)
    out.present.set(this.#groups[group].present)
  }
}
