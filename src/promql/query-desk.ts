import type { Env } from '../base/env.ts'
import { CodedError, type ErrorCode, errorMessage } from '../base/errors.ts'
import type { Timestamp } from '../model/time.ts'
import { createEngineMetrics, type EngineMetrics } from './engine-metrics.ts'
import { QueryGate } from './query-gate.ts'
import type { QueryStats } from './value.ts'

/** Who asks over HTTP. */
export interface QueryClient {
  readonly address: string
  readonly userAgent: string
  readonly method: string
  readonly path: string
}

/** What is asked, for people. */
export interface QueryDescription {
  /** `query`, or what else is read: `series`, `labels` … */
  readonly kind: string
  /** The expression, or the selectors. */
  readonly query: string
  /** `stepMs` 0: at one time. */
  readonly start: Timestamp
  readonly end: Timestamp
  readonly stepMs: number
  /** Undefined: ourselves. */
  readonly client: QueryClient | undefined
}

/** What it cost. */
export interface QueryCost {
  readonly stats: QueryStats | undefined
  readonly bytesPeak: number
}

export interface RunningQuery extends QueryDescription {
  readonly id: number
  readonly startTime: Timestamp
  /** Undefined: it waits for its turn. */
  readonly turnTime: Timestamp | undefined
  cancel(reason: string): void
}

export interface FinishedQuery extends QueryDescription {
  readonly id: number
  readonly startTime: Timestamp
  readonly durationMs: number
  readonly queueMs: number
  /** What it was answered with. */
  readonly outcome: 'success' | ErrorCode
  /** Empty for a success. */
  readonly error: string
  readonly cost: QueryCost | undefined
}

/** Told of each query when its turn comes and when it is over. Must not throw. */
export interface QueryObserver {
  begun?(query: RunningQuery): void
  ended(query: FinishedQuery): void
}

export interface DeskOptions {
  readonly env: Pick<Env, 'clock' | 'metrics'>
  /** Default 2 minutes. */
  readonly timeoutMs?: number | undefined
  /** Queries that run at once; more of them wait. Default 20. */
  readonly maxConcurrency?: number | undefined
}

export interface DeskRequest {
  readonly signal: AbortSignal
  /** Default and upper bound: the desk's. */
  readonly timeoutMs?: number | undefined
  /** False: it does not wait for others, and is none of the engine's queries. */
  readonly isQueued: boolean
}

/** What is worked on when its turn has come. */
export interface DeskTurn {
  readonly id: number
  /** Aborts with a CodedError when time is over, when the query is cancelled, and when who asked is gone. */
  readonly signal: AbortSignal
  /** Monotonic ms. */
  readonly begun: number
  readonly queued: number
  readonly deadline: number
  /** Says that the deadline has passed: for work that looks at the clock itself, between two turns of the event loop. */
  timeOut(): void
}

/** Where queries come in: they have their turn and their time, can be seen and cancelled, and are remembered by observers. */
export class QueryDesk {
  readonly #env: Pick<Env, 'clock' | 'metrics'>
  readonly #timeoutMs: number
  readonly #gate: QueryGate
  readonly #metrics: EngineMetrics
  readonly #running = new Map<number, RunningQuery>()
  readonly #observers: QueryObserver[] = []
  #nextId = 1

  constructor({ env, timeoutMs = 120_000, maxConcurrency = 20 }: DeskOptions) {
    this.#env = env
    this.#timeoutMs = timeoutMs
    this.#gate = new QueryGate(maxConcurrency)
    this.#metrics = createEngineMetrics(env.metrics, env.clock, maxConcurrency)
  }

  /** Those that wait, too; the oldest first. */
  get running(): readonly RunningQuery[] {
    return [...this.#running.values()]
  }

  /** How many there are, those that wait too. */
  get runningCount(): number {
    return this.#running.size
  }

  observe(observer: QueryObserver): void {
    this.#observers.push(observer)
  }

  /** Does the work when its turn has come. What it throws after the signal has aborted is what the signal says. */
  async run<T>(
    description: QueryDescription,
    request: DeskRequest,
    work: (turn: DeskTurn) => Promise<{ readonly result: T; readonly cost: QueryCost }>,
  ): Promise<T> {
    const { clock } = this.#env
    const { isQueued } = request
    const timeoutMs = Math.min(request.timeoutMs ?? Infinity, this.#timeoutMs)
    const abort = new AbortController()
    // Source of these names: Prometheus promql/engine.go, exec.
    let doing = 'query queue'
    const timeOut = () => abort.abort(new CodedError('timeout', `query timed out in ${doing}`))
    const cancel = () => abort.abort(new CodedError('canceled', `query was canceled in ${doing}`))
    const timer = clock.setTimer(timeoutMs, timeOut)
    if (request.signal.aborted) cancel()
    request.signal.addEventListener('abort', cancel, { once: true })
    const begun = clock.monotonic()
    let queued = begun
    const id = this.#nextId++
    const running = {
      ...description,
      id,
      startTime: clock.now(),
      turnTime: undefined as Timestamp | undefined,
      cancel: (reason: string) => abort.abort(new CodedError('canceled', `query was canceled in ${doing}: ${reason}`)),
    }
    this.#running.set(id, running)
    let cost: QueryCost | undefined
    const ended = (outcome: FinishedQuery['outcome'], error: string) => {
      const { startTime } = running
      const durationMs = clock.monotonic() - begun
      // All of it, when its turn never came.
      const queueMs = running.turnTime === undefined ? durationMs : queued - begun
      const finished: FinishedQuery = { ...description, id, startTime, durationMs, queueMs, outcome, error, cost }
      for (const observer of this.#observers) observer.ended(finished)
    }
    if (isQueued) this.#metrics.queries.inc()
    try {
      if (isQueued) await this.#gate.enter(abort.signal)
      queued = clock.monotonic()
      running.turnTime = clock.now()
      let done: { readonly result: T; readonly cost: QueryCost }
      try {
        doing = 'expression evaluation'
        for (const observer of this.#observers) observer.begun?.(running)
        done = await work({ id, signal: abort.signal, begun, queued, deadline: begun + timeoutMs, timeOut })
      } finally {
        if (isQueued) this.#gate.leave()
      }
      cost = done.cost
      if (isQueued) this.#count(cost)
      ended('success', '')
      return done.result
    } catch (error) {
      const thrown: unknown = abort.signal.aborted ? abort.signal.reason : error
      ended(thrown instanceof CodedError ? thrown.code : 'internal', errorMessage(thrown))
      throw thrown
    } finally {
      if (isQueued) this.#metrics.queries.dec()
      this.#running.delete(id)
      timer.cancel()
      request.signal.removeEventListener('abort', cancel)
    }
  }

  #count({ stats }: QueryCost): void {
    if (stats === undefined) return
    this.#metrics.samples.inc(stats.samplesTotal)
    this.#metrics.samplesRead.inc(stats.samplesRead)
    this.#metrics.observe('queue_time', stats.timings['execQueueTime'] ?? 0)
    this.#metrics.observe('prepare_time', stats.timings['queryPreparationTime'] ?? 0)
    this.#metrics.observe('inner_eval', stats.timings['innerEvalTime'] ?? 0)
  }
}
