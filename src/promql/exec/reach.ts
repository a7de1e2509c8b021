import type { Matcher } from '../../model/matcher.ts'
import type { Timestamp } from '../../model/time.ts'
import type { Plan, Samples, Selection } from '../plan/plan.ts'
import { inputsOf } from '../plan/rewrite.ts'
import { infoReference } from './info.ts'
import { lastReference, referenceTimes, type Steps, stepsBetween } from './steps.ts'

/** What a selector of a plan will ask its source for, at most. */
export interface Reach {
  /** Empty: only the data says which. */
  readonly matchers: readonly Matcher[]
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
  /** Steps at which it is evaluated. */
  readonly stepCount: number
}

/** What the selectors of a plan will ask for when it is evaluated at `steps`. An optimised plan asks for no more than the one it was made of. */
export function reachOf(plan: Plan, steps: Steps, lookbackMs: number): readonly Reach[] {
  const found: Reach[] = []
  visit(plan, steps, lookbackMs, found)
  return found
}

function visit(plan: Plan, steps: Steps, lookbackMs: number, found: Reach[]): void {
  if (steps.count === 0) return
  if (plan.kind === 'select') {
    add(plan.selection, steps, lookbackMs - 1, lookbackMs, found)
    return
  }
  if (plan.kind === 'window' || plan.kind === 'matrix') visitSamples(plan.samples, steps, lookbackMs, found)
  for (const input of inputsOf(plan)) {
    const isInSubquery =
      (plan.kind === 'window' || plan.kind === 'matrix') && plan.samples.kind === 'subquery' && input === plan.samples.input
    if (!isInSubquery) visit(input, steps, lookbackMs, found)
  }
  if (plan.kind === 'call' && plan.func === 'info') {
    const { offsetMs, at } = infoReference(plan.args[0])
    add({ matchers: [], offsetMs, at, extended: undefined }, steps, lookbackMs - 1, lookbackMs, found)
  }
}

function visitSamples(samples: Samples, steps: Steps, lookbackMs: number, found: Reach[]): void {
  if (samples.kind === 'selected') {
    const beforeMs = samples.selection.extended === undefined ? 0 : lookbackMs
    add(samples.selection, steps, samples.rangeMs + beforeMs - 1, lookbackMs, found)
    return
  }
  const ends = referenceTimes(steps, samples.offsetMs, samples.at)
  const first = ends.first - samples.rangeMs + 1
  const start = Math.floor((first - 1) / samples.stepMs) * samples.stepMs + samples.stepMs
  visit(samples.input, stepsBetween(start, lastReference(ends, steps), samples.stepMs), lookbackMs, found)
}

function add(
  { matchers, offsetMs, at, extended }: Pick<Selection, 'matchers' | 'offsetMs' | 'at' | 'extended'>,
  steps: Steps,
  beforeMs: number,
  lookbackMs: number,
  found: Reach[],
): void {
  const reference = referenceTimes(steps, offsetMs, at)
  const afterMs = extended === 'smoothed' ? lookbackMs : 0
  found.push({
    matchers,
    minTime: reference.first - beforeMs,
    maxTime: lastReference(reference, steps) + afterMs,
    stepCount: steps.count,
  })
}
