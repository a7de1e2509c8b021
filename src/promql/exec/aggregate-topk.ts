import { CodedError } from '../../base/errors.ts'
import { formatGeneral } from '../../model/go-float.ts'
import type { AggregatePlan } from '../plan/plan.ts'
import { dropHistograms, isAnyPresent, type Sink, type StepSeries } from './columns.ts'
import { Grouping } from './grouping.ts'
import type { QueryRun } from './query-run.ts'
import { evaluateScalar } from './scalar.ts'
import type { Steps } from './steps.ts'

/** The largest float64 that is an int64, and the smallest. */
const INT64_MAX = 2 ** 63 - 1024
const INT64_MIN = -(2 ** 63)

/**
 * topk and bottomk: of each group and at each step, the k largest or smallest values, in the series they are of.
 * Source: Prometheus promql/engine.go, aggregationK.
 */
export async function runTopK(run: QueryRun, plan: AggregatePlan, steps: Steps, sink: Sink): Promise<void> {
  const counts = await countsOf(run, plan, steps)
  if (counts === undefined) return
  const groups = await collectGroups(run, plan, steps, true)
  const sign = plan.operator === 'topk' ? 1 : -1
  for (const members of groups) {
    // What stays is marked aside: `present` still says what there is to choose from.
    const chosen = run.memory.flags(members.length * steps.count)
    const heap = new WorstFirst(members, sign)
    for (let k = 0; k < steps.count; k++) {
      heap.choose(k, Math.min(Math.trunc(counts[k]), members.length))
      for (let i = 0; i < heap.length; i++) chosen[heap.items[i] * steps.count + k] = 1
      if (run.pacer.isDue()) await run.pacer.rest()
    }
    // The order of an instant query: best first.
    const order = steps.count === 1 && !run.isRangeQuery ? heap.bestFirst() : members.map((_, i) => i)
    for (const i of order) {
      const member = members[i]
      member.present.set(chosen.subarray(i * steps.count, (i + 1) * steps.count))
      if (isAnyPresent(member.present)) sink(member)
      else run.memory.release(member)
      if (run.pacer.isDue()) await run.pacer.rest()
    }
    const emitted = new Set(order)
    for (let i = 0; i < members.length; i++) if (!emitted.has(i)) run.memory.release(members[i])
  }
}

/**
 * How many series are asked for at each step; undefined when none are at any. The input is evaluated all the same: what is wrong with
 * it, and what is to be said of it, is said before what is wrong with the counts.
 */
export async function countsOf(run: QueryRun, plan: AggregatePlan, steps: Steps): Promise<Float64Array | undefined> {
  const counts = await evaluateScalar(run, plan.parameter!, steps)
  const verdict = judgeCounts(counts)
  if (verdict === 'some') return counts
  await run.execute(plan.input, steps, (series) => run.memory.release(series))
  if (verdict !== 'none') throw verdict
  return undefined
}

function judgeCounts(counts: Float64Array): 'some' | 'none' | CodedError {
  let largest = -Infinity
  let smallest = Infinity
  let isAnyNaN = false
  for (const count of counts) {
    if (Number.isNaN(count)) isAnyNaN = true
    if (count > largest) largest = count
    if (count < smallest) smallest = count
  }
  if (isAnyNaN) return new CodedError('execution', 'Parameter value is NaN')
  if (largest < 1) return 'none'
  if (smallest <= INT64_MIN) return new CodedError('execution', `Scalar value ${formatGeneral(smallest)} underflows int64`)
  if (largest >= INT64_MAX) return new CodedError('execution', `Scalar value ${formatGeneral(largest)} overflows int64`)
  return 'some'
}

/** The series of each group, in the order in which they come. `floatsOnly`: histograms are left out, and it is said so. */
export async function collectGroups(run: QueryRun, plan: AggregatePlan, steps: Steps, floatsOnly = false): Promise<StepSeries[][]> {
  const grouping = new Grouping(plan.grouping, plan.without, run.memory)
  const groups: StepSeries[][] = []
  await run.execute(plan.input, steps, (series) => {
    if (floatsOnly && dropHistograms(series)) {
      run.annotations.histogramIgnored(plan.operator, plan.input.range)
      if (!isAnyPresent(series.present)) {
        run.memory.release(series)
        return
      }
    }
    const group = grouping.indexOf(series.labels)
    if (group === groups.length) groups.push([])
    groups[group].push(series)
  })
  return groups
}

/** The chosen series of one step as a heap with the worst on top. Which of equals stays is as upstream's heap has it. */
class WorstFirst {
  readonly items: Int32Array
  length = 0
  readonly #members: readonly StepSeries[]
  readonly #values: Float64Array
  readonly #sign: 1 | -1

  constructor(members: readonly StepSeries[], sign: 1 | -1) {
    this.#members = members
    this.#sign = sign
    this.items = new Int32Array(members.length)
    this.#values = new Float64Array(members.length)
  }

  /** Fills the heap with the best `count` of those that have a value at `step`. */
  choose(step: number, count: number): void {
    this.length = 0
    if (count < 1) return
    const members = this.#members
    for (let i = 0; i < members.length; i++) {
      const { values, present } = members[i]
      if (present[step] === 0) continue
      const value = values[step] * this.#sign
      if (this.length < count) {
        this.#push(i, value)
      } else {
        const worst = this.#values[0]
        if (!(worst < value || (Number.isNaN(worst) && !Number.isNaN(value)))) continue
        this.items[0] = i
        this.#values[0] = value
        this.#sink(0)
      }
    }
  }

  bestFirst(): readonly number[] {
    const order = Array.from({ length: this.length }, (_, i) => i)
    order.sort((a, b) => {
      const [x, y] = [this.#values[a], this.#values[b]]
      if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
      return x < y ? 1 : x > y ? -1 : 0
    })
    return order.map((i) => this.items[i])
  }

  #isWorse(a: number, b: number): boolean {
    const value = this.#values[a]
    return Number.isNaN(value) || value < this.#values[b]
  }

  #swap(a: number, b: number): void {
    const [item, value] = [this.items[a], this.#values[a]]
    this.items[a] = this.items[b]
    this.#values[a] = this.#values[b]
    this.items[b] = item
    this.#values[b] = value
  }

  #push(item: number, value: number): void {
    let at = this.length++
    this.items[at] = item
    this.#values[at] = value
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!this.#isWorse(at, parent)) return
      this.#swap(at, parent)
      at = parent
    }
  }

  #sink(at: number): void {
    for (;;) {
      const left = 2 * at + 1
      if (left >= this.length) return
      const right = left + 1
      const child = right < this.length && this.#isWorse(right, left) ? right : left
      if (!this.#isWorse(child, at)) return
      this.#swap(at, child)
      at = child
    }
  }
}
