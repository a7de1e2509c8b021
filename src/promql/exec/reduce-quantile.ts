import { quantileOfSorted, sortValues } from '../functions/quantile.ts'
import type { ColumnMemory, StepSeries } from './columns.ts'
import type { Reducer } from './reducer.ts'

/** A quantile over series. All values of a group are held until its end. */
export class QuantileReducer implements Reducer {
  readonly #memory: ColumnMemory
  readonly #quantiles: Float64Array
  readonly #groups: StepSeries[][] = []

  /** `quantiles`: a value a step. */
  constructor(memory: ColumnMemory, quantiles: Float64Array) {
    this.#memory = memory
    this.#quantiles = quantiles
  }

  add(group: number, series: StepSeries): void {
    this.#groups[group] ??= []
    this.#groups[group].push(this.#memory.copy(series))
  }

  finish(group: number, out: StepSeries): void {
    const members = this.#groups[group]
    const values = new Float64Array(members.length)
    for (let k = 0; k < out.values.length; k++) {
      let count = 0
      for (const member of members) if (member.present[k] === 1) values[count++] = member.values[k]
      if (count === 0) continue
      out.values[k] = quantileOfSorted(this.#quantiles[k], sortValues(values.subarray(0, count)), count)
      out.present[k] = 1
    }
    for (const member of members) this.#memory.release(member)
    this.#groups[group] = []
  }
}
