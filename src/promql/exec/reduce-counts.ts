import type { ColumnMemory, StepSeries } from './columns.ts'
import { growFlags, growFloats, NO_FLAGS, NO_FLOATS } from './group-columns.ts'
import type { Column, SplitReducer } from './reducer.ts'

/** How many series have a value. */
export class CountReducer implements SplitReducer {
  readonly #memory: ColumnMemory
  #counts: Float64Array = NO_FLOATS

  constructor(memory: ColumnMemory) {
    this.#memory = memory
  }

  add(group: number, { present }: StepSeries): void {
    const stepCount = present.length
    if ((group + 1) * stepCount > this.#counts.length) this.#counts = growFloats(this.#memory, this.#counts, group + 1, stepCount)
    const counts = this.#counts
    for (let k = 0, i = group * stepCount; k < stepCount; k++, i++) counts[i] += present[k]
  }

  columns(): readonly Column[] {
    return [this.#counts]
  }

  merge(group: number, [added]: readonly Column[], theirs: number, stepCount: number): void {
    if ((group + 1) * stepCount > this.#counts.length) this.#counts = growFloats(this.#memory, this.#counts, group + 1, stepCount)
    const counts = this.#counts
    for (let i = group * stepCount, j = theirs * stepCount; j < (theirs + 1) * stepCount; i++, j++) counts[i] += added[j]
  }

  finish(group: number, { values, present }: StepSeries): void {
    for (let k = 0, i = group * values.length; k < values.length; k++, i++) {
      values[k] = this.#counts[i]
      present[k] = values[k] > 0 ? 1 : 0
    }
  }
}

/** 1 where any series has a value. */
export class GroupReducer implements SplitReducer {
  readonly #memory: ColumnMemory
  #present: Uint8Array = NO_FLAGS

  constructor(memory: ColumnMemory) {
    this.#memory = memory
  }

  add(group: number, series: StepSeries): void {
    const stepCount = series.present.length
    if ((group + 1) * stepCount > this.#present.length) this.#present = growFlags(this.#memory, this.#present, group + 1, stepCount)
    const present = this.#present
    for (let k = 0, i = group * stepCount; k < stepCount; k++, i++) present[i] |= series.present[k]
  }

  columns(): readonly Column[] {
    return [this.#present]
  }

  merge(group: number, [added]: readonly Column[], theirs: number, stepCount: number): void {
    if ((group + 1) * stepCount > this.#present.length) this.#present = growFlags(this.#memory, this.#present, group + 1, stepCount)
    const present = this.#present
    for (let i = group * stepCount, j = theirs * stepCount; j < (theirs + 1) * stepCount; i++, j++) present[i] |= added[j]
  }

  finish(group: number, { values, present }: StepSeries): void {
    values.fill(1)
    present.set(this.#present.subarray(group * values.length, (group + 1) * values.length))
  }
}
