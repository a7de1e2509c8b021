import type { Env } from '../base/env.ts'
import { CodedError, errorMessage } from '../base/errors.ts'
import { Labels } from '../model/labels.ts'
import type { Timestamp } from '../model/time.ts'
import type { SeriesSource } from '../storage/series-source.ts'
import { createEngineMetrics, type EngineMetrics } from './engine-metrics.ts'
import { Annotations } from './exec/annotations.ts'
import { LimitedBudget } from './exec/budget.ts'
import { ColumnMemory } from './exec/columns.ts'
import { execute } from './exec/execute.ts'
import { Pacer } from './exec/pacer.ts'
import type { QueryRun, SharedResult } from './exec/query-run.ts'
import { collectMatrix, collectSamples, collectVector, scalarMatrix } from './exec/results.ts'
import { SampleTally } from './exec/sample-tally.ts'
import { evaluateScalar } from './exec/scalar.ts'
import { type Steps, stepsBetween } from './exec/steps.ts'
import { parseExpr } from './parser/parse.ts'
import { buildPlan } from './plan/build.ts'
import { optimise } from './plan/optimise.ts'
import { type Optimiser, type Plan, planType } from './plan/plan.ts'
import type { QueryEngine, QueryOptions } from './query-engine.ts'
import { QueryGate } from './query-gate.ts'
import type { QueryResult, QueryValue, SamplesPerStep } from './value.ts'

export interface EngineOptions {
  readonly env: Env
  readonly source: SeriesSource
  /** How far an instant selector looks back. Default 5 minutes. */
  readonly lookbackMs?: number
  /** Default 2 minutes. */
  readonly timeoutMs?: number
  /** Samples that one query may hold at once. Default 50 million. */
  readonly maxSamples?: number
  /** Bytes that the columns of one query may take. Default 2 GiB. */
  readonly maxBytes?: number
  /** Queries that run at once; more of them wait. Default 20. */
  readonly maxConcurrency?: number
  /** Step of a subquery that names none: the evaluation interval. Default 1 minute; asked for each query. */
  readonly defaultSubqueryStepMs?: () => number
  /** Upstream's promql-delayed-name-removal: metric names are dropped from the answer only. Default false. */
  readonly delayedNameRemoval?: boolean
  /** What upstream has behind a flag and queries may use, as `--enable-feature` names it. Default: nothing. */
  readonly features?: ReadonlySet<string>
  /** Default: all optimisers. */
  readonly optimiser?: Optimiser
}

export function createEngine(options: EngineOptions): QueryEngine {
  return new Engine(options)
}

const MINUTE_MS = 60_000

class Engine implements QueryEngine {
  readonly #env: Env
  readonly #options: Required<Omit<EngineOptions, 'env'>>
  readonly #gate: QueryGate
  readonly #metrics: EngineMetrics

  constructor(options: EngineOptions) {
    const defaults = {
      lookbackMs: 5 * MINUTE_MS,
      timeoutMs: 2 * MINUTE_MS,
      maxSamples: 50_000_000,
      maxBytes: 2 * 1024 ** 3,
      maxConcurrency: 20,
      defaultSubqueryStepMs: () => MINUTE_MS,
      delayedNameRemoval: false,
      features: new Set<string>(),
      optimiser: optimise,
    }
    this.#env = options.env
    this.#options = { ...defaults, ...withoutUndefined(options) }
    this.#gate = new QueryGate(this.#options.maxConcurrency)
    this.#metrics = createEngineMetrics(options.env.metrics, this.#options.maxConcurrency)
  }

  instant(query: string, time: Timestamp, options: QueryOptions): Promise<QueryResult> {
    return this.#run({ query, steps: { start: time, stepMs: 1, count: 1 }, end: time, isRangeQuery: false, options })
  }

  range(query: string, start: Timestamp, end: Timestamp, stepMs: number, options: QueryOptions): Promise<QueryResult> {
    return this.#run({ query, steps: stepsBetween(start, end, stepMs), end, isRangeQuery: true, options })
  }

  async #run(asked: Asked): Promise<QueryResult> {
    const { clock } = this.#env
    const { options } = asked
    const timeoutMs = Math.min(options.timeoutMs ?? Infinity, this.#options.timeoutMs)
    const abort = new AbortController()
    let doing = 'query execution'
    const timeOut = () => abort.abort(new CodedError('timeout', `query timed out in ${doing}`))
    const cancel = () => abort.abort(new CodedError('canceled', `query was canceled in ${doing}`))
    const timer = clock.setTimer(timeoutMs, timeOut)
    if (options.signal.aborted) cancel()
    options.signal.addEventListener('abort', cancel, { once: true })
    const begun = clock.monotonic()
    this.#metrics.queries.inc()
    try {
      await this.#gate.enter(abort.signal)
      const queued = clock.monotonic()
      try {
        doing = 'expression evaluation'
        const pacer = new Pacer(clock, abort.signal, begun + timeoutMs, timeOut)
        return await this.#evaluate(asked, { signal: abort.signal, pacer, begun, queued })
      } finally {
        this.#gate.leave()
      }
    } catch (error) {
      if (abort.signal.aborted) throw abort.signal.reason
      throw asCoded(error)
    } finally {
      this.#metrics.queries.dec()
      timer.cancel()
      options.signal.removeEventListener('abort', cancel)
    }
  }

  async #evaluate(asked: Asked, { signal, pacer, begun, queued }: Turn): Promise<QueryResult> {
    const { steps, isRangeQuery } = asked
    const { clock } = this.#env
    const plan = this.#plan(asked)
    const prepared = clock.monotonic()
    const budget = new LimitedBudget({ samplesMax: this.#options.maxSamples, bytesMax: this.#options.maxBytes })
    const memory = new ColumnMemory(budget)
    const annotations = new Annotations(asked.query)
    const tally = new SampleTally(steps.count, asked.options.perStepStats === true ? memory : undefined)
    const shared = {
      source: this.#options.source,
      context: { signal, budget },
      memory,
      annotations,
      pacer,
      lookbackMs: asked.options.lookbackMs || this.#options.lookbackMs,
      isRangeQuery,
      delayedNameRemoval: this.#options.delayedNameRemoval,
      shared: new Map<number, SharedResult>(),
    }
    const counting = (counted: SampleTally): QueryRun => {
      const run: QueryRun = { ...shared, tally: counted, counting, execute: (below, at, sink) => execute(run, below, at, sink) }
      return run
    }
    const run = counting(tally)
    try {
      const value = isRangeQuery ? await rangeValue(run, plan, steps) : await instantValue(run, plan, steps)
      const done = clock.monotonic()
      this.#metrics.samples.inc(tally.total)
      this.#metrics.samplesRead.inc(tally.read)
      this.#metrics.observe('queue_time', (queued - begun) / 1000)
      this.#metrics.observe('prepare_time', (prepared - queued) / 1000)
      this.#metrics.observe('inner_eval', (done - prepared) / 1000)
      return {
        value,
        warnings: annotations.warnings,
        infos: annotations.infos,
        stats: {
          samplesTotal: tally.total,
          samplesRead: tally.read,
          samplesPeak: budget.samplesPeak,
          perStep: perStep(tally, steps),
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

  #plan({ query, steps, end, isRangeQuery }: Asked): Plan {
    const context = {
      start: steps.start,
      end,
      stepMs: isRangeQuery ? steps.stepMs : 0,
      defaultSubqueryStepMs: this.#options.defaultSubqueryStepMs(),
    }
    const plan = buildPlan(parseExpr(query, { features: this.#options.features }), context)
    const type = planType(plan)
    if (isRangeQuery && type !== 'vector' && type !== 'scalar') {
      const name = type === 'matrix' ? 'range vector' : type
      throw new CodedError('bad_data', `invalid expression type "${name}" for range query, must be Scalar or instant Vector`)
    }
    return this.#options.optimiser(plan)
  }
}

/** What is asked. */
interface Asked {
  readonly query: string
  readonly steps: Steps
  /** What `@ end()` means; the last step may be before it. */
  readonly end: Timestamp
  readonly isRangeQuery: boolean
  readonly options: QueryOptions
}

/** A query whose turn it is. */
interface Turn {
  readonly signal: AbortSignal
  readonly pacer: Pacer
  /** Monotonic ms: when the query came, and when its turn came. */
  readonly begun: number
  readonly queued: number
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

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}
