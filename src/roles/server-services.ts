import { instantQuery } from '../api/reads/instant-query.ts'
import { registerApi } from '../api/register.ts'
import { inTwoPlaces, startingAfter } from '../base/begun-service.ts'
import { httpService } from '../base/http-server.ts'
import { processMetricsService } from '../base/process-metrics.ts'
import type { Service } from '../base/service.ts'
import { Labels } from '../model/labels.ts'
import { LazyNotifier } from '../notifier/lazy-notifier.ts'
import { LazyRemoteWriter } from '../remote/write/lazy-writer.ts'
import { LazyRuleManager } from '../rules/lazy-rule-manager.ts'
import { vectorOf } from '../rules/rule-query.ts'
import { createScrapeManager } from '../scrape/manager.ts'
import { scrapeFeatures } from '../scrape/scrape-features.ts'
import { knownMetadata } from './known-metadata.ts'
import { serverApi } from './server-api.ts'
import { dataDir, isAgent, type ServerParts } from './server-parts.ts'
import { serverQueries } from './server-queries.ts'
import { openPushGateway } from './server-receivers.ts'

/** How long running requests may go on after the stop. */
const HTTP_GRACE_MS = 5_000
/** For how long queries that have waited for the log go before first scrapes, once it was read. */
const WAITED_MS = 1_000

/** What the server consists of, in the order in which it starts: it can be asked for its health before the log is replayed. */
export async function serverServices(parts: ServerParts): Promise<Service[]> {
  const { context, env, values, web, webConfig, features, reloader, db, begun, guard, stop } = parts
  const { build, machine } = context
  const startTime = env.clock.now()
  const queries = await serverQueries(parts)
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
      // What it says is to be written as well.
      await db.untilReadable(stop)
      const { value, missing } = await instantQuery(queries.remoteReads, expr, time, stop)
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
    isBusy: () => !db.replayStatus().done || (queries.desk.runningCount > 0 && env.clock.monotonic() < urgentUntil),
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
  const pushGateway = await openPushGateway(parts)
  const api = await serverApi(parts, { queries, notifier, rules, scrape, pushGateway, startTime })
  const [firstScrapes, allScrapes] = inTwoPlaces(startingAfter(begun.takenOver, scrape))
  return [
    processMetricsService(env, build),
    queries.logs,
    ...(pushGateway === undefined ? [] : [pushGateway]),
    queries.reads,
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
