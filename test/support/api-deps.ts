import type { ApiDeps, Readiness } from '../../src/api/deps.ts'
import { Notifications } from '../../src/api/notifications.ts'
import { answerRead } from '../../src/api/reads/answer-read.ts'
import type { Reads } from '../../src/api/reads/read.ts'
import { registerApi } from '../../src/api/register.ts'
import { type VirtualEnv, virtualEnv } from '../../src/base/env-virtual.ts'
import { CodedError } from '../../src/base/errors.ts'
import { HttpApp } from '../../src/base/http-server.ts'
import { realClock } from '../../src/base/real/clock.ts'
import { Labels } from '../../src/model/labels.ts'
import { relabelConfig } from '../../src/model/relabel.ts'
import { STALE_MARKER } from '../../src/model/staleness.ts'
import type { Question } from '../../src/promql/evaluate.ts'
import { parseExpr } from '../../src/promql/parser/parse.ts'
import type { QueryEngine, QueryOptions } from '../../src/promql/query-engine.ts'
import type { QueryResult, QueryValue } from '../../src/promql/value.ts'
import { NO_METADATA, PageMetadata } from '../../src/scrape/page-metadata.ts'
import { MemorySource } from '../../src/storage/memory-source.ts'
import { unlimitedContext } from '../../src/storage/query-context.ts'
import type { SeriesSource } from '../../src/storage/series-source.ts'
import type { DbStats } from '../../src/tsdb/db-stats.ts'
import { type InjectedRequest, inject } from './inject.ts'

/** 2026-01-01T00:00:00Z, where the virtual clock begins. */
export const NOW = 1_767_225_600_000

/** What a call of the engine was. */
export interface EngineCall {
  readonly query: string
  readonly times: readonly number[]
  readonly options: Omit<QueryOptions, 'signal'>
}

/** An engine that knows a few results by query, and parses for the errors. */
export class KnownEngine implements QueryEngine {
  readonly calls: EngineCall[] = []
  readonly results = new Map<string, QueryValue | Error>()
  warnings: readonly string[] = []
  infos: readonly string[] = []

  instant(query: string, time: number, options: QueryOptions): Promise<QueryResult> {
    return this.#answer(query, [time], options)
  }

  range(query: string, start: number, end: number, stepMs: number, options: QueryOptions): Promise<QueryResult> {
    return this.#answer(query, [start, end, stepMs], options)
  }

  async #answer(query: string, times: readonly number[], { signal: _, ...options }: QueryOptions): Promise<QueryResult> {
    parseExpr(query)
    this.calls.push({ query, times, options })
    const value = this.results.get(query)
    if (value === undefined) throw new CodedError('execution', `no result for ${query}`)
    if (value instanceof Error) throw value
    return { value, warnings: this.warnings, infos: this.infos, stats: { samplesTotal: 2, samplesRead: 2, samplesPeak: 1, timings: {} } }
  }
}

const UP = {
  discoveredLabels: Labels.of({ __address__: '127.0.0.1:9100', job: 'node' }),
  scrapeIntervalMs: 15_000,
  scrapeTimeoutMs: 90_000,
}

const RULES = [
  relabelConfig({ sourceLabels: ['job'], targetLabel: 'team', regex: '(.).*', replacement: '${1}' }),
  relabelConfig({ sourceLabels: ['team'], regex: 'x', action: 'drop' }),
  relabelConfig({ regex: 'te.*', action: 'labeldrop' }),
]

function pageMetadata(text: string): PageMetadata {
  const bytes = Buffer.from(text)
  const ends = [...text].flatMap((char, i) => (char === '\n' ? [i + 1] : []))
  return new PageMetadata(
    bytes,
    Uint32Array.from([0, ...ends]),
    ends.map(() => undefined),
  )
}

/** Answers reads in this thread, queries by an engine. */
function readsBy(engine: QueryEngine, source: SeriesSource): Reads {
  return {
    async answer(read, { signal }) {
      const evaluate = ({ query, steps, end, isRangeQuery, lookbackMs, perStepStats }: Question) => {
        const options = { signal, lookbackMs, perStepStats, timeoutMs: read.kind === 'query' ? read.timeoutMs : undefined }
        return isRangeQuery ? engine.range(query, steps.start, end, steps.stepMs, options) : engine.instant(query, steps.start, options)
      }
      const { contentType, body } = await answerRead(read, { source, context: unlimitedContext(signal), evaluate, missing: () => [] })
      return { status: 200, headers: { 'content-type': contentType }, body }
    },
  }
}

/** A whole set of deps around series in memory; `changes` replace any of it. */
export function apiDeps(changes: Partial<ApiDeps> = {}): ApiDeps & { readonly env: VirtualEnv; readonly engine: KnownEngine } {
  const env = virtualEnv({ startTime: NOW })
  const engine = new KnownEngine()
  const series = (labels: Record<string, string>, ...samples: [number, number][]) => ({
    labels: Labels.of(labels),
    timestamps: samples.map(([t]) => t),
    values: samples.map(([, v]) => v),
  })
  const metadata = pageMetadata('# HELP up Whether it is up.\n# TYPE up gauge\n# TYPE big counter\n')
  const ready: Readiness = { ready: true }
  const source =
    changes.source ??
    new MemorySource([
      series({ __name__: 'up', job: 'node', instance: 'a' }, [NOW - 20_000, 0], [NOW - 5000, 1]),
      series({ __name__: 'up', job: 'prom', instance: 'b' }, [NOW - 400_000, 1]),
      series({ __name__: 'gone', job: 'node' }, [NOW - 9000, 3], [NOW - 8000, STALE_MARKER]),
      series({ __name__: 'big', job: 'node', 'a.b': 'x"y\\z\n' }, [NOW - 1000, 1_500_000]),
      series({ __name__: 'my.metric', Zone: 'z' }, [NOW, Number.NaN]),
    ])
  return {
    env,
    engine,
    reads: readsBy(engine, source),
    queries: { running: () => [], finished: () => [] },
    rules: () => [],
    alertmanagers: { active: () => [], dropped: () => [] },
    source,
    exemplars: { exemplars: async () => [] },
    targets: {
      active: () => [
        {
          ...UP,
          labels: Labels.of({ instance: '127.0.0.1:9100', job: 'node' }),
          scrapePool: 'node',
          scrapeUrl: 'http://127.0.0.1:9100/metrics?a=b',
          lastError: '',
          lastScrape: NOW - 4990,
          lastScrapeDurationMs: 12.5,
          health: 'up',
          metadata,
        },
        {
          ...UP,
          labels: Labels.of({ instance: 'localhost:9090', job: 'self' }),
          scrapePool: 'a-self',
          scrapeUrl: 'http://localhost:9090/metrics',
          lastError: 'connection refused',
          lastScrape: 0,
          lastScrapeDurationMs: 0,
          health: 'unknown',
          metadata: NO_METADATA,
        },
      ],
      dropped: () => [{ discoveredLabels: Labels.of({ __address__: 'x', job: 'node' }), scrapePool: 'node' }],
      droppedCounts: () =>
        new Map([
          ['node', 3],
          ['a-self', 0],
        ]),
      relabelConfigs: (pool) => (pool === 'node' ? RULES : undefined),
    },
    database: {
      stats: () => ({ chunkCount: 7, minTime: NOW - 400_000, maxTime: NOW }) as DbStats,
      metricMetadata: () => new Map([['my.metric', { type: 'counter', unit: '', help: 'Sent.' } as const]]),
      blockMetas: () => [
        {
          ulid: '01J9ZQ6V7M3T4XKQ2B8R5C6D7E',
          minTime: NOW - 400_000,
          maxTime: NOW,
          stats: { numSamples: 9, numFloatSamples: 9, numHistogramSamples: 0, numSeries: 2, numChunks: 2, numTombstones: 0 },
          compaction: { level: 1, sources: ['01J9ZQ6V7M3T4XKQ2B8R5C6D7E'], parents: [], deletable: false, failed: false, hints: [] },
          others: {},
        },
      ],
      leftOutBlocks: () => [{ directory: '/data/01J9ZQ6V7M3T4XKQ2B8R5C6D7F', problem: 'EIO: i/o error, read' }],
      replayStatus: () => ({ segmentsDone: 3, segmentsTotal: 3, done: true }),
      cardinality: async (countMax) => ({
        seriesCount: 5,
        labelPairCount: 9,
        seriesByMetric: [
          { name: 'up', count: 2 },
          { name: 'big', count: 1 },
        ].slice(0, countMax),
        valuesByLabel: [],
        bytesByLabel: [],
        seriesByPair: [{ name: 'job=<a>', count: 2 }],
      }),
    },
    budgets: () => undefined,
    notifications: new Notifications({ clock: env.clock, metrics: env.metrics, subscribersMax: 1 }),
    isAgent: false,
    features: new Set(['search-api']),
    searchLimitMax: 1000,
    scrapePoolConfig: (name) => (name === 'node' ? 'job_name: node\n' : undefined),
    newBudget: () => unlimitedContext().budget,
    writeReceiver: undefined,
    otlpReceiver: undefined,
    addPushRoutes: undefined,
    remoteReadLimits: { samplesMax: 1_000_000, concurrentMax: 10, frameBytesMax: 1_048_576 },
    lifecycle: undefined,
    admin: undefined,
    readiness: () => ready,
    untilReady: async () => {},
    untilTaking: async () => {},
    config: () => 'global:\n  scrape_interval: 15s\n',
    flags: () => ({ 'web.listen-address': '127.0.0.1:9090', 'config.file': 'prometheus.yml' }),
    build: { version: '0.1.0', revision: 'abc', branch: 'main', buildUser: 'me', buildDate: 'today', goVersion: 'v24.21.0' },
    runtimeInfo: () => ({
      startTime: NOW,
      workingDirectory: '/srv',
      hostname: 'host',
      reloadConfigSuccess: true,
      lastConfigTime: 0,
      corruptionCount: 0,
      cpuCount: 2,
      memoryLimitBytes: 0,
      storageRetention: '15d',
    }),
    externalLabels: () => Labels.of({ region: 'eu', replica: 'a' }),
    lookbackMs: 300_000,
    queryTimeoutMs: 120_000,
    corsOrigin: /^.*$/,
    routePrefix: '',
    externalUrl: 'https://example.com:8443/',
    listenPort: 9090,
    uiDir: '/ui/dist',
    pageTitle: 'Promontory',
    userAssets: '',
    ...changes,
  } as ReturnType<typeof apiDeps>
}

/** Sends requests to an API over these deps. */
export function apiClient(
  deps: ApiDeps,
): (request: InjectedRequest | string) => Promise<{ status: number; body: string; bytes: Uint8Array; headers: Record<string, unknown> }> {
  const app = new HttpApp()
  registerApi(app, deps)
  return async (request) => {
    const answer = await inject(app, request)
    return { status: answer.status, body: answer.text, bytes: answer.bytes, headers: answer.headers }
  }
}

/** The same on the clock of this machine, for answers that are sent in turns. */
export function withRealClock<Deps extends ApiDeps>(deps: Deps): Deps {
  return { ...deps, env: { ...deps.env, clock: realClock } }
}
