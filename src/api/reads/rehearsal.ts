import type { ThreadEnv, Timer } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { evaluate } from '../../promql/evaluate.ts'
import { LimitedBudget } from '../../promql/exec/budget.ts'
import { Pacer } from '../../promql/exec/pacer.ts'
import { SharedMemoryTotal } from '../../promql/exec/shared-memory-total.ts'
import type { SeriesSource } from '../../storage/series-source.ts'
import { dbSource } from '../../tsdb/db-source.ts'
import { makeUpWindows } from '../../tsdb/made-up-windows.ts'
import { SelectionCache } from '../../tsdb/window/selection-cache.ts'
import type { Window } from '../../tsdb/window/window.ts'
import { answerRead } from './answer-read.ts'
import type { Read } from './read.ts'
import { ThreadAssist } from './thread-assist.ts'
import { ThreadHelpers } from './thread-helpers.ts'
import type { FromThread } from './thread-messages.ts'

/** How long a thread has nothing to do before it rehearses: who asks one query after the other waits for none of it. */
const IDLE_MS = 60
/** Between two turns: so long, and so many pieces, at most. */
const REST_MS = 1
const TURN_MS = 3
const TURN_PIECES = 8

export interface RehearsalPlan {
  readonly reads: readonly Read[]
  /** How often each of them is answered; 0: nothing is done. */
  readonly rounds: number
  /** Whether the windows are as a thread has them that reads those of another one. */
  readonly isBorrower: boolean
  /** Answers a read from windows; `round` counts down. */
  answer(read: Read, made: MadeUp, round: number): Promise<unknown>
}

export interface MadeUp {
  readonly windows: readonly Window[]
  readonly source: SeriesSource
}

const SELECTION_BYTES = 2 ** 20
/** Series made up between two looks at what else there is to do. */
const SERIES_A_PIECE = 8

const LIMITS = { samplesMax: 1_000_000, bytesMax: 32 * 2 ** 20 }
/** More time than a read takes on a machine that is busy otherwise. */
const READ_MS_MAX = 10_000

/**
 * Answers made-up reads of made-up series, so that the code that answers real ones has been compiled by then: until it has, a query that takes
 * 2 ms takes 10. Goes on only while there is nothing to do, and keeps nothing but the compiled code.
 */
export class Rehearsal {
  readonly #env: ThreadEnv
  readonly #plan: RehearsalPlan
  readonly #onPause: (ms: number) => void
  #roundsLeft: number
  /** What is left of it, a small piece at a time; undefined: not begun, or over. */
  #pieces: AsyncGenerator<void> | undefined
  #start: Timer | undefined
  #isRunning = false
  #isWanted = false

  /** `onPause` is told what a stretch of it took, of time that passed. */
  constructor(env: ThreadEnv, plan: RehearsalPlan, onPause: (ms: number) => void) {
    this.#env = env
    this.#plan = plan
    this.#onPause = onPause
    this.#roundsLeft = plan.rounds
  }

  /** There are more rounds to do. */
  add(rounds: number): void {
    this.#roundsLeft += rounds
  }

  /** There is nothing else to do. */
  goOn(): void {
    if (this.#start !== undefined || this.#isWanted || this.#roundsLeft === 0) return
    this.#start = this.#env.clock.setTimer(IDLE_MS, () => {
      this.#start = undefined
      this.#isWanted = true
      this.#pieces ??= this.#rehearse()
      if (!this.#isRunning) void this.#run()
    })
  }

  /** There is something to do: stops after the turn that is being taken. */
  giveWay(): void {
    this.#isWanted = false
    this.#start?.cancel()
    this.#start = undefined
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#env
    const begun = clock.monotonic()
    this.#isRunning = true
    try {
      while (this.#isWanted && this.#pieces !== undefined) {
        const turnEnd = clock.monotonic() + TURN_MS
        for (let i = 0; i < TURN_PIECES && this.#isWanted && this.#pieces !== undefined && clock.monotonic() < turnEnd; i++) {
          const { done } = await this.#pieces.next()
          if (done === true) this.#pieces = undefined
        }
        // What has come meanwhile comes first.
        await new Promise<void>((resolve) => clock.setTimer(REST_MS, resolve))
      }
    } catch (error) {
      this.#pieces = undefined
      this.#roundsLeft = 0
      log.warn('rehearsal of queries failed', { error: errorMessage(error) })
    }
    this.#isRunning = false
    this.#isWanted = false
    this.#onPause(clock.monotonic() - begun)
  }

  async *#rehearse(): AsyncGenerator<void> {
    const { reads, isBorrower } = this.#plan
    const making = makeUpWindows(isBorrower)
    let made = making.next()
    for (let i = 1; made.done !== true; i++) {
      if (i % SERIES_A_PIECE === 0) yield
      made = making.next()
    }
    const windows = made.value
    for (; this.#roundsLeft > 0; this.#roundsLeft--) {
      // What one round has found the next one is to find anew.
      const source = dbSource({ windows, late: [], blocks: [] }, this.#env.clock, new SelectionCache(SELECTION_BYTES))
      for (const read of reads) {
        await this.#plan.answer(read, { windows, source }, this.#roundsLeft)
        yield
      }
    }
  }
}

/**
 * A read as a query thread answers it. Returns the bytes of the answer. What another thread would send is copied as messages are: to compiled code an object
 * that came in one is of another kind than one that was made here.
 */
export async function rehearseRead(env: ThreadEnv, source: SeriesSource, asked: Read, isHelped: boolean): Promise<number> {
  const { clock } = env
  const read = structuredClone(asked)
  const abort = new AbortController()
  const { signal } = abort
  const now = clock.monotonic()
  const pacer = new Pacer(clock, signal, now + READ_MS_MAX, () => abort.abort(new Error('a rehearsed read took too long')))
  const budget = new LimitedBudget(LIMITS)
  let assist: ThreadAssist | undefined
  let helpers: ThreadHelpers | undefined
  if (isHelped && read.kind === 'query') {
    const share = new SharedMemoryTotal(LIMITS.bytesMax, 1).share(0)
    const found = (message: FromThread) => {
      if (message.kind === 'fragmentPart') helpers?.found(structuredClone(message))
      else if (message.kind === 'fragmentFailed') helpers?.failed(structuredClone(message))
    }
    const { question } = read
    const lease = { windows: [], late: [], blocks: [], kept: { ordinals: [], ulids: [] } }
    assist = new ThreadAssist(
      { kind: 'assist', id: 0, helper: 0, question, lease, settings: {}, limits: LIMITS, leftMs: READ_MS_MAX },
      { env, share, source, post: found, isBusy: () => false },
    )
    const to = assist
    helpers = new ThreadHelpers(0, 1, signal, budget, (message) => to.fragment(structuredClone(message)))
  }
  try {
    const { body } = await answerRead(read, {
      source,
      context: { signal, budget },
      missing: () => [],
      evaluate: (question) => evaluate(question, {}, { clock, source, signal, pacer, budget, helpers, begun: now, queued: now }),
    })
    let byteCount = 0
    for (const piece of body) byteCount += piece.length
    return byteCount
  } finally {
    await assist?.release()
    budget.close()
  }
}
