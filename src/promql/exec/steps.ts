import type { Timestamp } from '../../model/time.ts'

/** The times at which an expression is evaluated: `count` of them, `stepMs` apart. An instant query has one. */
export interface Steps {
  readonly start: Timestamp
  readonly stepMs: number
  readonly count: number
}

/** Steps from `start` to `end`, both inclusive; none when `end` is before `start`. */
export function stepsBetween(start: Timestamp, end: Timestamp, stepMs: number): Steps {
  return { start, stepMs, count: end < start ? 0 : Math.floor((end - start) / stepMs) + 1 }
}

/** Only the first of the steps. */
export function firstStep(steps: Steps): Steps {
  return { start: steps.start, stepMs: steps.stepMs, count: 1 }
}

/**
 * Where a selector looks when it is evaluated at a step: `at` fixes the time, then `offsetMs` goes back.
 * The first of the times it looks at, and how far apart they are (0: always the same time).
 */
export interface Reference {
  readonly first: Timestamp
  readonly stepMs: number
}

export function referenceTimes(steps: Steps, offsetMs: number, at: Timestamp | undefined): Reference {
  if (at !== undefined) return { first: at - offsetMs, stepMs: 0 }
  return { first: steps.start - offsetMs, stepMs: steps.stepMs }
}

/** The last time that `reference` looks at over `steps`. */
export function lastReference(reference: Reference, steps: Steps): Timestamp {
  return reference.first + reference.stepMs * (steps.count - 1)
}
