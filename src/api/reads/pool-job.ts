import type { Answer } from '../../base/http-answer.ts'
import type { Timestamp } from '../../model/time.ts'
import type { QueryCost } from '../../promql/query-desk.ts'
import type { DbLoan } from '../../tsdb/db-lender.ts'
import { shareOf } from './thread-helpers.ts'
import type { AnsweredMessage, AssistMessage, FragmentMessage, PartMessage, ReadMessage, ToThread } from './thread-messages.ts'

export type ReadRequest = Omit<ReadMessage, 'kind' | 'id' | 'lease' | 'sinceMs' | 'leftMs' | 'helperCount'>

export interface JobOutcome {
  readonly result: Answer
  readonly cost: QueryCost
}

/** What a job tells the thread that it is in. */
export interface JobThread {
  cancel(id: number): void
  more(id: number): void
  tell(message: ToThread, transfer?: readonly ArrayBuffer[]): void
}

/** A thread that helps with a job of another one. */
export interface JobHelper {
  fragment(message: FragmentMessage): void
  /** Its help is not needed any more. */
  release(id: number): void
}

/** A read that a thread answers, as the pool sees it: waits for the answer, and hands its parts on as they are asked for. */
export class PoolJob {
  readonly id: number
  readonly request: ReadRequest
  /** Of what it reads. */
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
  /** Monotonic ms: when the read came, and when its time is over. */
  readonly begun: number
  readonly deadline: number
  /** Rejects with what the read failed with. */
  readonly outcome: Promise<JobOutcome>
  /** What it has of the database, until it is answered. */
  loan: DbLoan | undefined
  thread: JobThread | undefined
  /** Threads that help, until it is answered; one that has ended is undefined. */
  readonly helpers: (JobHelper | undefined)[] = []
  /** Times that it was begun. */
  attempts = 0
  /** Nobody waits for it any more. */
  isAbandoned = false
  readonly #settle: PromiseWithResolvers<JobOutcome>
  #isAnswered = false
  readonly #parts: (AnsweredMessage | PartMessage)[] = []
  #failure: unknown
  #hasFailed = false
  #wake: () => void = () => {}

  constructor(id: number, request: ReadRequest, reach: Pick<PoolJob, 'minTime' | 'maxTime'>, turn: Pick<PoolJob, 'begun' | 'deadline'>) {
    this.id = id
    this.request = request
    this.minTime = reach.minTime
    this.maxTime = reach.maxTime
    this.begun = turn.begun
    this.deadline = turn.deadline
    this.#settle = Promise.withResolvers()
    this.outcome = this.#settle.promise
    // It may have been abandoned.
    this.outcome.catch(() => {})
  }

  /** Whether others can help with it: what is told of each step, or each node, is counted in one place. */
  get isDivisible(): boolean {
    const { read } = this.request
    return read.kind === 'query' && read.question.explain !== true && read.question.perStepStats !== true
  }

  get isAnswered(): boolean {
    return this.#isAnswered
  }

  /** What a helper is asked for; undefined: nobody can help with it. */
  assistance(helper: number, now: number): Omit<AssistMessage, 'lease'> | undefined {
    const { read, settings, limits } = this.request
    if (read.kind !== 'query') return undefined
    return {
      kind: 'assist',
      id: this.id,
      helper,
      question: read.question,
      settings,
      limits: shareOf(limits, this.helpers.length + 1),
      leftMs: this.deadline - now,
    }
  }

  /** The thread of a helper has ended. */
  helperGone(helper: number): void {
    if (this.helpers[helper] === undefined) return
    this.helpers[helper] = undefined
    this.thread?.tell({ kind: 'helperGone', id: this.id, helper })
  }

  giveBack(): void {
    for (const helper of this.helpers.splice(0)) helper?.release(this.id)
    this.loan?.giveBack()
    this.loan = undefined
  }

  answered(message: AnsweredMessage): void {
    this.#isAnswered = true
    this.giveBack()
    const { contentType, stats, bytesPeak, bytes, isLast } = message
    if (!isLast) this.#parts.push(message)
    const body = isLast ? bytes : this.#stream()
    this.#settle.resolve({ result: { status: 200, headers: { 'content-type': contentType }, body }, cost: { stats, bytesPeak } })
  }

  part(message: PartMessage): void {
    this.#parts.push(message)
    this.#wake()
  }

  /** It will not be answered, or not to its end. */
  failed(error: unknown): void {
    this.giveBack()
    this.#hasFailed = true
    this.#failure = error
    this.#settle.reject(error)
    this.#wake()
  }

  async *#stream(): AsyncGenerator<Uint8Array> {
    let isDone = false
    try {
      while (!isDone) {
        const part = this.#parts.shift()
        if (part === undefined) {
          if (this.#hasFailed) throw this.#failure
          await new Promise<void>((resolve) => (this.#wake = resolve))
          continue
        }
        isDone = part.isLast
        if (!isDone) this.thread?.more(this.id)
        yield part.bytes
      }
    } finally {
      if (!isDone) this.thread?.cancel(this.id)
    }
  }
}
