import type { ThreadEnv } from '../../base/env.ts'
import { CodedError, errorMessage } from '../../base/errors.ts'
import { fragmentsOf } from '../../promql/evaluate.ts'
import { LimitedBudget } from '../../promql/exec/budget.ts'
import { Pacer } from '../../promql/exec/pacer.ts'
import type { MemoryShare } from '../../promql/exec/shared-memory-total.ts'
import { buffersOf } from '../../promql/exec/split-helpers.ts'
import type { SeriesSource } from '../../storage/series-source.ts'
import { claimLast } from './thread-helpers.ts'
import type { AssistMessage, FragmentMessage, FromThread } from './thread-messages.ts'

/** What an assist has of its thread. */
export interface AssistPlace {
  readonly env: ThreadEnv
  readonly share: MemoryShare
  readonly source: SeriesSource
  post(message: FromThread, transfer?: readonly ArrayBuffer[]): void
  /** Whether the thread has a query of its own, which goes first. */
  isBusy(): boolean
}

/** A thread's help with a query of another thread: evaluates parts of its fragments that nobody has begun. */
export class ThreadAssist {
  readonly #message: AssistMessage
  readonly #place: AssistPlace
  readonly #abort = new AbortController()
  readonly #budget: LimitedBudget
  readonly #evaluate: ReturnType<typeof fragmentsOf>
  /** The fragments one after the other. */
  #work: Promise<void> = Promise.resolve()

  constructor(message: AssistMessage, place: AssistPlace) {
    const { question, settings, limits, leftMs } = message
    const { env, share, source } = place
    const { clock } = env
    const { signal } = this.#abort
    this.#message = message
    this.#place = place
    this.#budget = new LimitedBudget({ ...limits, share })
    const now = clock.monotonic()
    const pacer = new Pacer(clock, signal, now + leftMs, () =>
      this.#abort.abort(new CodedError('timeout', 'query timed out in expression evaluation')),
    )
    this.#evaluate = fragmentsOf(question, settings, { clock, source, signal, pacer, budget: this.#budget, begun: now, queued: now })
  }

  fragment(message: FragmentMessage): void {
    this.#work = this.#work.then(() => this.#take(message))
  }

  /** Ends what is under way. Resolves when nothing is read any more. */
  async release(): Promise<void> {
    this.#abort.abort(new CodedError('canceled', 'query was canceled in expression evaluation'))
    await this.#work
    this.#budget.close()
  }

  get bytesPeak(): number {
    return this.#budget.bytesPeak
  }

  async #take({ number, fragment, claims }: FragmentMessage): Promise<void> {
    const { id, helper } = this.#message
    const { post, isBusy } = this.#place
    const { signal } = this.#abort
    for (let part: number | undefined; !signal.aborted && !isBusy() && (part = claimLast(claims, helper)) !== undefined; ) {
      try {
        const found = await this.#evaluate(fragment, part)
        const { bytesPeak, samplesPeak } = this.#budget
        post({ kind: 'fragmentPart', id, number, part, helper, found, bytesPeak, samplesPeak }, found && buffersOf(found))
      } catch (error) {
        const thrown: unknown = signal.aborted ? signal.reason : error
        const code = thrown instanceof CodedError ? thrown.code : undefined
        const { isExceeded } = this.#budget
        post({ kind: 'fragmentFailed', id, number, part, code, message: errorMessage(thrown), isExceeded })
      }
    }
  }
}
