import type { Answer } from '../../base/http-answer.ts'
import type { Timestamp } from '../../model/time.ts'
import type { Question } from '../../promql/evaluate.ts'
import type { QueryClient } from '../../promql/query-desk.ts'
import type { QueryResult, QueryStats } from '../../promql/value.ts'
import type { QueryContext, SeriesSource } from '../../storage/series-source.ts'

// What is asked of stored data over HTTP, as plain data: it may be answered by another thread, which is sent it as it stands here. What
// answers it is made of bytes for the same reason.

/** Of /api/v1/query and /api/v1/query_range. */
export interface QueryRead {
  readonly kind: 'query'
  readonly question: Question
  readonly timeoutMs: number | undefined
  /** Series of the answer; 0: all. */
  readonly limit: number
  /** Whether statistics are part of the answer. */
  readonly stats: boolean
  /** `bytes`: an instant answer for who works with it in this process, see vector-bytes.ts. Default: JSON, as the API has it. */
  readonly form?: 'json' | 'bytes'
}

/** Series that fulfil any of the selectors, as text; no selectors: all that have samples between the times, both inclusive. */
interface Scope {
  readonly selectors: readonly string[]
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
  /** Entries of the answer; 0: all. */
  readonly limit: number
}

export interface SeriesRead extends Scope {
  readonly kind: 'series'
}

export interface LabelNamesRead extends Scope {
  readonly kind: 'labelNames'
}

export interface LabelValuesRead extends Scope {
  readonly kind: 'labelValues'
  readonly name: string
}

/** Of /federate: the newest sample between the times of each series. */
export interface FederateRead extends Omit<Scope, 'limit'> {
  readonly kind: 'federate'
  /** What the client takes: its Accept header. */
  readonly accept: string | undefined
  /** Flat: name, value, name … */
  readonly externalLabels: readonly string[]
}

export type Read = QueryRead | SeriesRead | LabelNamesRead | LabelValuesRead | FederateRead

/** What a read has to work with, in whatever thread. */
export interface ReadPlace {
  readonly source: SeriesSource
  readonly context: QueryContext
  evaluate(question: Question): Promise<QueryResult>
  /** What was not to be had of what was asked for, for people. Asked when all was read. */
  missing(): readonly string[]
}

/** What answers a read. The body is made while it is asked for; what it is made of is held until then. */
export interface ReadResult {
  readonly contentType: string
  readonly body: Iterable<Uint8Array>
  /** Of a query. */
  readonly stats?: QueryStats
}

export interface Asker {
  /** Aborts when who asks is gone. */
  readonly signal: AbortSignal
  readonly client: QueryClient | undefined
}

/** Who answers reads, in this thread or another one, when all that there is can be read. Throws what `answerRead` throws. */
export interface Reads {
  answer(read: Read, asker: Asker): Promise<Answer>
}
