import { quantileOfSorted, sortValues } from '../functions/quantile.ts'
import type { StepSeries } from './columns.ts'
import type { QueryRun } from './query-run.ts'
import type { Reducer } from './reducer.ts'

/** A quantile over series. All values of a group are held until its end. */
export class QuantileReducer implements Reducer {
  readonly #run: QueryRun
  readonly #quantiles: Float64Array
  readonly #groups: StepSeries[][] = []

  /** `quantiles`: a value a step. */
  constructor(run: QueryRun, quantiles: Float64Array) {
    this.#run = run
    this.#quantiles = quantiles
  }

  add(group: number, series: StepSeries): void {
    this.#groups[group] ??= []
    this.#groups[group].push(this.#run.memory.copy(series))
  }

  async finish(group: number, out: StepSeries): Promise<void> {
    const { memory, pacer } = this.#run
    const members = this.#groups[group]
    const values = new Float64Array(members.length)
    for (let k = 0; k < out.values.length; k++) {
      let count = 0
      for (const member of members) if (member.present[k] === 1) values[count++] = member.values[k]
      if (count === 0) continue
      out.values[k] = quantileOfSorted(this.#quantiles[k], sortValues(values.subarray(0, count)), count)
      out.present[k] = 1
      if (pacer.isDue()) await pacer.rest()
    }
    for (const member of members) memory.release(member)
    this.#groups[group] = []
  }
}
