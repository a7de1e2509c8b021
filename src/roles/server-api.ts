import type { ApiDeps, Readiness } from '../api/deps.ts'
import { untilAborted } from '../base/service.ts'
import { flagTexts } from '../config/flags.ts'
import { serverFlags } from '../config/server-flags.ts'
import type { LazyNotifier } from '../notifier/lazy-notifier.ts'
import type { PushGateway } from '../pushgateway/push-service.ts'
import type { LazyRuleManager } from '../rules/lazy-rule-manager.ts'
import type { ScrapeManager } from '../scrape/manager.ts'
import { serverNotifications } from './server-notifications.ts'
import { isAgent, type ServerParts } from './server-parts.ts'
import type { ServerQueries } from './server-queries.ts'
import { otlpReceiver, remoteWriteReceiver } from './server-receivers.ts'
import { retentionText } from './server-storage.ts'

export interface ShownServices {
  readonly queries: ServerQueries
  readonly notifier: LazyNotifier
  readonly rules: LazyRuleManager
  readonly scrape: ScrapeManager
  readonly pushGateway: PushGateway | undefined
  readonly startTime: number
}

/** What the HTTP API shows, and what it may do. */
export async function serverApi(
  parts: ServerParts,
  { queries, notifier, rules, scrape, pushGateway, startTime }: ShownServices,
): Promise<ApiDeps> {
  const { context, env, values, web, features, reloader, db, begun, guard } = parts
  const { build, machine } = context
  return {
    env,
    reads: queries.remoteReads,
    queries: { running: () => queries.desk.running, finished: () => queries.history.all },
    rules: () => rules.groups(),
    alertmanagers: notifier,
    source: db,
    exemplars: db,
    targets: scrape,
    database: db,
    budgets: () => guard.current(),
    notifications: serverNotifications(parts),
    isAgent: isAgent(values),
    features,
    searchLimitMax: values['web.search.max-limit'],
    newBudget: queries.newBudget,
    writeReceiver: remoteWriteReceiver(parts),
    remoteReadLimits: {
      samplesMax: values['storage.remote.read-sample-limit'],
      concurrentMax: values['storage.remote.read-concurrent-limit'],
      frameBytesMax: values['storage.remote.read-max-bytes-in-frame'],
    },
    otlpReceiver: await otlpReceiver(parts),
    addPushRoutes: pushGateway === undefined ? undefined : (routes) => pushGateway.addRoutes(routes),
    lifecycle: values['web.enable-lifecycle'] ? { reload: async () => void (await reloader.reload()), quit: parts.quit } : undefined,
    admin: values['web.enable-admin-api'] ? db : undefined,
    readiness: () => readinessOf(parts),
    untilReady: (signal) => Promise.race([begun.selectable, untilAborted(signal)]),
    untilTaking: async (signal) => {
      if (db.isSelectable) await db.untilReadable(signal)
    },
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
}

/** Whether it can be asked everything; if not, why. */
function readinessOf({ db, stop }: ServerParts): Readiness {
  if (stop.aborted) return { ready: false, reason: 'the server is stopping', stopping: true }
  if (db.isSelectable) return { ready: true }
  const { segmentsDone, segmentsTotal } = db.replayStatus()
  return { ready: false, reason: `the write-ahead log is being replayed: ${segmentsDone} of ${segmentsTotal} segments`, stopping: false }
}
