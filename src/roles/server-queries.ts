import { ActiveQueries } from '../api/queries/active-queries.ts'
import { QueryHistory } from '../api/queries/query-history.ts'
import { QueryLogFile } from '../api/queries/query-log-file.ts'
import { ReadPool } from '../api/reads/read-pool.ts'
import { RemoteReads } from '../api/reads/remote-reads.ts'
import type { FromThread, ToThread } from '../api/reads/thread-messages.ts'
import type { ThreadEntry } from '../base/env.ts'
import { type Service, untilAborted } from '../base/service.ts'
import { LimitedBudget } from '../promql/exec/budget.ts'
import { QueryDesk } from '../promql/query-desk.ts'
import { dataDir, isAgent, type ServerParts } from './server-parts.ts'

/** Of query threads, where no number is given. */
const QUERY_THREADS_MAX = 4
/** What query threads together may hold of blocks' files in memory. */
const QUERY_CACHE_BYTES = 64 * 2 ** 20
/** What is expected to take less is answered in the main thread. */
const CHEAP_READ_MS = 3
/** What is expected to take as long is worth being evaluated in several threads. */
const SPLIT_READ_MS = 5
/** About a second of a thread that has nothing to do: by then a round takes a fifth of the first one, and hardly less with more of them. */
const REHEARSAL_ROUNDS = 12

const queryWorkerEntry: ThreadEntry<ToThread, FromThread> = { file: 'roles/query-worker', load: () => import('./query-worker.ts') }

export interface ServerQueries {
  readonly desk: QueryDesk
  readonly history: QueryHistory
  /** Of what is stored here. */
  readonly reads: ReadPool
  /** Of that and of what others store. */
  readonly remoteReads: RemoteReads
  newBudget(): LimitedBudget
  /** Writes down which queries run and ran. */
  readonly logs: Service
}

/** Who answers queries, within which limits, and who is told of them. */
export async function serverQueries({
  context,
  env,
  values,
  features,
  reloader,
  db,
}: Pick<ServerParts, 'context' | 'env' | 'values' | 'features' | 'reloader' | 'db'>): Promise<ServerQueries> {
  const desk = new QueryDesk({ env, timeoutMs: values['query.timeout'], maxConcurrency: values['query.max-concurrency'] })
  const history = new QueryHistory()
  const queryLog = new QueryLogFile(env)
  desk.observe(history)
  desk.observe(queryLog)
  await reloader.subscribe(({ queryLogFile }) => queryLog.setPath(queryLogFile))
  const activeQueries = await ActiveQueries.open(env, `${dataDir(values)}/queries.active`, values['query.max-concurrency'])
  desk.observe(activeQueries)
  const limits = { samplesMax: values['query.max-samples'], bytesMax: values['query.max-memory'] || Infinity }
  const settings = () => ({
    lookbackMs: values['query.lookback-delta'],
    delayedNameRemoval: features.has('promql-delayed-name-removal'),
    features,
    defaultSubqueryStepMs: reloader.current.evaluationIntervalMs,
  })
  const reads = new ReadPool({
    env,
    desk,
    db,
    settings,
    ...limits,
    bytesMaxTogether: values['query.max-memory-together'] || Infinity,
    threadsMax: values['query.threads'] || Math.min(context.machine.cpuCount, QUERY_THREADS_MAX),
    entry: queryWorkerEntry,
    cacheBytes: QUERY_CACHE_BYTES,
    cheapMs: CHEAP_READ_MS,
    splitMs: SPLIT_READ_MS,
    // An agent is asked nothing.
    rehearsalRounds: isAgent(values) ? 0 : REHEARSAL_ROUNDS,
    maxConcurrency: values['query.max-concurrency'],
  })
  const remoteReads = new RemoteReads({
    env,
    desk,
    db,
    own: reads,
    settings,
    limits,
    localMarginMs: 2 * values['storage.tsdb.min-block-duration'],
  })
  await reloader.subscribe((config) => remoteReads.apply(config.remoteReads))
  return { desk, history, reads, remoteReads, newBudget: () => new LimitedBudget(limits), logs: queryLogs([queryLog, activeQueries]) }
}

/** Ends the logs when the last query has ended. */
function queryLogs(logs: readonly { close(): Promise<void> }[]): Service {
  return {
    name: 'query logs',
    async run(signal, ready) {
      ready()
      await untilAborted(signal)
      await Promise.all(logs.map((log) => log.close()))
    },
  }
}
