import { CodedError } from '../../src/base/errors.ts'
import { realClock } from '../../src/base/real/clock.ts'
import type { EngineOptions } from '../../src/promql/engine.ts'
import { evaluate, fragmentsOf, instantQuestion, type Question, rangeQuestion, type Turn } from '../../src/promql/evaluate.ts'
import { LimitedBudget } from '../../src/promql/exec/budget.ts'
import { Pacer } from '../../src/promql/exec/pacer.ts'
import type { SplitHelpers } from '../../src/promql/exec/split-helpers.ts'
import type { QueryEngine, QueryOptions } from '../../src/promql/query-engine.ts'
import type { SeriesSource } from '../../src/storage/series-source.ts'

/** Who has a part evaluated: the query itself, or a helper whose answer goes through what threads send each other. */
type Chooser = (part: number) => 'query' | 'helper'

/** An engine that does everything in parts that can be, whatever little it is, in this thread. */
export function splitEngine(
  source: SeriesSource,
  { partCount, chooser }: { readonly partCount: number; readonly chooser: Chooser },
  options: Partial<EngineOptions> = {},
): QueryEngine {
  const { maxSamples: samplesMax = 50_000_000, maxBytes: bytesMax = 2 ** 30 } = options
  const run = (question: Question, { signal, timeoutMs = 120_000 }: QueryOptions) => {
    const begun = realClock.monotonic()
    const abort = new AbortController()
    signal.addEventListener('abort', () => abort.abort(signal.reason), { once: true })
    const timeOut = () => abort.abort(new CodedError('timeout', 'query timed out in expression evaluation'))
    const turnOf = (): Turn => ({
      clock: realClock,
      source,
      signal: abort.signal,
      pacer: new Pacer(realClock, abort.signal, begun + timeoutMs, timeOut),
      budget: new LimitedBudget({ samplesMax, bytesMax }),
      begun,
      queued: begun,
    })
    const helpers: SplitHelpers = {
      partCount,
      begin(fragment) {
        const sent = structuredClone(fragment)
        return {
          claim: (part) => chooser(part) === 'query',
          result: async (part) => structuredClone(await fragmentsOf(question, options, turnOf())(sent, part)),
        }
      },
    }
    return evaluate(question, options, { ...turnOf(), helpers })
  }
  return {
    instant: (query, time, asked) => run(instantQuestion(query, time, asked), asked),
    range: (query, start, end, stepMs, asked) => run(rangeQuestion(query, [start, end, stepMs], asked), asked),
  }
}
