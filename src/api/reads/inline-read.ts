import type { Clock } from '../../base/env.ts'
import type { Answer } from '../../base/http-answer.ts'
import { type EngineSettings, evaluate } from '../../promql/evaluate.ts'
import { type BudgetLimits, LimitedBudget } from '../../promql/exec/budget.ts'
import { Pacer } from '../../promql/exec/pacer.ts'
import type { DeskTurn, QueryCost } from '../../promql/query-desk.ts'
import type { SeriesSource } from '../../storage/series-source.ts'
import { answerRead } from './answer-read.ts'
import type { Read } from './read.ts'

/** What a read may take here, in turns of 8 ms that others wait for. Of time that passes: this thread may have had little of it. */
const INLINE_MS = 200
const INLINE_BYTES = 8 * 1024 * 1024
const INLINE_SAMPLES = 250_000

export interface InlineOptions {
  readonly clock: Clock
  readonly source: SeriesSource
  readonly settings: EngineSettings
  /** Of one query, in whatever thread. */
  readonly limits: BudgetLimits
  /** See ReadPlace. */
  readonly missing: readonly string[]
  /** So many times as much time as others: some of it goes by with waiting. */
  readonly patience?: number
}

/** Tries a read in this thread. Undefined: it is more than a little work, and nothing of it is left. */
export async function tryInline(
  read: Read,
  turn: DeskTurn,
  { clock, source, settings, limits, missing, patience = 1 }: InlineOptions,
): Promise<{ readonly result: Answer; readonly cost: QueryCost } | undefined> {
  const abort = new AbortController()
  const { signal } = abort
  let isTooMuch = false
  const giveUp = () => {
    isTooMuch = true
    abort.abort(new Error('more than a little work'))
  }
  const onAbort = () => abort.abort(turn.signal.reason)
  turn.signal.addEventListener('abort', onAbort, { once: true })
  const inlineMs = patience * INLINE_MS
  const timer = clock.setTimer(inlineMs, giveUp)
  const budget = new LimitedBudget({
    samplesMax: Math.min(INLINE_SAMPLES, limits.samplesMax),
    bytesMax: Math.min(INLINE_BYTES, limits.bytesMax),
  })
  const pacer = new Pacer(clock, signal, clock.monotonic() + inlineMs, giveUp)
  try {
    const { contentType, body, stats } = await answerRead(read, {
      source,
      context: { signal, budget },
      missing: () => missing,
      evaluate: (question) => evaluate(question, settings, { ...turn, clock, source, signal, pacer, budget }),
    })
    return {
      result: { status: 200, headers: { 'content-type': contentType }, body },
      cost: { stats, bytesPeak: budget.bytesPeak },
    }
  } catch (error) {
    turn.signal.throwIfAborted()
    if (isTooMuch || budget.isExceeded) return undefined
    throw error
  } finally {
    timer.cancel()
    turn.signal.removeEventListener('abort', onAbort)
  }
}
