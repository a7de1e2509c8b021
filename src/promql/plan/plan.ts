import type { Labels } from '../../model/labels.ts'
import type { Matcher } from '../../model/matcher.ts'
import type { Timestamp } from '../../model/time.ts'
import type { SelectHints } from '../../storage/series-source.ts'
import type { AggregateOperator, BinaryOperator, ExtendedModifier, PositionRange, ValueType, VectorMatching } from '../parser/ast.ts'

// A plan is what is evaluated: the query without parentheses, with the times of `@` resolved and every node typed.
// 1. A plan is never changed; an optimiser answers a new one, and what a plan answers stays the same.
// 2. `range` is where the node stands in the query: annotations point there.
// 3. Every node of type `vector` is a function from steps to step series; `scalar` to a value a step.

/** Series by their labels, at or before a time. */
export interface Selection {
  readonly matchers: readonly Matcher[]
  readonly offsetMs: number
  /** The time that `@` fixes; undefined: the time of the step. */
  readonly at: Timestamp | undefined
  readonly hints: SelectHints
  /** Samples beyond the range, or after the time, are looked at, too. */
  readonly extended: ExtendedModifier | undefined
  /**
   * Histograms that say nothing of counter resets are compared with the one before, and say it then. Upstream has it where only
   * count and sum of histograms are asked for, as it reads nothing else there; its warnings of contradicting hints come from that.
   */
  readonly marksResets: boolean
}

export interface NumberPlan {
  readonly kind: 'number'
  readonly value: number
  readonly range: PositionRange
}

export interface StringPlan {
  readonly kind: 'string'
  readonly value: string
  readonly range: PositionRange
}

/** The newest sample inside the lookback. */
export interface SelectPlan {
  readonly kind: 'select'
  readonly selection: Selection
  /** The samples' own times, or when their counting began, in seconds, instead of their values: `timestamp`, `start_timestamp`. */
  readonly reads: 'values' | 'times' | 'startTimes'
  readonly range: PositionRange
}

/** All samples of a selector over a range. */
export interface SelectedSamples {
  readonly kind: 'selected'
  readonly selection: Selection
  readonly rangeMs: number
  readonly range: PositionRange
}

/** The values of an expression at steps of its own over a range. */
export interface SubquerySamples {
  readonly kind: 'subquery'
  readonly input: Plan
  readonly rangeMs: number
  readonly stepMs: number
  readonly offsetMs: number
  readonly at: Timestamp | undefined
  readonly range: PositionRange
}

export type Samples = SelectedSamples | SubquerySamples

/** A range function over the samples of each series. */
export interface WindowPlan {
  readonly kind: 'window'
  readonly func: string
  readonly samples: Samples
  /** The scalar arguments in their order. */
  readonly parameters: readonly Plan[]
  readonly range: PositionRange
}

/** Range vectors as they are: only as a whole instant query. */
export interface MatrixPlan {
  readonly kind: 'matrix'
  readonly samples: Samples
  readonly range: PositionRange
}

/** Any other function. */
export interface CallPlan {
  readonly kind: 'call'
  readonly func: string
  readonly args: readonly Plan[]
  /** What `absent` and its kin say is missing. */
  readonly absentLabels: Labels
  readonly type: 'scalar' | 'vector'
  readonly range: PositionRange
}

export interface NegatePlan {
  readonly kind: 'negate'
  readonly input: Plan
  readonly type: 'scalar' | 'vector'
  readonly range: PositionRange
}

export interface BinaryPlan {
  readonly kind: 'binary'
  readonly operator: BinaryOperator
  readonly left: Plan
  readonly right: Plan
  readonly returnBool: boolean
  /** Undefined unless both sides are vectors. */
  readonly matching: VectorMatching | undefined
  readonly type: 'scalar' | 'vector'
  readonly range: PositionRange
}

export interface AggregatePlan {
  readonly kind: 'aggregate'
  readonly operator: AggregateOperator
  readonly input: Plan
  readonly parameter: Plan | undefined
  /** Sorted, unique. */
  readonly grouping: readonly string[]
  readonly without: boolean
  readonly range: PositionRange
}

/** The same at every step: evaluated at the first, told for all. */
export interface InvariantPlan {
  readonly kind: 'invariant'
  readonly input: Plan
  readonly range: PositionRange
}

/** A vector that is used more than once: evaluated once. */
export interface SharedPlan {
  readonly kind: 'shared'
  /** The same in every place where it is used. */
  readonly id: number
  readonly uses: number
  readonly input: Plan
  readonly range: PositionRange
}

/** Work that each series takes by itself: where there is somebody to help it is done in parts of the series, and put together. */
export interface SplitPlan {
  readonly kind: 'split'
  /** Counts up from 0 within a plan. */
  readonly id: number
  readonly input: Plan
  readonly range: PositionRange
}

export type Plan =
  | NumberPlan
  | StringPlan
  | SelectPlan
  | WindowPlan
  | MatrixPlan
  | CallPlan
  | NegatePlan
  | BinaryPlan
  | AggregatePlan
  | InvariantPlan
  | SharedPlan
  | SplitPlan

export type PlanType = Exclude<ValueType, 'none'>

/** A function from plans to plans that answer the same. */
export type Optimiser = (plan: Plan) => Plan

export function planType(plan: Plan): PlanType {
  switch (plan.kind) {
    case 'number':
      return 'scalar'
    case 'string':
      return 'string'
    case 'matrix':
      return 'matrix'
    case 'select':
    case 'window':
    case 'aggregate':
    case 'shared':
    case 'split':
      return 'vector'
    case 'call':
    case 'negate':
    case 'binary':
      return plan.type
    case 'invariant':
      return planType(plan.input)
  }
}
