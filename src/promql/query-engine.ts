import type { Timestamp } from '../model/time.ts'
import type { QueryResult } from './value.ts'

export interface QueryOptions {
  readonly signal: AbortSignal
  /** Default: the engine's. */
  readonly lookbackMs?: number
  /** Default and upper bound: the engine's. */
  readonly timeoutMs?: number
  /** Whether the statistics say how many samples each step looked at. Default: false. */
  readonly perStepStats?: boolean
  /** Whether the statistics have the plan, with what each node of it cost. Default: false. */
  readonly explain?: boolean
}

/**
 * Answers PromQL. Throws CodedErrors: `bad_data` for what does not parse or type-check (upstream's text, with
 * position), `execution`, `timeout`, `canceled`.
 */
export interface QueryEngine {
  instant(query: string, time: Timestamp, options: QueryOptions): Promise<QueryResult>
  /** `start` and `end` inclusive, `stepMs` at least 1. */
  range(query: string, start: Timestamp, end: Timestamp, stepMs: number, options: QueryOptions): Promise<QueryResult>
}
