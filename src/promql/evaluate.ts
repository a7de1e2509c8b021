import { assert } from '../base/assert.ts'
import type { Clock } from '../base/env.ts'
import { CodedError, errorMessage } from '../base/errors.ts'
import { Labels } from '../model/labels.ts'
import type { Timestamp } from '../model/time.ts'
import type { LabelRange, SeriesSource } from '../storage/series-source.ts'
import { Annotations } from './exec/annotations.ts'
import type { LimitedBudget } from './exec/budget.ts'
import { ColumnMemory } from './exec/columns.ts'
import { execute } from './exec/execute.ts'
import type { Pacer } from './exec/pacer.ts'
import { Profile } from './exec/profile.ts'
import type { QueryRun, SharedResult } from './exec/query-run.ts'
import { collectMatrix, collectSamples, collectVector, scalarMatrix } from './exec/results.ts'
import { SampleTally } from './exec/sample-tally.ts'
import { evaluateScalar } from './exec/scalar.ts'
import { evaluatePart } from './exec/split.ts'
import type { Fragment, FragmentPart, SplitHelpers } from './exec/split-helpers.ts'
import { type Steps, stepsBetween } from './exec/steps.ts'
import { parseExpr } from './parser/parse.ts'
import { buildPlan } from './plan/build.ts'
import { type Optimiser, type Plan, planType, type SplitPlan } from './plan/plan.ts'
import { inputsOf } from './plan/rewrite.ts'
import { splitWork } from './plan/split-work.ts'
import { PlanCache, type PreparedPlan } from './plan-cache.ts'
import type { QueryResult, QueryValue, SamplesPerStep } from './value.ts'

const MINUTE_MS = 60_000

/** What is asked. Plain data, so that another thread can be asked it. */
export interface Question {
  readonly query: string
  readonly steps: Steps
  /** What `@ end()` means; the last step may be before it. */
  readonly end: Timestamp
  readonly isRangeQuery: boolean
  /** Default: that of the settings. */
  readonly lookbackMs?: number | undefined
  /** Whether the statistics say how many samples each step looked at. Default: false. */
  readonly perStepStats?: boolean | undefined
  /** Whether the statistics have the plan, with what each node of it cost. Default: false. */
  readonly explain?: boolean | undefined
}

/** How it is asked. */
export type QuestionOptions = Pick<Question, 'lookbackMs' | 'perStepStats' | 'explain'>

export function instantQuestion(query: string, time: Timestamp, options: QuestionOptions): Question {
  const { lookbackMs, perStepStats, explain } = options
  return { query, steps: { start: time, stepMs: 1, count: 1 }, end: time, isRangeQuery: false, lookbackMs, perStepStats, explain }
}

/** `start` and `end` inclusive, `stepMs` at least 1. */
export function rangeQuestion(
  query: string,
  [start, end, stepMs]: readonly [start: Timestamp, end: Timestamp, stepMs: number],
  { lookbackMs, perStepStats, explain }: QuestionOptions,
): Question {
  return { query, steps: stepsBetween(start, end, stepMs), end, isRangeQuery: true, lookbackMs, perStepStats, explain }
}

/** How queries are understood. Plain data but for the optimiser. */
export interface EngineSettings {
  /** How far an instant selector looks back. Default 5 minutes. */
  readonly lookbackMs?: number | undefined
  /** Step of a subquery that names none: the evaluation interval. Default 1 minute. */
  readonly defaultSubqueryStepMs?: number | undefined
  /** Upstream's promql-delayed-name-removal: metric names are dropped from the answer only. Default false. */
  readonly delayedNameRemoval?: boolean | undefined
  /** What upstream has behind a flag and queries may use, as `--enable-feature` names it. Default: nothing. */
  readonly features?: ReadonlySet<string> | undefined
  /** Default: all optimisers. */
  readonly optimiser?: Optimiser | undefined
}

/** Under what a query is evaluated, whose turn it is. */
export interface Turn {
  readonly clock: Clock
  readonly source: SeriesSource
  readonly signal: AbortSignal
  readonly pacer: Pacer
  readonly budget: LimitedBudget
  /** Who evaluates parts of it. Default: nobody. What it costs step by step, or node by node, is told of what is evaluated as a whole. */
  readonly helpers?: SplitHelpers | undefined
  /** Monotonic ms: when the query came, and when its turn came. */
  readonly begun: number
  readonly queued: number
}

export function lookbackOf(question: Question, settings: EngineSettings): number {
  return question.lookbackMs || (settings.lookbackMs ?? 5 * MINUTE_MS)
}

/** Of this thread. */
const plans = new PlanCache()

/** The plan of a question as it is written. Throws `bad_data` for what does not parse or type-check. */
export function planQuestion(question: Question, settings: EngineSettings): Plan {
  return prepare(question, settings).plan
}

function optimisedPlan(question: Question, settings: EngineSettings): Plan {
  const prepared = prepare(question, settings)
  return settings.optimiser === undefined ? prepared.optimised : settings.optimiser(prepared.plan)
}

function prepare(question: Question, settings: EngineSettings): PreparedPlan {
  const { query, isRangeQuery } = question
  const known = `${isRangeQuery} ${settings.defaultSubqueryStepMs} ${settings.features === undefined ? '' : [...settings.features].join()}`
  return plans.get(query, known, () => buildQuestion(question, settings))
}

function buildQuestion({ query, steps, end, isRangeQuery }: Question, settings: EngineSettings): Plan {
  const context = {
    start: steps.start,
    end,
    stepMs: isRangeQuery ? steps.stepMs : 0,
    defaultSubqueryStepMs: settings.defaultSubqueryStepMs ?? MINUTE_MS,
  }
  const plan = buildPlan(parseExpr(query, { features: settings.features }), context)
  const type = planType(plan)
  if (isRangeQuery && type !== 'vector' && type !== 'scalar') {
    const name = type === 'matrix' ? 'range vector' : type
    throw new CodedError('bad_data', `invalid expression type "${name}" for range query, must be Scalar or instant Vector`)
  }
  return plan
}

/** Answers a question. Throws what a QueryEngine does; when the signal has aborted, anything. */
export async function evaluate(question: Question, settings: EngineSettings, turn: Turn): Promise<QueryResult> {
  try {
    return await evaluateInTurn(question, settings, turn)
  } catch (error) {
    throw asCoded(error)
  }
}

/**
 * What answers fragments of a question to who evaluates it: see SplitHelpers. Undefined: of that part it cannot. Throws what `evaluate` does.
 */
export function fragmentsOf(
  question: Question,
  settings: EngineSettings,
  turn: Turn,
): (fragment: Fragment, part: number) => Promise<FragmentPart | undefined> {
  const plan = splitWork(optimisedPlan(question, settings))
  return async ({ id, steps, ranges }, part) => {
    const node = splitOf(plan, id)
    assert(node !== undefined, 'a fragment is one of the plan')
    const memory = new ColumnMemory(turn.budget)
    const annotations = new Annotations(question.query)
    try {
      const run = openRun(question, settings, { ...turn, helpers: undefined }, { memory, annotations })
      return await evaluatePart(run(new SampleTally(steps.count, undefined), ranges[part]), node, steps)
    } catch (error) {
      throw asCoded(error)
    } finally {
      memory.close()
    }
  }
}

function splitOf(plan: Plan, id: number): SplitPlan | undefined {
  if (plan.kind === 'split' && plan.id === id) return plan
  for (const input of inputsOf(plan)) {
    const found = splitOf(input, id)
    if (found !== undefined) return found
  }
  return undefined
}

/** Makes runs of a question that count in a tally, and see a part of the series. */
function openRun(
  question: Question,
  settings: EngineSettings,
  { source, signal, budget, pacer, helpers }: Turn,
  {
    memory,
    annotations,
    profile,
  }: { readonly memory: ColumnMemory; readonly annotations: Annotations; readonly profile?: Profile | undefined },
): (tally: SampleTally, labelRange: LabelRange | undefined) => QueryRun {
  const shared = {
    source,
    context: { signal, budget },
    memory,
    annotations,
    pacer,
    helpers,
    lookbackMs: lookbackOf(question, settings),
    isRangeQuery: question.isRangeQuery,
    delayedNameRemoval: settings.delayedNameRemoval ?? false,
    shared: new Map<number, SharedResult>(),
  }
  const open = (tally: SampleTally, labelRange: LabelRange | undefined): QueryRun => {
    const run: QueryRun = {
      ...shared,
      tally,
      labelRange,
      counting: (counted) => open(counted, labelRange),
      within: (range) => open(tally, range),
      execute:
        profile === undefined
          ? (below, at, sink) => execute(run, below, at, sink)
          : (below, at, sink) => profile.execute(run, below, at, sink),
    }
    return run
  }
  return open
}

async function evaluateInTurn(question: Question, settings: EngineSettings, turn: Turn): Promise<QueryResult> {
  const { steps, isRangeQuery } = question
  const { clock, budget, begun, queued } = turn
  const optimised = optimisedPlan(question, settings)
  const helpers = question.explain === true || question.perStepStats === true ? undefined : turn.helpers
  const plan = helpers === undefined ? optimised : splitWork(optimised)
  const prepared = clock.monotonic()
  const memory = new ColumnMemory(budget)
  const annotations = new Annotations(question.query)
  const tally = new SampleTally(steps.count, question.perStepStats === true ? memory : undefined)
  const profile = question.explain === true ? new Profile(clock, budget) : undefined
  const run = openRun(question, settings, { ...turn, helpers }, { memory, annotations, profile })(tally, undefined)
  try {
    const value = isRangeQuery ? await rangeValue(run, plan, steps) : await instantValue(run, plan, steps)
    const done = clock.monotonic()
    return {
      value,
      warnings: annotations.warnings,
      infos: annotations.infos,
      stats: {
        samplesTotal: tally.total,
        samplesRead: tally.read,
        samplesPeak: budget.samplesPeak,
        perStep: perStep(tally, steps),
        plan: profile?.report(plan),
        timings: {
          evalTotalTime: (done - queued) / 1000,
          resultSortTime: 0,
          queryPreparationTime: (prepared - queued) / 1000,
          innerEvalTime: (done - prepared) / 1000,
          execQueueTime: (queued - begun) / 1000,
          execTotalTime: (done - begun) / 1000,
        },
      },
    }
  } finally {
    memory.close()
  }
}

async function instantValue(run: QueryRun, plan: Plan, steps: Steps): Promise<QueryValue> {
  const t = steps.start
  if (plan.kind === 'string') return { type: 'string', t, v: plan.value }
  if (plan.kind === 'matrix') return { type: 'matrix', series: await collectSamples(run, plan, steps) }
  if (planType(plan) === 'scalar') {
    const [v] = await evaluateScalar(run, plan, steps)
    return { type: 'scalar', t, v }
  }
  return { type: 'vector', samples: await collectVector(run, plan, steps) }
}

async function rangeValue(run: QueryRun, plan: Plan, steps: Steps): Promise<QueryValue> {
  if (steps.count === 0) return { type: 'matrix', series: [] }
  if (planType(plan) === 'scalar') {
    return { type: 'matrix', series: [scalarMatrix(Labels.empty, await evaluateScalar(run, plan, steps), steps)] }
  }
  return { type: 'matrix', series: await collectMatrix(run, plan, steps) }
}

function perStep({ columns }: SampleTally, { start, stepMs }: Steps): SamplesPerStep | undefined {
  return columns && { start, stepMs, ...columns }
}

function asCoded(error: unknown): unknown {
  if (error instanceof CodedError) return error
  if (error instanceof Error && error.name === 'AssertionFailure') return error
  return new CodedError('execution', errorMessage(error), { cause: error })
}
