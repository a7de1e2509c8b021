import type { Env } from '../../base/env.ts'
import { CodedError } from '../../base/errors.ts'
import type { Answer } from '../../base/http-answer.ts'
import type { Timestamp } from '../../model/time.ts'
import { type EngineSettings, evaluate } from '../../promql/evaluate.ts'
import { type BudgetLimits, LimitedBudget } from '../../promql/exec/budget.ts'
import { Pacer } from '../../promql/exec/pacer.ts'
import type { DeskTurn, QueryCost, QueryDesk } from '../../promql/query-desk.ts'
import type { RemoteReadConfig } from '../../remote/read/remote-read-config.ts'
import type { RemoteReadSource } from '../../remote/read/remote-read-source.ts'
import { MergeSource } from '../../storage/merge-source.ts'
import type { SeriesSource } from '../../storage/series-source.ts'
import { answerRead } from './answer-read.ts'
import { forecast } from './forecast.ts'
import type { Asker, Read, Reads } from './read.ts'
import { describeRead, type Lending } from './read-pool.ts'

const NOTHING_KNOWN = () => ({ seriesCount: 0, sampleCount: 0, blockCount: 0 })

export interface RemoteReadsOptions {
  readonly env: Env
  readonly desk: QueryDesk
  readonly db: SeriesSource & Pick<Lending, 'missing' | 'isReadable' | 'untilReadable'>
  /** Answers what our own storage has. */
  readonly own: Reads
  settings(): Omit<EngineSettings, 'optimiser'>
  /** Of one query. */
  readonly limits: BudgetLimits
  /** How much of what our own storage has at its beginning may not be all there was. Source: Prometheus cmd/prometheus/main.go, startTimeMargin. */
  readonly localMarginMs: number
}

/**
 * Answers reads that other servers have a part in, in this thread, in turns that others wait for: query threads have no network. All others go to
 * those who answer from our own storage. docs/protocols/remote-read.md.
 */
export class RemoteReads implements Reads {
  readonly #options: RemoteReadsOptions
  #sources: readonly RemoteReadSource[] = []

  constructor(options: RemoteReadsOptions) {
    this.#options = options
  }

  /** From now on these are asked. Loads what asks with the first of them: most servers have none. */
  async apply(configs: readonly RemoteReadConfig[]): Promise<void> {
    if (configs.length === 0) {
      this.#sources = []
      return
    }
    const { RemoteReadSource } = await import('../../remote/read/remote-read-source.ts')
    const { env } = this.#options
    this.#sources = configs.map((config) => new RemoteReadSource({ env, config, localStart: () => this.#localStart() }))
  }

  answer(read: Read, asker: Asker): Promise<Answer> {
    const { own, desk, db } = this.#options
    // Where our own storage begins shows when it can be read.
    const isKnown = db.isReadable
    const sources = this.#sources.length === 0 || !isAskedOfOthers(read) ? [] : isKnown ? this.#askedFor(read) : this.#sources
    if (sources.length === 0) return own.answer(read, asker)
    const request = { signal: asker.signal, timeoutMs: read.kind === 'query' ? read.timeoutMs : undefined, isQueued: read.kind === 'query' }
    return desk.run(describeRead(read, asker), request, async (turn) => {
      if (isKnown) return this.#answer(read, sources, turn)
      await db.untilReadable(turn.signal)
      return this.#answer(read, this.#askedFor(read), turn)
    })
  }

  #askedFor(read: Read): readonly RemoteReadSource[] {
    const { minTime } = forecast(read, this.#options.settings(), NOTHING_KNOWN)
    return this.#sources.filter((source) => source.coverage().maxTime >= minTime)
  }

  #localStart(): Timestamp {
    const { db, localMarginMs } = this.#options
    const { minTime, maxTime } = db.coverage()
    return minTime > maxTime ? Infinity : minTime + localMarginMs
  }

  async #answer(
    read: Read,
    remotes: readonly RemoteReadSource[],
    turn: DeskTurn,
  ): Promise<{ readonly result: Answer; readonly cost: QueryCost }> {
    const { env, db, limits, settings } = this.#options
    const { clock } = env
    const { signal } = turn
    const reach = forecast(read, settings(), NOTHING_KNOWN)
    const faults = new Set<string>()
    const source = new MergeSource('own and remote', [db, ...remotes.map((remote) => remote.for((text) => faults.add(text)))])
    const budget = new LimitedBudget(limits)
    const pacer = new Pacer(clock, signal, turn.deadline, () => turn.timeOut())
    const { contentType, body, stats } = await answerRead(read, {
      source,
      context: { signal, budget },
      evaluate: (question) => evaluate(question, settings(), { ...turn, clock, source, signal, pacer, budget }),
      missing: () => [...db.missing(reach), ...faults],
    })
    for (const fault of faults) env.log.warn('remote read failed', { error: fault })
    if (signal.aborted) throw new CodedError('canceled', 'query was canceled')
    return { result: { status: 200, headers: { 'content-type': contentType }, body }, cost: { stats, bytesPeak: budget.bytesPeak } }
  }
}

/** Federation is of our own alone, and the protocol has no names and values of labels. Source: Prometheus web/federate.go; storage/remote/read.go. */
function isAskedOfOthers({ kind }: Read): boolean {
  return kind === 'query' || kind === 'series'
}
