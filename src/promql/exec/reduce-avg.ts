import type { ColumnMemory, StepSeries } from './columns.ts'
import { growCounts, growFlags, growFloats, NO_COUNTS, NO_FLAGS, NO_FLOATS } from './group-columns.ts'
import type { Column, SplitReducer } from './reducer.ts'

/**
 * Mean: a compensated sum divided by the count, and a mean carried along once the sum would overflow.
 * Source: Prometheus promql/engine.go, aggregation.
 */
export class AvgReducer implements SplitReducer {
  readonly #memory: ColumnMemory
  /** Where `#incremental` is 1, the mean so far. */
  #sums: Float64Array = NO_FLOATS
  #lost: Float64Array = NO_FLOATS
  #counts: Int32Array = NO_COUNTS
  /** Steps whose sum would have overflowed. */
  #incremental: Uint8Array = NO_FLAGS

  constructor(memory: ColumnMemory) {
    this.#memory = memory
  }

  add(group: number, series: StepSeries): void {
    const stepCount = series.values.length
    if ((group + 1) * stepCount > this.#sums.length) this.#grow(group + 1, stepCount)
    const [sums, lost, counts, incremental] = [this.#sums, this.#lost, this.#counts, this.#incremental]
    const { values: added, present } = series
    for (let k = 0, i = group * stepCount; k < stepCount; k++, i++) {
      if (present[k] === 0) continue
      const value = added[k]
      const count = ++counts[i]
      if (count === 1) {
        sums[i] = value
        continue
      }
      if (incremental[i] === 0) {
        const sum = sums[i]
        const total = sum + value
        if (total !== Infinity && total !== -Infinity) {
          lost[i] += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
          sums[i] = total
          continue
        }
        incremental[i] = 1
        sums[i] = sum / (count - 1)
        lost[i] /= count - 1
      }
      const share = (count - 1) / count
      const mean = share * sums[i]
      const increment = value / count
      const next = mean + increment
      if (next === Infinity || next === -Infinity) lost[i] = 0
      else lost[i] = share * lost[i] + (Math.abs(mean) >= Math.abs(increment) ? mean - next + increment : increment - next + mean)
      sums[i] = next
    }
  }

  columns(): readonly Column[] {
    return [this.#sums, this.#lost, this.#counts, this.#incremental]
  }

  merge(group: number, columns: readonly Column[], theirs: number, stepCount: number): void {
    if ((group + 1) * stepCount > this.#sums.length) this.#grow(group + 1, stepCount)
    const [addedSums, addedLost, addedCounts, addedIncremental] = columns
    const [sums, lost, counts, incremental] = [this.#sums, this.#lost, this.#counts, this.#incremental]
    for (let i = group * stepCount, j = theirs * stepCount; j < (theirs + 1) * stepCount; i++, j++) {
      const added = addedCounts[j]
      if (added === 0) continue
      const known = counts[i]
      const count = known + added
      counts[i] = count
      if (known === 0) {
        sums[i] = addedSums[j]
        lost[i] = addedLost[j]
        incremental[i] = addedIncremental[j]
        continue
      }
      const [sum, value] = [sums[i], addedSums[j]]
      if (incremental[i] === 0 && addedIncremental[j] === 0) {
        const total = sum + value
        if (total !== Infinity && total !== -Infinity) {
          lost[i] += (Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum) + addedLost[j]
          sums[i] = total
          continue
        }
      }
      // Means of both, each with its share.
      const mean = incremental[i] === 1 ? sum + lost[i] : sum / known + lost[i] / known
      const addedMean = addedIncremental[j] === 1 ? value + addedLost[j] : value / added + addedLost[j] / added
      sums[i] = mean * (known / count) + addedMean * (added / count)
      lost[i] = 0
      incremental[i] = 1
    }
  }

  finish(group: number, out: StepSeries): void {
    const { values, present } = out
    for (let k = 0, i = group * values.length; k < values.length; k++, i++) {
      const count = this.#counts[i]
      present[k] = count > 0 ? 1 : 0
      values[k] = this.#incremental[i] === 1 ? this.#sums[i] + this.#lost[i] : this.#sums[i] / count + this.#lost[i] / count
    }
  }

  #grow(groupCount: number, stepCount: number): void {
    this.#sums = growFloats(this.#memory, this.#sums, groupCount, stepCount)
    this.#lost = growFloats(this.#memory, this.#lost, groupCount, stepCount)
    this.#counts = growCounts(this.#memory, this.#counts, groupCount, stepCount)
    this.#incremental = growFlags(this.#memory, this.#incremental, groupCount, stepCount)
  }
}
