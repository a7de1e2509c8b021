import type { Env } from '../base/env.ts'
import type { Timestamp } from '../model/time.ts'
import type { SeriesSource } from '../storage/series-source.ts'
import { type EngineSettings, evaluate, instantQuestion, type Question, rangeQuestion } from './evaluate.ts'
import { LimitedBudget } from './exec/budget.ts'
import { Pacer } from './exec/pacer.ts'
import { QueryDesk } from './query-desk.ts'
import type { QueryEngine, QueryOptions } from './query-engine.ts'
import type { QueryResult } from './value.ts'

export interface EngineOptions extends EngineSettings {
  readonly env: Env
  readonly source: SeriesSource
  /** Default 2 minutes. */
  readonly timeoutMs?: number
  /** Samples that one query may hold at once. Default 50 million. */
  readonly maxSamples?: number
  /** Bytes that one query may take. Default 1 GiB. */
  readonly maxBytes?: number
  /** Queries that run at once; more of them wait. Default 20. */
  readonly maxConcurrency?: number
}

/** An engine that evaluates in this thread. */
export function createEngine(options: EngineOptions): QueryEngine {
  return new Engine(options)
}

class Engine implements QueryEngine {
  readonly #options: EngineOptions
  readonly #desk: QueryDesk

  constructor(options: EngineOptions) {
    this.#options = options
    this.#desk = new QueryDesk(options)
  }

  instant(query: string, time: Timestamp, options: QueryOptions): Promise<QueryResult> {
    return this.#run(instantQuestion(query, time, options), options)
  }

  range(query: string, start: Timestamp, end: Timestamp, stepMs: number, options: QueryOptions): Promise<QueryResult> {
    return this.#run(rangeQuestion(query, [start, end, stepMs], options), options)
  }

  #run(question: Question, { signal, timeoutMs }: QueryOptions): Promise<QueryResult> {
    const { env, source, maxSamples: samplesMax = 50_000_000, maxBytes: bytesMax = 2 ** 30 } = this.#options
    const { clock } = env
    const { query, steps, end, isRangeQuery } = question
    const description = { kind: 'query', query, start: steps.start, end, stepMs: isRangeQuery ? steps.stepMs : 0, client: undefined }
    return this.#desk.run(description, { signal, timeoutMs, isQueued: true }, async (turn) => {
      const pacer = new Pacer(clock, turn.signal, turn.deadline, turn.timeOut)
      const budget = new LimitedBudget({ samplesMax, bytesMax })
      const result = await evaluate(question, this.#options, { ...turn, clock, source, pacer, budget })
      return { result, cost: { stats: result.stats, bytesPeak: budget.bytesPeak } }
    })
  }
}
