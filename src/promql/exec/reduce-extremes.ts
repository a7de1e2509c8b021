import type { ColumnMemory, StepSeries } from './columns.ts'
import { growFlags, growFloats, NO_FLAGS, NO_FLOATS } from './group-columns.ts'
import type { Column, SplitReducer } from './reducer.ts'

type Taken = Pick<StepSeries, 'values' | 'present'>

/** The largest, or smallest, value; NaN only where there is nothing else. */
export class ExtremeReducer implements SplitReducer {
  readonly #memory: ColumnMemory
  readonly #take: typeof takeLarger
  #values: Float64Array = NO_FLOATS
  #present: Uint8Array = NO_FLAGS

  constructor(memory: ColumnMemory, which: 'min' | 'max') {
    this.#memory = memory
    this.#take = which === 'max' ? takeLarger : takeSmaller
  }

  add(group: number, series: StepSeries): void {
    const stepCount = series.values.length
    this.#reserve(group, stepCount)
    this.#take(this.#values, this.#present, group * stepCount, series)
  }

  columns(): readonly Column[] {
    return [this.#values, this.#present]
  }

  merge(group: number, columns: readonly Column[], theirs: number, stepCount: number): void {
    this.#reserve(group, stepCount)
    const [values, present] = columns as readonly [Float64Array, Uint8Array]
    const [from, to] = [theirs * stepCount, (theirs + 1) * stepCount]
    this.#take(this.#values, this.#present, group * stepCount, { values: values.subarray(from, to), present: present.subarray(from, to) })
  }

  #reserve(group: number, stepCount: number): void {
    if ((group + 1) * stepCount <= this.#values.length) return
    this.#values = growFloats(this.#memory, this.#values, group + 1, stepCount)
    this.#present = growFlags(this.#memory, this.#present, group + 1, stepCount)
  }

  finish(group: number, { values, present }: StepSeries): void {
    for (let k = 0, i = group * values.length; k < values.length; k++, i++) {
      values[k] = this.#values[i]
      present[k] = this.#present[i]
    }
  }
}

function takeLarger(values: Float64Array, present: Uint8Array, at: number, series: Taken): void {
  for (let k = 0, i = at; k < series.values.length; k++, i++) {
    if (series.present[k] === 0) continue
    const value = series.values[k]
    if (present[i] === 0 || values[i] < value || Number.isNaN(values[i])) values[i] = value
    present[i] = 1
  }
}

function takeSmaller(values: Float64Array, present: Uint8Array, at: number, series: Taken): void {
  for (let k = 0, i = at; k < series.values.length; k++, i++) {
    if (series.present[k] === 0) continue
    const value = series.values[k]
    if (present[i] === 0 || values[i] > value || Number.isNaN(values[i])) values[i] = value
    present[i] = 1
  }
}
