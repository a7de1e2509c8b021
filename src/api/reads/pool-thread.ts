import type { Env, Thread, ThreadEntry, Timer } from '../../base/env.ts'
import { CodedError } from '../../base/errors.ts'
import type { SharedMemoryTotal } from '../../promql/exec/shared-memory-total.ts'
import { buffersOf } from '../../promql/exec/split-helpers.ts'
import type { DbLender, DbLoan } from '../../tsdb/db-lender.ts'
import type { JobHelper, JobThread, PoolJob } from './pool-job.ts'
import type { FragmentMessage, FromThread, ToThread } from './thread-messages.ts'

/**
 * How long a thread may go on with a read that it was told to end, which was answered then. Longer: it is ended itself. A thread that works does
 * so within some ms; but starting another one costs more than waiting for one that had no processor.
 */
const CANCEL_GRACE_MS = 2000
/** The same for its help with a read of another thread: it may only be starting. */
const RELEASE_GRACE_MS = 10_000

export interface PoolThreadOptions {
  readonly env: Pick<Env, 'clock' | 'threads' | 'log'>
  readonly entry: ThreadEntry<ToThread, FromThread>
  readonly lender: DbLender
  readonly memory: SharedMemoryTotal
  /** Its account in `memory`. */
  readonly index: number
  readonly cacheBytes: number
  /** How often a thread that has nothing to do answers each of the reads that it rehearses. */
  readonly rehearsalRounds: number
  onRehearsed(ms: number): void
  /** The thread has ended; `orphans` are what it had not answered and can be begun again elsewhere. */
  onEnd(thread: PoolThread, orphans: readonly PoolJob[], reason: 'stopped' | 'overdue' | 'failed'): void
}

/** One thread of the pool and what it has to do. */
export class PoolThread implements JobThread, JobHelper {
  readonly index: number
  readonly #options: PoolThreadOptions
  readonly #thread: Thread<ToThread, FromThread>
  readonly #jobs = new Map<number, PoolJob>()
  /** Jobs of other threads that it helps with, by their number. */
  readonly #assists = new Map<number, { readonly job: PoolJob; readonly helper: number; loan: DbLoan | undefined }>()
  readonly #overdue = new Map<number, Timer>()
  #end: 'stopped' | 'overdue' | 'failed' = 'failed'
  #keptKey = ''
  /** Monotonic ms since which it has nothing to do. */
  idleSince: number
  /** The most bytes that a read has taken. */
  bytesPeak = 0

  constructor(options: PoolThreadOptions) {
    const { env, entry, memory, index, cacheBytes, rehearsalRounds } = options
    this.#options = options
    this.index = index
    this.idleSince = env.clock.monotonic()
    this.#thread = env.threads.start(entry)
    this.#thread.onMessage((message) => this.#take(message))
    this.#thread.post({ kind: 'open', cacheBytes, memory: { words: memory.words, bytesMax: memory.bytesMax, index }, rehearsalRounds })
    void this.#thread.exited.then((error) => this.#ended(error))
  }

  /** It was told to end, and begins nothing any more. */
  get isEnding(): boolean {
    return this.#end !== 'failed'
  }

  get jobCount(): number {
    return this.#jobs.size + this.#assists.size
  }

  /** What it has to do: help counts for less than a job, which it gives way to. */
  get load(): number {
    return this.jobCount - this.#assists.size / 2
  }

  get isHelping(): boolean {
    return this.#assists.size > 0
  }

  begin(job: PoolJob): void {
    const now = this.#options.env.clock.monotonic()
    job.loan = this.#options.lender.lend(job.minTime, job.maxTime)
    job.thread = this
    job.attempts++
    this.#jobs.set(job.id, job)
    this.#thread.post({
      kind: 'read',
      id: job.id,
      ...job.request,
      lease: job.loan.lease,
      sinceMs: now - job.begun,
      leftMs: job.deadline - now,
      helperCount: job.helpers.length,
    })
  }

  /** Is there to help with a job that is to begin in another thread, as one of its helpers. It is told of it when there is something to do. */
  assist(job: PoolJob, helper: number): void {
    this.#assists.set(job.id, { job, helper, loan: undefined })
  }

  fragment(message: FragmentMessage): void {
    const assist = this.#assists.get(message.id)
    if (assist === undefined) return
    const { job, helper } = assist
    if (assist.loan === undefined) {
      const asked = job.assistance(helper, this.#options.env.clock.monotonic())
      if (asked === undefined) return
      assist.loan = this.#options.lender.lend(job.minTime, job.maxTime)
      this.tell({ ...asked, lease: assist.loan.lease })
    }
    this.tell(message)
  }

  tell(message: ToThread, transfer?: readonly ArrayBuffer[]): void {
    this.#thread.post(message, transfer)
  }

  /** Ends its help with a job. */
  release(id: number): void {
    const assist = this.#assists.get(id)
    if (assist === undefined) return
    if (assist.loan === undefined) {
      this.#assists.delete(id)
      this.#isOver(id)
      return
    }
    this.tell({ kind: 'release', id })
    this.#expectEnd(id, RELEASE_GRACE_MS)
  }

  /** Ends a job, or the thread when it does not end it soon. */
  cancel(id: number): void {
    const job = this.#jobs.get(id)
    if (job === undefined || this.#overdue.has(id)) return
    job.isAbandoned = true
    this.#thread.post({ kind: 'cancel', id })
    this.#expectEnd(id, CANCEL_GRACE_MS)
  }

  #expectEnd(id: number, graceMs: number): void {
    this.#overdue.set(
      id,
      this.#options.env.clock.setTimer(graceMs, () => {
        this.#options.env.log.warn('query thread ended: a query did not stop in time', { thread: this.index, graceMs })
        this.#end = 'overdue'
        this.#thread.terminate()
      }),
    )
  }

  more(id: number): void {
    this.#thread.post({ kind: 'more', id })
  }

  /** Has the thread forget what the database has no more. */
  forgetGone(): void {
    const kept = this.#options.lender.kept()
    const key = JSON.stringify(kept)
    if (key === this.#keptKey) return
    this.#keptKey = key
    this.#thread.post({ kind: 'keep', kept })
  }

  stop(): void {
    this.#end = 'stopped'
    this.#thread.terminate()
  }

  #take(message: FromThread): void {
    if (message.kind === 'catchUp') {
      const { ordinal } = message
      this.#thread.post({ kind: 'caughtUp', ordinal, state: this.#options.lender.catchUp(ordinal) })
      return
    }
    if (message.kind === 'rehearsed') {
      this.#options.onRehearsed(message.ms)
      return
    }
    if (message.kind === 'fragmentPart' || message.kind === 'fragmentFailed') {
      const transfer = message.kind === 'fragmentPart' && message.found !== undefined ? buffersOf(message.found) : []
      this.#assists.get(message.id)?.job.thread?.tell(message, transfer)
      return
    }
    if (message.kind === 'released') {
      this.bytesPeak = Math.max(this.bytesPeak, message.bytesPeak)
      this.#assists.get(message.id)?.loan?.giveBack()
      this.#assists.delete(message.id)
      this.#isOver(message.id)
      return
    }
    const job = this.#jobs.get(message.id)
    if (job === undefined) return
    switch (message.kind) {
      case 'fragment':
        for (const helper of job.helpers) helper?.fragment(message)
        return
      case 'answered':
        this.bytesPeak = Math.max(this.bytesPeak, message.bytesPeak)
        if (message.isLast) this.#remove(job)
        job.answered(message)
        return
      case 'part':
        if (message.isLast) this.#remove(job)
        job.part(message)
        return
      case 'failed':
        this.bytesPeak = Math.max(this.bytesPeak, message.bytesPeak)
        this.#remove(job)
        job.failed(message.code === undefined ? new Error(message.message) : new CodedError(message.code, message.message))
        return
    }
  }

  #remove(job: PoolJob): void {
    this.#jobs.delete(job.id)
    this.#isOver(job.id)
  }

  #isOver(id: number): void {
    this.#overdue.get(id)?.cancel()
    this.#overdue.delete(id)
    if (this.jobCount === 0) this.idleSince = this.#options.env.clock.monotonic()
  }

  #ended(error: Error | undefined): void {
    const { env, memory, index, onEnd } = this.#options
    if (this.#end === 'failed') env.log.error('query thread failed', { thread: index, error })
    for (const timer of this.#overdue.values()) timer.cancel()
    memory.clear(index)
    for (const { job, helper, loan } of this.#assists.values()) {
      loan?.giveBack()
      job.helperGone(helper)
    }
    this.#assists.clear()
    const orphans: PoolJob[] = []
    const why = error === undefined ? '' : `: ${error.message}`
    for (const job of this.#jobs.values()) {
      job.giveBack()
      // Also what came when it was about to end for having nothing to do.
      if (this.isEnding && !job.isAbandoned && !job.isAnswered) orphans.push(job)
      else if (this.#end === 'stopped') job.failed(new CodedError('unavailable', 'the server is stopping'))
      else job.failed(new CodedError('execution', `the thread that answered the query has ended${why}`))
    }
    this.#jobs.clear()
    onEnd(this, orphans, this.#end)
  }
}
