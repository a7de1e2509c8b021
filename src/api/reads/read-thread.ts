import { assert } from '../../base/assert.ts'
import { Breather } from '../../base/breather.ts'
import type { ThreadEnv, ThreadPort } from '../../base/env.ts'
import { CodedError, errorMessage } from '../../base/errors.ts'
import { evaluate } from '../../promql/evaluate.ts'
import { LimitedBudget } from '../../promql/exec/budget.ts'
import { Pacer } from '../../promql/exec/pacer.ts'
import { type MemoryShare, SharedMemoryTotal } from '../../promql/exec/shared-memory-total.ts'
import { BorrowedDb } from '../../tsdb/borrowed-db.ts'
import { answerRead } from './answer-read.ts'
import type { ReadResult } from './read.ts'
import { Rehearsal, type RehearsalPlan, rehearseRead } from './rehearsal.ts'
import { REHEARSAL_READS } from './rehearsal-reads.ts'
import { ThreadAssist } from './thread-assist.ts'
import { shareOf, ThreadHelpers } from './thread-helpers.ts'
import {
  type AssistMessage,
  type FromThread,
  type OpenMessage,
  PART_BYTES,
  PARTS_AHEAD,
  type ReadMessage,
  type ToThread,
} from './thread-messages.ts'

/** Answers reads in a thread, several at a time, in turns. Never ends by itself. */
export function serveReads(port: ThreadPort<FromThread, ToThread>, env: ThreadEnv): Promise<void> {
  let thread: ReadThread | undefined
  port.onMessage((message) => {
    if (message.kind === 'open') thread = new ReadThread(port, env, message)
    else {
      assert(thread !== undefined, 'a thread is opened first')
      thread.take(message)
    }
  })
  return new Promise(() => {})
}

/** A read that is under way. */
interface Job {
  readonly abort: AbortController
  /** Other threads that help. */
  helpers: ThreadHelpers | undefined
  /** Parts that may be sent before one is taken. */
  credit: number
  onCredit: () => void
}

class ReadThread {
  readonly #port: ThreadPort<FromThread, ToThread>
  readonly #env: ThreadEnv
  readonly #db: BorrowedDb
  readonly #share: MemoryShare
  readonly #jobs = new Map<number, Job>()
  readonly #rehearsal: Rehearsal
  readonly #assists = new Map<number, { readonly assist: ThreadAssist; close(): void }>()

  constructor(port: ThreadPort<FromThread, ToThread>, env: ThreadEnv, { cacheBytes, memory, rehearsalRounds }: OpenMessage) {
    this.#port = port
    const plan: RehearsalPlan = {
      reads: REHEARSAL_READS,
      rounds: rehearsalRounds,
      isBorrower: true,
      // Every other round as with the help of another thread.
      answer: (read, { source }, round) => rehearseRead(env, source, read, round % 2 === 1),
    }
    this.#rehearsal = new Rehearsal(env, plan, (ms) => port.post({ kind: 'rehearsed', ms }))
    this.#env = env
    this.#share = new SharedMemoryTotal(memory.bytesMax, memory.words).share(memory.index)
    this.#db = new BorrowedDb(env, { cacheBytes, askState: (ordinal) => port.post({ kind: 'catchUp', ordinal }) })
  }

  take(message: Exclude<ToThread, OpenMessage>): void {
    switch (message.kind) {
      case 'read':
        void this.#read(message)
        return
      case 'cancel':
        this.#jobs.get(message.id)?.abort.abort(new CodedError('canceled', 'query was canceled in expression evaluation'))
        return
      case 'more': {
        const job = this.#jobs.get(message.id)
        if (job === undefined) return
        job.credit++
        job.onCredit()
        return
      }
      case 'assist':
        this.#assist(message)
        return
      case 'fragment':
        this.#assists.get(message.id)?.assist.fragment(message)
        return
      case 'release':
        void this.#release(message.id)
        return
      case 'fragmentPart':
        this.#jobs.get(message.id)?.helpers?.found(message)
        return
      case 'fragmentFailed':
        this.#jobs.get(message.id)?.helpers?.failed(message)
        return
      case 'helperGone':
        this.#jobs.get(message.id)?.helpers?.gone(message.helper)
        return
      case 'caughtUp':
        this.#db.caughtUp(message.ordinal, message.state)
        return
      case 'keep':
        this.#db.keep(message.kept)
        return
    }
  }

  #assist(message: AssistMessage): void {
    this.#rehearsal.giveWay()
    const { source, close } = this.#db.open(message.lease)
    const post = (sent: FromThread, transfer?: readonly ArrayBuffer[]) => this.#port.post(sent, transfer)
    const place = { env: this.#env, share: this.#share, source, post, isBusy: () => this.#jobs.size > 0 }
    this.#assists.set(message.id, { assist: new ThreadAssist(message, place), close })
  }

  async #release(id: number): Promise<void> {
    const helped = this.#assists.get(id)
    if (helped === undefined) return
    this.#assists.delete(id)
    await helped.assist.release()
    helped.close()
    this.#port.post({ kind: 'released', id, bytesPeak: helped.assist.bytesPeak })
    this.#ended()
  }

  #ended(): void {
    if (this.#jobs.size === 0 && this.#assists.size === 0) this.#rehearsal.goOn()
  }

  async #read(message: ReadMessage): Promise<void> {
    const { id, read, limits, settings, missing, sinceMs, queuedMs, leftMs, helperCount } = message
    const { clock } = this.#env
    this.#rehearsal.giveWay()
    const abort = new AbortController()
    const { signal } = abort
    let budget = new LimitedBudget({ ...shareOf(limits, helperCount + 1), share: this.#share })
    const helpers = helperCount === 0 ? undefined : new ThreadHelpers(id, helperCount, signal, budget, (sent) => this.#port.post(sent))
    const job: Job = { abort, helpers, credit: PARTS_AHEAD, onCredit: () => {} }
    this.#jobs.set(id, job)
    const now = clock.monotonic()
    const pacer = new Pacer(clock, signal, now + leftMs, () =>
      abort.abort(new CodedError('timeout', 'query timed out in expression evaluation')),
    )
    const begun = now - sinceMs
    // What is lent is opened at once: the next loan builds on it.
    const { source, close } = this.#db.open(message.lease)
    try {
      let result: ReadResult
      try {
        const turn = { clock, source, signal, pacer, budget, begun, queued: begun + queuedMs }
        result = await answerRead(read, {
          source,
          context: { signal, budget },
          missing: () => missing,
          evaluate: async (question) => {
            try {
              const evaluated = await evaluate(question, settings, { ...turn, helpers })
              const { stats } = evaluated
              return { ...evaluated, stats: { ...stats, samplesPeak: stats.samplesPeak + (helpers?.samplesPeak ?? 0) } }
            } catch (error) {
              if (helpers === undefined || !(budget.isExceeded || helpers.isExceeded)) throw error
            }
            // Its share of what it may take was not enough: by itself it has all of it.
            helpers.end()
            budget.close()
            budget = new LimitedBudget({ ...limits, share: this.#share })
            return evaluate(question, settings, { ...turn, budget })
          },
        })
        pacer.check()
      } finally {
        close()
      }
      const bytesPeak = budget.bytesPeak + (helpers?.bytesPeak ?? 0)
      await this.#send(id, job, result, bytesPeak)
    } catch (error) {
      const thrown: unknown = signal.aborted ? signal.reason : error
      const code = thrown instanceof CodedError ? thrown.code : undefined
      this.#port.post({ kind: 'failed', id, code, message: errorMessage(thrown), bytesPeak: budget.bytesPeak })
    } finally {
      budget.close()
      this.#jobs.delete(id)
      this.#ended()
    }
  }

  /** Sends the body in parts of some size, as many ahead as there is credit for. Takes as long as who asked takes: the time of the read is over. */
  async #send(id: number, job: Job, { contentType, stats, body }: ReadResult, bytesPeak: number): Promise<void> {
    const { signal } = job.abort
    const breather = new Breather(this.#env.clock, signal)
    let gathered: Uint8Array[] = []
    let gatheredBytes = 0
    let isFirst = true
    const post = (isLast: boolean) => {
      const bytes = new Uint8Array(gatheredBytes)
      let at = 0
      for (const piece of gathered) {
        bytes.set(piece, at)
        at += piece.length
      }
      gathered = []
      gatheredBytes = 0
      job.credit--
      this.#port.post(
        isFirst ? { kind: 'answered', id, contentType, stats, bytesPeak, bytes, isLast } : { kind: 'part', id, bytes, isLast },
        [bytes.buffer],
      )
      isFirst = false
    }
    for (const piece of body) {
      if (gatheredBytes >= PART_BYTES) {
        if (job.credit === 0) await untilCredit(job)
        signal.throwIfAborted()
        post(false)
        if (breather.isDue()) await breather.rest()
      }
      gathered.push(piece)
      gatheredBytes += piece.length
    }
    signal.throwIfAborted()
    post(true)
  }
}

function untilCredit(job: Job): Promise<void> {
  const { signal } = job.abort
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    job.onCredit = () => {
      signal.removeEventListener('abort', onAbort)
      job.onCredit = () => {}
      resolve()
    }
  })
}
