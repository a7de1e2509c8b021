import { CodedError } from '../../base/errors.ts'
import type { LimitedBudget } from '../../promql/exec/budget.ts'
import { bytesOfColumns, type Fragment, type FragmentPart, type FragmentWork, type SplitHelpers } from '../../promql/exec/split-helpers.ts'
import type { FragmentFailedMessage, FragmentMessage, FragmentPartMessage, ReadMessage } from './thread-messages.ts'

/** Who has begun a part: nobody, the thread of the query, or the helper of that number and so many more. */
const NOBODY = 0
const QUERY = 1
const FIRST_HELPER = 2

/** Takes parts of a fragment, from the last one on, while the thread of the query takes them from the first one on. */
export function claimLast(claims: Int32Array<SharedArrayBuffer>, helper: number): number | undefined {
  for (let part = claims.length - 1; part >= 0; part--)
    if (Atomics.compareExchange(claims, part, NOBODY, FIRST_HELPER + helper) === NOBODY) return part
  return undefined
}

/** What each of `count` threads may take of what a query may. */
export function shareOf({ samplesMax, bytesMax }: ReadMessage['limits'], count: number): ReadMessage['limits'] {
  return { samplesMax: Math.floor(samplesMax / count), bytesMax: Math.floor(bytesMax / count) }
}

interface Work {
  readonly claims: Int32Array<SharedArrayBuffer>
  /** By part: who waits for it, or what it came to. */
  readonly results: Map<number, PromiseWithResolvers<FragmentPart | undefined>>
}

/** The helpers of a query, in its own thread: other threads, which the pool passes messages to and from. */
export class ThreadHelpers implements SplitHelpers {
  readonly partCount: number
  /** A helper had less memory than its part needs. */
  isExceeded = false
  readonly #id: number
  readonly #post: (message: FragmentMessage) => void
  readonly #signal: AbortSignal
  readonly #budget: LimitedBudget
  /** The query is not waiting for anybody any more. */
  #isOver = false
  readonly #works: Work[] = []
  readonly #gone = new Set<number>()
  /** By helper: the most that it has held. */
  readonly #bytesPeaks: number[] = []
  readonly #samplesPeaks: number[] = []

  /** Of the query with the number `id`, which ends when the signal aborts. What is found for it is on its budget until it is taken. */
  constructor(id: number, helperCount: number, signal: AbortSignal, budget: LimitedBudget, post: (message: FragmentMessage) => void) {
    this.#id = id
    this.partCount = helperCount + 1
    this.#signal = signal
    this.#budget = budget
    this.#post = post
    signal.addEventListener('abort', () => {
      for (const { results } of this.#works) for (const result of results.values()) result.reject(signal.reason)
    })
  }

  get bytesPeak(): number {
    return this.#bytesPeaks.reduce((sum, peak) => sum + peak, 0)
  }

  get samplesPeak(): number {
    return this.#samplesPeaks.reduce((sum, peak) => sum + peak, 0)
  }

  begin(fragment: Fragment): FragmentWork {
    const claims = new Int32Array(new SharedArrayBuffer(4 * fragment.ranges.length))
    const work: Work = { claims, results: new Map() }
    this.#post({ kind: 'fragment', id: this.#id, number: this.#works.length, fragment, claims })
    this.#works.push(work)
    return {
      claim: (part) => Atomics.compareExchange(claims, part, NOBODY, QUERY) === NOBODY,
      result: (part) => {
        const { promise, resolve, reject } = resultOf(work, part)
        if (this.#gone.has(Atomics.load(claims, part) - FIRST_HELPER)) resolve(undefined)
        if (this.#signal.aborted) reject(this.#signal.reason)
        return promise.then((found) => {
          if (found !== undefined) this.#budget.releaseBytes(bytesOfColumns(found))
          return found
        })
      },
    }
  }

  found({ number, part, helper, found, bytesPeak, samplesPeak }: FragmentPartMessage): void {
    this.#bytesPeaks[helper] = Math.max(this.#bytesPeaks[helper] ?? 0, bytesPeak)
    this.#samplesPeaks[helper] = Math.max(this.#samplesPeaks[helper] ?? 0, samplesPeak)
    if (this.#isOver) return
    const result = resultOf(this.#works[number], part)
    try {
      if (found !== undefined) this.#budget.chargeBytes(bytesOfColumns(found))
      result.resolve(found)
    } catch (error) {
      result.reject(error)
    }
  }

  /** To be called before the budget is closed, where the query goes on by itself. */
  end(): void {
    this.#isOver = true
  }

  failed({ number, part, code, message, isExceeded }: FragmentFailedMessage): void {
    if (isExceeded) this.isExceeded = true
    resultOf(this.#works[number], part).reject(code === undefined ? new Error(message) : new CodedError(code, message))
  }

  /** A thread has ended: what it had begun is to be done by the query itself. */
  gone(helper: number): void {
    this.#gone.add(helper)
    for (const { claims, results } of this.#works)
      for (const [part, result] of results) if (Atomics.load(claims, part) === FIRST_HELPER + helper) result.resolve(undefined)
  }
}

function resultOf({ results }: Work, part: number): PromiseWithResolvers<FragmentPart | undefined> {
  let result = results.get(part)
  if (result === undefined) {
    result = Promise.withResolvers()
    // It may be that nobody waits for it.
    result.promise.catch(() => {})
    results.set(part, result)
  }
  return result
}
