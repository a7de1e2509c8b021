import type { ApiDeps, Readiness } from '../api/deps.ts'
import { DISK_NOTICE, NOTICE, Notifications } from '../api/notifications.ts'
import { ActiveQueries } from '../api/queries/active-queries.ts'
import { QueryHistory } from '../api/queries/query-history.ts'
import { QueryLogFile } from '../api/queries/query-log-file.ts'
import { instantQuery } from '../api/reads/instant-query.ts'
import { ReadPool } from '../api/reads/read-pool.ts'
import { RemoteReads } from '../api/reads/remote-reads.ts'
import type { FromThread, ToThread } from '../api/reads/thread-messages.ts'
import { registerApi } from '../api/register.ts'
import { type Address, parseAddress } from '../base/address.ts'
import { inTwoPlaces, startingAfter } from '../base/begun-service.ts'
import type { Env, ThreadEntry } from '../base/env.ts'
import { CodedError, errorMessage } from '../base/errors.ts'
import { httpService } from '../base/http-server.ts'
import { processMetricsService } from '../base/process-metrics.ts'
import { runServices, type Service, untilAborted } from '../base/service.ts'
import { type Command, type CommandContext, EXIT } from '../commands/command.ts'
import { checkModeFlags } from '../config/agent-mode.ts'
import { parseExternalUrl, routePrefixOf, withoutSlash } from '../config/external-url.ts'
import { flagHelp, flagTexts, type ParsedFlags, parseFlags } from '../config/flags.ts'
import { ConfigError, formatPlace } from '../config/problems.ts'
import { ConfigReloader } from '../config/reload.ts'
import { enabledFeatures, serverFlags } from '../config/server-flags.ts'
import { WebConfigFile } from '../config/web-config-file.ts'
import { formatByteSize } from '../model/byte-size.ts'
import { formatDuration } from '../model/duration.ts'
import { Labels } from '../model/labels.ts'
import { compileRegex } from '../model/regex.ts'
import { LazyNotifier } from '../notifier/lazy-notifier.ts'
import { LimitedBudget } from '../promql/exec/budget.ts'
import { QueryDesk } from '../promql/query-desk.ts'
import { parseWriteMessages, type WriteMessage } from '../remote/content-type.ts'
import type { OtlpReceiver } from '../remote/otlp/otlp-receiver.ts'
import { LazyRemoteWriter } from '../remote/write/lazy-writer.ts'
import { WriteReceiver } from '../remote/write-receiver.ts'
import { LazyRuleManager } from '../rules/lazy-rule-manager.ts'
import { vectorOf } from '../rules/rule-query.ts'
import { createScrapeManager } from '../scrape/manager.ts'
import { scrapeFeatures } from '../scrape/scrape-features.ts'
import { type Db, openDb } from '../tsdb/db.ts'
import { parseRecoverUntil, type RecoverUntil } from '../tsdb/recovery/recover-until.ts'
import type { Retention } from '../tsdb/retention.ts'
import { blockEncodings, lateSpanMs } from '../tsdb/storage-schema.ts'
import { type BegunDatabase, beginDatabase } from './begun-database.ts'
import { compactionThread } from './compaction-thread.ts'
import { guardSeries, type SeriesGuard } from './guard-series.ts'
import { knownMetadata } from './known-metadata.ts'

type Flags = ParsedFlags<typeof serverFlags>

/** How long running requests may go on after the stop. */
const HTTP_GRACE_MS = 5_000
/** For how long queries that have waited for the log go before first scrapes, once it was read. */
const WAITED_MS = 1_000
/** Of query threads, where no number is given. */
const QUERY_THREADS_MAX = 4
/** What query threads together may hold of blocks' files in memory. */
const QUERY_CACHE_BYTES = 64 * 2 ** 20

/** What an agent compares exemplars with, to find those that it has had. */
const AGENT_EXEMPLARS_MAX = 10_000

/** What is expected to take less is answered in the main thread. */
const CHEAP_READ_MS = 3
/** What is expected to take as long is worth being evaluated in several threads. */
const SPLIT_READ_MS = 5
/** About a second of a thread that has nothing to do: by then a round takes a fifth of the first one, and hardly less with more of them. */
const REHEARSAL_ROUNDS = 12

const queryWorkerEntry: ThreadEntry<ToThread, FromThread> = { file: 'roles/query-worker', load: () => import('./query-worker.ts') }

export const serverCommand: Command = {
  name: 'server',
  summary: 'Scrape, store, answer queries: what a Prometheus server does, with its configuration and flags.',
  help: () => `Usage: promontory server [flags]

Discovers and scrapes targets, stores their samples, and answers queries over Prometheus' HTTP API.
SIGHUP reloads the configuration.

Flags:
${flagHelp(serverFlags)}`,
  run: runServer,
}

async function runServer(args: readonly string[], context: CommandContext): Promise<number> {
  let flags: Flags
  let web: WebOptions
  try {
    flags = parseFlags(args, serverFlags)
    checkModeFlags(flags.given, isAgent(flags.values))
    web = webOptions(flags.values)
  } catch (error) {
    context.io.err(`promontory server: ${errorMessage(error)}`)
    return EXIT.usage
  }
  const { values } = flags
  const env = context.env({ level: values['log.level'], format: values['log.format'] })
  env.log.info('starting promontory server', { version: context.version, node: context.build.goVersion, pid: context.pid })
  const features = enabledFeatures(values['enable-feature'])
  for (const reason of [...flags.warnings, ...features.warnings]) env.log.warn('flag without effect', { reason })

  const reloader = new ConfigReloader(env, {
    file: values['config.file'],
    ownFile: values['promontory.config'],
    agent: isAgent(values),
    variables: context.io.variables,
    defaults: {
      nativeHistograms: features.enabled.has('native-histograms'),
      protobufFirst: features.enabled.has('created-timestamp-zero-ingestion') || features.enabled.has('st-storage'),
    },
    autoReloadIntervalMs: features.enabled.has('auto-reload-config') ? values['config.auto-reload-interval'] : undefined,
  })
  let webConfig: WebConfigFile | undefined
  try {
    if (values['web.config.file'] !== '') webConfig = await WebConfigFile.open(env, values['web.config.file'])
    await reloader.reload()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const problem of error.problems) context.io.err(`promontory server: ${formatPlace(problem)}`)
    return EXIT.failed
  }
  let recoverUntil: RecoverUntil | undefined
  try {
    const place = values['storage.wal.recover-until']
    if (place !== '') recoverUntil = parseRecoverUntil(place)
  } catch (error) {
    context.io.err(`promontory server: --storage.wal.recover-until: ${errorMessage(error)}`)
    return EXIT.usage
  }
  if (features.enabled.has('otlp-deltatocumulative') && features.enabled.has('otlp-native-delta-ingestion')) {
    context.io.err('promontory server: cannot enable otlp-deltatocumulative and otlp-native-delta-ingestion features at the same time')
    return EXIT.usage
  }
  const agent = isAgent(values)
  const retention = retentionOf(flags, reloader.current.storage.retention)
  const blockRangeMs = agent ? values['storage.agent.retention.min-time'] : values['storage.tsdb.min-block-duration']
  const db = await openDb({
    env,
    dir: dataDir(values),
    retentionMs: retention.timeMs,
    retentionBytes: retention.sizeBytes,
    blockRangeMs,
    maxBlockMs: values['storage.tsdb.max-block-duration'],
    runCompaction: compactionThread(env),
    walFsync: values['storage.wal.fsync'],
    flushOnExit: values['storage.tsdb.flush-on-exit'],
    recoverUntil,
    forwardOnly: agent,
  })
  await reloader.subscribe(({ storage }) => {
    db.takeLateSamples(lateSpanMs(storage, blockRangeMs))
    db.retain(retentionOf(flags, storage.retention))
    db.encodeBlocks(blockEncodings(storage, features.enabled))
  })
  const guard = await guardSeries(env, reloader, db)
  if (agent) db.keepExemplars(AGENT_EXEMPLARS_MAX)
  else if (features.enabled.has('exemplar-storage')) await reloader.subscribe(({ exemplarsMax }) => db.keepExemplars(exemplarsMax))
  const quit = new AbortController()
  const stop = AbortSignal.any([context.signal, quit.signal])
  const begun = beginDatabase(db, env.log)
  try {
    const services = await compose({
      context,
      env,
      flags,
      web,
      webConfig,
      features: features.enabled,
      reloader,
      db,
      begun,
      guard,
      quit: () => quit.abort(new Error('asked to quit')),
      stop,
    })
    await runServices(services, stop, env.log)
  } finally {
    await begun.close()
  }
  env.log.info('stopped')
  return EXIT.ok
}

/**
 * What is kept: what the file says, else what the flags say. Who limits the size alone means it.
 * Source: Prometheus cmd/prometheus/main.go: the default time is for those who give neither.
 */
function retentionOf({ values, given }: Flags, file: Retention): Retention {
  const isTimeGiven = given.has('storage.tsdb.retention.time') || given.has('storage.tsdb.retention')
  const sizeBytes = file.sizeBytes || values['storage.tsdb.retention.size']
  const { percentage } = file
  const timeMs = sizeBytes + percentage > 0 && !isTimeGiven ? 0 : values['storage.tsdb.retention.time']
  return { timeMs: file.timeMs || timeMs, sizeBytes, percentage }
}

function retentionText({ timeMs, sizeBytes, percentage }: Retention): string {
  const size = percentage > 0 ? `${percentage}%` : sizeBytes > 0 ? formatByteSize(sizeBytes) : ''
  return [timeMs > 0 ? formatDuration(timeMs) : '', size].filter((text) => text !== '').join(' or ')
}

interface Parts {
  readonly context: CommandContext
  readonly env: Env
  readonly flags: Flags
  readonly web: WebOptions
  readonly webConfig: WebConfigFile | undefined
  readonly features: ReadonlySet<string>
  readonly reloader: ConfigReloader
  readonly db: Db
  readonly begun: BegunDatabase
  readonly guard: SeriesGuard
  quit(): void
  readonly stop: AbortSignal
}

/** What the server consists of, in the order in which it starts: it can be asked for its health before the log is replayed. */
async function compose({
  context,
  env,
  flags,
  web,
  webConfig,
  features,
  reloader,
  db,
  begun,
  guard,
  quit,
  stop,
}: Parts): Promise<Service[]> {
  const { values } = flags
  const { build, machine } = context
  const startTime = env.clock.now()
  const desk = new QueryDesk({ env, timeoutMs: values['query.timeout'], maxConcurrency: values['query.max-concurrency'] })
  const history = new QueryHistory()
  const queryLog = new QueryLogFile(env)
  desk.observe(history)
  desk.observe(queryLog)
  await reloader.subscribe(({ queryLogFile }) => queryLog.setPath(queryLogFile))
  const activeQueries = await ActiveQueries.open(env, `${dataDir(values)}/queries.active`, values['query.max-concurrency'])
  desk.observe(activeQueries)
  const bytesMax = values['query.max-memory'] || Infinity
  const engineSettings = () => ({
    lookbackMs: values['query.lookback-delta'],
    delayedNameRemoval: features.has('promql-delayed-name-removal'),
    features,
    defaultSubqueryStepMs: reloader.current.evaluationIntervalMs,
  })
  const reads = new ReadPool({
    env,
    desk,
    db,
    settings: engineSettings,
    samplesMax: values['query.max-samples'],
    bytesMax,
    bytesMaxTogether: values['query.max-memory-together'] || Infinity,
    threadsMax: values['query.threads'] || Math.min(machine.cpuCount, QUERY_THREADS_MAX),
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
    settings: engineSettings,
    limits: { samplesMax: values['query.max-samples'], bytesMax },
    localMarginMs: 2 * values['storage.tsdb.min-block-duration'],
  })
  await reloader.subscribe((config) => remoteReads.apply(config.remoteReads))
  const notifier = new LazyNotifier(env, {
    capacity: values['alertmanager.notification-queue-capacity'],
    batchSize: values['alertmanager.notification-batch-size'],
    drainsAtStop: values['alertmanager.drain-notification-queue-on-shutdown'],
  })
  await reloader.subscribe((config) => notifier.apply(config.alerting))
  const rules = new LazyRuleManager({
    env,
    storage: db,
    source: db,
    query: async (expr, time, onMissing) => {
      const { value, missing } = await instantQuery(remoteReads, expr, time, stop)
      for (const what of missing) onMissing(what)
      return vectorOf(value, Labels.empty)
    },
    concurrentMax: features.has('concurrent-rule-eval') ? values['rules.max-concurrent-evals'] : 0,
    externalUrl: web.externalUrl(machine.hostname),
    outageToleranceMs: values['rules.alert.for-outage-tolerance'],
    gracePeriodMs: values['rules.alert.for-grace-period'],
    resendDelayMs: values['rules.alert.resend-delay'],
    send: (alerts) => notifier.send(alerts),
  })
  await reloader.subscribe((config) =>
    rules.apply({
      groups: config.ruleGroups,
      evaluationIntervalMs: config.evaluationIntervalMs,
      queryOffsetMs: config.ruleQueryOffsetMs,
      externalLabels: config.externalLabels,
      requiresAll: config.ruleCoverage,
    }),
  )
  let urgentUntil = Number.POSITIVE_INFINITY
  void begun.whole.then(() => {
    urgentUntil = env.clock.monotonic() + WAITED_MS
  })
  const scrape = createScrapeManager({
    env,
    appendable: db.early,
    open: begun.takes,
    version: context.version,
    features: scrapeFeatures(features),
    isBusy: () => !db.replayStatus().done || (desk.runningCount > 0 && env.clock.monotonic() < urgentUntil),
  })
  await reloader.subscribe((config) => scrape.apply(config.scrapeConfigs))
  const remoteWriter = new LazyRemoteWriter({
    env,
    log: db.logReader,
    dir: `${dataDir(values)}/remote-write`,
    backlog: {
      bytesMax: values['storage.remote.backlog-size'],
      ageMsMax: isAgent(values) ? values['storage.agent.retention.max-time'] : values['storage.remote.backlog-time'],
    },
    flushDeadlineMs: values['storage.remote.flush-deadline'],
    metadata: () => knownMetadata(scrape, db.metricMetadata()),
  })
  await reloader.subscribe((config) => remoteWriter.apply(config.remoteWrites))
  context.onHangup(() => void reloader.reload().catch(() => undefined))

  const readiness = (): Readiness => {
    if (stop.aborted) return { ready: false, reason: 'the server is stopping', stopping: true }
    const { done, segmentsDone, segmentsTotal } = db.replayStatus()
    if (done) return { ready: true }
    return { ready: false, reason: `the write-ahead log is being replayed: ${segmentsDone} of ${segmentsTotal} segments`, stopping: false }
  }
  const notifications = serverNotifications({ env, reloader, subscribersMax: values['web.max-notifications-subscribers'], stop })
  void begun.whole.then(() => notifications.remove(NOTICE.startingUp))
  db.health.onChange((part, state) => {
    if (part !== 'log') return
    for (const notice of Object.values(DISK_NOTICE)) notifications.remove(notice)
    if (state !== 'normal') notifications.add(DISK_NOTICE[state])
  })
  const pushGateway = values['web.enable-pushgateway'] ? await openPushGateway(env, values, web.routePrefix) : undefined
  const api: ApiDeps = {
    env,
    reads: remoteReads,
    queries: { running: () => desk.running, finished: () => history.all },
    rules: () => rules.groups(),
    alertmanagers: notifier,
    source: db,
    exemplars: db,
    targets: scrape,
    database: db,
    budgets: () => guard.current(),
    notifications,
    isAgent: isAgent(values),
    features,
    searchLimitMax: values['web.search.max-limit'],
    newBudget: () => new LimitedBudget({ samplesMax: values['query.max-samples'], bytesMax }),
    writeReceiver:
      values['web.enable-remote-write-receiver'] || features.has('remote-write-receiver')
        ? new WriteReceiver({
            env,
            appendable: db,
            acceptedMessages: web.writeMessages,
            zeroSamples: features.has('created-timestamp-zero-ingestion'),
            typeAndUnitLabels: features.has('type-and-unit-labels'),
          })
        : undefined,
    remoteReadLimits: {
      samplesMax: values['storage.remote.read-sample-limit'],
      concurrentMax: values['storage.remote.read-concurrent-limit'],
      frameBytesMax: values['storage.remote.read-max-bytes-in-frame'],
    },
    otlpReceiver: await otlpReceiver({ env, flags, features, reloader, db }),
    addPushRoutes: pushGateway === undefined ? undefined : (routes) => pushGateway.addRoutes(routes),
    lifecycle: values['web.enable-lifecycle'] ? { reload: async () => void (await reloader.reload()), quit } : undefined,
    admin: values['web.enable-admin-api'] ? db : undefined,
    readiness,
    untilReady: (signal) => Promise.race([begun.whole, untilAborted(signal)]),
    config: () => reloader.current.toYaml(),
    scrapePoolConfig: (jobName) => reloader.current.jobYaml(jobName),
    flags: () => flagTexts(serverFlags, values),
    build,
    runtimeInfo: () => ({
      startTime,
      workingDirectory: machine.workingDirectory,
      hostname: machine.hostname,
      ...reloader.status(),
      corruptionCount: db.replayReport()?.corruptions ?? 0,
      cpuCount: machine.cpuCount,
      memoryLimitBytes: machine.memoryLimitBytes,
      storageRetention: retentionText(db.retention),
    }),
    externalLabels: () => reloader.current.externalLabels,
    lookbackMs: values['query.lookback-delta'],
    queryTimeoutMs: values['query.timeout'],
    corsOrigin: web.corsOrigin,
    routePrefix: web.routePrefix,
    externalUrl: web.externalUrl(machine.hostname),
    listenPort: web.addresses[0].port,
    uiDir: `${context.root}/ui/dist`,
    pageTitle: values['web.page-title'],
    userAssets: values['web.user-assets'],
  }
  const [firstScrapes, allScrapes] = inTwoPlaces(startingAfter(begun.takenOver, scrape))
  return [
    processMetricsService(env, build),
    queryLogs([queryLog, activeQueries]),
    ...(pushGateway === undefined ? [] : [pushGateway]),
    reads,
    httpService({
      env,
      role: 'server',
      flag: '--web.listen-address',
      addresses: web.addresses,
      connectionsMax: values['web.max-connections'],
      readTimeoutMs: values['web.read-timeout'],
      web: webConfig?.settings,
      graceMs: HTTP_GRACE_MS,
      register: (app) => registerApi(app, api),
    }),
    firstScrapes,
    begun.service,
    guard,
    remoteWriter,
    notifier,
    rules,
    allScrapes,
    reloader.watcher(),
    ...(webConfig ? [webConfig.watcher()] : []),
  ]
}

/** Loaded where it is asked for alone. */
async function otlpReceiver({
  env,
  flags: { values },
  features,
  reloader,
  db,
}: Pick<Parts, 'env' | 'flags' | 'features' | 'reloader' | 'db'>): Promise<OtlpReceiver | undefined> {
  if (!values['web.enable-otlp-receiver'] && !features.has('otlp-write-receiver')) return undefined
  const { OtlpReceiver } = await import('../remote/otlp/otlp-receiver.ts')
  return new OtlpReceiver({
    env,
    appendable: db,
    config: () => reloader.current.otlp,
    deltas: features.has('otlp-deltatocumulative')
      ? 'added up'
      : features.has('otlp-native-delta-ingestion')
        ? 'stored as they are'
        : 'refused',
    zeroSamples: features.has('created-timestamp-zero-ingestion'),
    typeAndUnitLabels: features.has('type-and-unit-labels'),
    lookbackMs: values['query.lookback-delta'],
  })
}

/** Few ask for it: what it is made of is loaded when they do. */
async function openPushGateway(env: Env, values: Flags['values'], prefix: string) {
  const { PushGateway } = await import('../pushgateway/push-service.ts')
  return PushGateway.open({
    env,
    file: `${dataDir(values)}/pushgateway.json`,
    persistenceIntervalMs: values['web.pushgateway-persistence-interval'],
    prefix,
    allowsWipe: values['web.enable-admin-api'],
  })
}

interface NotificationSources {
  readonly env: Env
  readonly reloader: ConfigReloader
  readonly subscribersMax: number
  readonly stop: AbortSignal
}

/** What the console is told: that the server starts, that it stops, that its configuration file is bad. */
function serverNotifications({ env, reloader, subscribersMax, stop }: NotificationSources): Notifications {
  const notifications = new Notifications({ clock: env.clock, metrics: env.metrics, subscribersMax })
  notifications.add(NOTICE.startingUp)
  reloader.onOutcome((isLoaded) => (isLoaded ? notifications.remove(NOTICE.reloadFailed) : notifications.add(NOTICE.reloadFailed)))
  stop.addEventListener('abort', () => {
    notifications.add(NOTICE.shuttingDown)
    notifications.close()
  })
  return notifications
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

interface WebOptions {
  readonly addresses: readonly Address[]
  readonly corsOrigin: { test(origin: string): boolean }
  readonly routePrefix: string
  readonly writeMessages: readonly WriteMessage[]
  externalUrl(hostname: string): string
}

/** What the web flags mean together. Throws `bad_data`. */
function webOptions(values: Flags['values']): WebOptions {
  const addresses = values['web.listen-address'].map(parseAddress)
  const external = parseExternalUrl(values['web.external-url'], addresses[0].port)
  return {
    addresses,
    corsOrigin: corsPattern(values['web.cors.origin']),
    routePrefix: routePrefixOf(values['web.route-prefix'], external),
    writeMessages: parseWriteMessages(values['web.remote-write-receiver.accepted-protobuf-messages']),
    externalUrl: external.of,
  }
}

function corsPattern(text: string): { test(origin: string): boolean } {
  try {
    return compileRegex(text)
  } catch (cause) {
    throw new CodedError('bad_data', `--web.cors.origin: ${errorMessage(cause)}`, { cause })
  }
}

/** Whether samples are only forwarded. Before 3.0 upstream had it as a feature. */
function isAgent(values: Flags['values']): boolean {
  return values.agent || values['enable-feature'].includes('agent')
}

function dataDir(values: Flags['values']): string {
  return withoutSlash(values[isAgent(values) ? 'storage.agent.path' : 'storage.tsdb.path']) || '/'
}
