import type { ColumnMemory, StepSeries } from './columns.ts'
import { growFlags, growFloats, NO_FLAGS, NO_FLOATS } from './group-columns.ts'
import type { Column, SplitReducer } from './reducer.ts'

/** Where there are fewer steps, to find out where a series has values takes longer than to ask at each of them. */
const RUN_STEPS_MIN = 200

/** Sum, compensated as upstream's. Source: Prometheus promql/engine.go, aggregation; util/kahansum. */
export class SumReducer implements SplitReducer {
  readonly #memory: ColumnMemory
  #sums: Float64Array = NO_FLOATS
  /** What the running sums have lost. */
  #lost: Float64Array = NO_FLOATS
  #present: Uint8Array = NO_FLAGS
  /** By group: steps one after the other at which it has a sum. */
  readonly #runs: { from: number; to: number }[] = []

  constructor(memory: ColumnMemory) {
    this.#memory = memory
  }

  add(group: number, series: StepSeries): void {
    const stepCount = series.values.length
    this.#reserve(group, stepCount)
    const { values, present } = series
    const at = group * stepCount
    if (stepCount < RUN_STEPS_MIN) {
      addSteps(this.#sums, this.#lost, this.#present, at, series, 0, stepCount)
      return
    }
    const from = present.indexOf(1)
    if (from < 0) return
    const gap = present.indexOf(0, from)
    const to = gap < 0 ? stepCount : gap
    if (gap >= 0 && present.indexOf(1, gap) >= 0) {
      addSteps(this.#sums, this.#lost, this.#present, at, series, 0, stepCount)
      return
    }
    // One run of steps, as nearly all series have.
    const known = this.#runs[group]
    if (known === undefined && !this.#present.subarray(at, at + stepCount).includes(1)) {
      this.#sums.set(values.subarray(from, to), at + from)
      this.#present.fill(1, at + from, at + to)
      this.#runs[group] = { from, to }
      return
    }
    const run = known ?? { from, to: from }
    const [begin, end] = [Math.min(Math.max(from, run.from), to), Math.max(Math.min(to, run.to), from)]
    if (begin >= end) {
      addSteps(this.#sums, this.#lost, this.#present, at, series, from, to)
      this.#runs[group] ??= { from, to }
      return
    }
    addSteps(this.#sums, this.#lost, this.#present, at, series, from, begin)
    addRun(this.#sums, this.#lost, at, values, begin, end)
    addSteps(this.#sums, this.#lost, this.#present, at, series, end, to)
    run.from = Math.min(run.from, from)
    run.to = Math.max(run.to, to)
  }

  columns(): readonly Column[] {
    return [this.#sums, this.#lost, this.#present]
  }

  merge(group: number, columns: readonly Column[], theirs: number, stepCount: number): void {
    this.#reserve(group, stepCount)
    const [addedSums, addedLost, addedPresent] = columns
    const [sums, lost, present] = [this.#sums, this.#lost, this.#present]
    for (let i = group * stepCount, j = theirs * stepCount; j < (theirs + 1) * stepCount; i++, j++) {
      if (addedPresent[j] === 0) continue
      addTo(sums, lost, present, i, addedSums[j])
      // Of what is infinite nothing is lost.
      if (Math.abs(sums[i]) !== Infinity) lost[i] += addedLost[j]
    }
  }

  #reserve(group: number, stepCount: number): void {
    if ((group + 1) * stepCount <= this.#sums.length) return
    this.#sums = growFloats(this.#memory, this.#sums, group + 1, stepCount)
    this.#lost = growFloats(this.#memory, this.#lost, group + 1, stepCount)
    this.#present = growFlags(this.#memory, this.#present, group + 1, stepCount)
  }

  finish(group: number, out: StepSeries): void {
    const { values, present } = out
    for (let k = 0, i = group * values.length; k < values.length; k++, i++) {
      values[k] = this.#sums[i] + this.#lost[i]
      present[k] = this.#present[i]
    }
  }
}

/**
 * Hot: a few ns a step. Written out in one loop: a number that is handed to a function is an object until both are compiled as one, which made more
 * garbage than all else in a query.
 */
function addSteps(
  sums: Float64Array,
  lost: Float64Array,
  present: Uint8Array,
  at: number,
  series: StepSeries,
  from: number,
  to: number,
): void {
  const { values: added, present: addedPresent } = series
  for (let k = from, i = at + from; k < to; k++, i++) {
    if (addedPresent[k] === 0) continue
    const value = added[k]
    if (present[i] === 0) {
      sums[i] = value
      present[i] = 1
      continue
    }
    const sum = sums[i]
    const total = sum + value
    if (total === Infinity || total === -Infinity) lost[i] = 0
    else lost[i] += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
    sums[i] = total
  }
}

/**
 * The same of steps at which both have a value. What is lost follows without asking which is the larger one, and is the same, unless something
 * is not finite: then it is no number. Source: D. E. Knuth, The Art of Computer Programming, volume 2, 4.2.2, theorem B.
 */
function addRun(sums: Float64Array, lost: Float64Array, at: number, added: Float64Array, from: number, to: number): void {
  for (let k = from, i = at + from; k < to; k++, i++) {
    const value = added[k]
    const sum = sums[i]
    const total = sum + value
    const grown = total - sum
    const error = sum - (total - grown) + (value - grown)
    sums[i] = total
    if (error - error === 0) lost[i] += error
    else loseTo(lost, i, sum, value)
  }
}

function loseTo(lost: Float64Array, i: number, sum: number, value: number): void {
  const total = sum + value
  if (total === Infinity || total === -Infinity) lost[i] = 0
  else lost[i] += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
}

/** Adds a sum and what it has lost. */
function addTo(sums: Float64Array, lost: Float64Array, present: Uint8Array, i: number, value: number): void {
  if (present[i] === 0) {
    sums[i] = value
    present[i] = 1
    return
  }
  const sum = sums[i]
  const total = sum + value
  if (total === Infinity || total === -Infinity) lost[i] = 0
  else lost[i] += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
  sums[i] = total
}
