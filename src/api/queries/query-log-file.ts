import { Counter, Gauge } from 'prom-client'
import type { Env } from '../../base/env.ts'
import { LineLog } from '../../base/line-log.ts'
import { formatRfc3339 } from '../../base/rfc3339.ts'
import type { Timestamp } from '../../model/time.ts'
import type { FinishedQuery, QueryObserver } from '../../promql/query-desk.ts'
import { queryStatsJson } from '../json/encode-query.ts'

/**
 * The file of `query_log_file`: a line of JSON a query. Source of the lines and metrics: Prometheus promql/engine.go, exec and NewEngine, and
 * util/logging/file.go.
 */
export class QueryLogFile implements QueryObserver {
  readonly #env: Pick<Env, 'clock' | 'fs' | 'log'>
  readonly #failures: Counter
  #path = ''
  #file: LineLog | undefined

  constructor(env: Pick<Env, 'clock' | 'fs' | 'log' | 'metrics'>) {
    this.#env = env
    const registers = [env.metrics]
    this.#failures = new Counter({
      name: 'prometheus_engine_query_log_failures_total',
      help: 'The number of query log failures.',
      registers,
    })
    const isEnabled = () => this.#file !== undefined
    new Gauge({
      name: 'prometheus_engine_query_log_enabled',
      help: 'State of the query log.',
      registers,
      collect() {
        this.set(isEnabled() ? 1 : 0)
      },
    })
  }

  /** Lines go there from now on; empty: nowhere. The file is opened anew, so that one that was moved away is made again. */
  async setPath(path: string): Promise<void> {
    if (path !== this.#path) {
      const before = this.#file
      this.#path = path
      const { env, log } = { env: this.#env, log: this.#env.log }
      const onFailure = () => this.#failures.inc()
      this.#file = path === '' ? undefined : new LineLog({ env, log, path, what: 'queries', onFailure })
      await before?.close()
    }
    this.#file?.reopen()
  }

  ended(query: FinishedQuery): void {
    if (query.kind !== 'query') return
    this.#file?.write(JSON.stringify(this.#fields(query)))
  }

  async close(): Promise<void> {
    await this.#file?.close()
  }

  #fields({ query, start, end, stepMs, client, outcome, error, cost, durationMs, queueMs }: FinishedQuery) {
    const timings = { execQueueTime: queueMs / 1000, execTotalTime: durationMs / 1000 }
    const stats = cost?.stats ?? { samplesTotal: 0, samplesRead: 0, samplesPeak: 0, timings }
    return {
      time: formatRfc3339(this.#env.clock.now()),
      level: 'INFO',
      source: 'query-log-file.ts',
      msg: 'promql query logged',
      params: { end: isoTime(end), query, start: isoTime(start), step: Math.trunc(stepMs / 1000) },
      ...(outcome === 'success' ? {} : { error }),
      stats: queryStatsJson({ ...stats, plan: undefined }),
      spanID: '0000000000000000',
      ...(client === undefined ? {} : { httpRequest: { clientIP: client.address, method: client.method, path: client.path } }),
    }
  }
}

/** What a Date can hold, before and after 1970. A query may be about any time. */
const DATE_MAX = 8.64e15

function isoTime(time: Timestamp): string {
  return new Date(Math.min(Math.max(time, -DATE_MAX), DATE_MAX)).toISOString()
}
