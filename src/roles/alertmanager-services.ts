import { Gauge } from 'prom-client'
import { Alertmanager } from '../alertmanager/alertmanager.ts'
import { walkRoutes } from '../alertmanager/dispatch/route.ts'
import type { MatcherMode } from '../alertmanager/matchers/matcher-mode.ts'
import { RECEIVER_KINDS } from '../alertmanager/receivers/registry.ts'
import { AlertMetrics } from '../api/alertmanager-v2/alert-metrics.ts'
import { registerAlertmanagerApi } from '../api/alertmanager-v2/register.ts'
import { RequestLimits } from '../api/alertmanager-v2/request-limits.ts'
import { type Address, formatAddress, reachable } from '../base/address.ts'
import { redirectingUnclean } from '../base/clean-paths.ts'
import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { httpService } from '../base/http-server.ts'
import { processMetricsService } from '../base/process-metrics.ts'
import { type Service, untilAborted } from '../base/service.ts'
import { Cluster } from '../cluster/cluster.ts'
import { LoneMember } from '../cluster/lone-member.ts'
import { memberName } from '../cluster/member-name.ts'
import type { CommandContext } from '../commands/command.ts'
import type { AlertmanagerFlagValues } from '../config/alertmanager-flags.ts'
import { alertmanagerReloader } from '../config/alertmanager-reload.ts'
import type { clusterOptions } from '../config/cluster-options.ts'
import { ClusterTlsFile } from '../config/cluster-tls-file.ts'
import { WebConfigFile } from '../config/web-config-file.ts'
import { buildReceivers } from './build-receivers.ts'

/** How long running requests may go on after the stop. */
const HTTP_GRACE_MS = 5_000

export interface AlertmanagerParts {
  readonly context: Pick<CommandContext, 'io' | 'build' | 'root' | 'machine' | 'onHangup'>
  readonly env: Env
  readonly values: AlertmanagerFlagValues
  readonly matcherMode: MatcherMode
  readonly addresses: readonly Address[]
  readonly routePrefix: string
  readonly externalUrl: string
  /** Of the state; it is there, and nobody else's. */
  readonly dir: string
  /** Undefined: no cluster. */
  readonly clusterOptions: ReturnType<typeof clusterOptions>
}

/** What the role consists of, in the order in which it starts. Rejects with a ConfigError where the configuration is wrong. */
export async function alertmanagerServices(parts: AlertmanagerParts): Promise<Service[]> {
  const { context, env, values, dir, matcherMode, externalUrl } = parts
  const startTime = env.clock.now()
  const { member, tlsFile } = await clusterMember(parts)
  const cluster = member ?? new LoneMember()
  const webConfig = values['web.config.file'] === '' ? undefined : await WebConfigFile.open(env, values['web.config.file'])
  const manager = await Alertmanager.open({
    env,
    cluster,
    dir,
    retentionMs: values['data.retention'],
    maintenanceIntervalMs: values['data.maintenance-interval'],
    silencesMax: values['silences.max-silences'],
    silenceBytesMax: values['silences.max-silence-size-bytes'],
    logsSilences: values['log.silences'],
    alertsCollectIntervalMs: values['alerts.gc-interval'],
    alertsPerNameMax: values['alerts.per-alertname-limit'],
    dispatchMaintenanceIntervalMs: values['dispatch.maintenance-interval'],
    dispatchStartDelayMs: values['dispatch.start-delay'],
    peerTimeoutMs: values['cluster.peer-timeout'],
    historyRecordsMax: values['history.max-notifications'],
    integrations: RECEIVER_KINDS.map(({ kind }) => kind),
  })
  const counts = configuredCounts(env)
  const reloader = alertmanagerReloader(env, values['config.file'], { matcherMode }, async (loaded) => {
    const receivers = await buildReceivers(loaded, { env, variables: context.io.variables, externalUrl })
    const { route, inhibitRules } = loaded.config
    await manager.apply({ ...loaded.config, receivers })
    const used = new Set([...walkRoutes(route)].map(({ receiver }) => receiver))
    counts({
      receivers: used.size,
      integrations: [...used].reduce((sum, name) => sum + (receivers.get(name)?.length ?? 0), 0),
      inhibition_rules: inhibitRules.length,
      cluster_enabled: cluster.status().status === 'disabled' ? 0 : 1,
    })
  })
  await reloader.reload()
  context.onHangup(() => void reloader.reload().catch(() => undefined))
  const metrics = new AlertMetrics(env.metrics)
  const limits = new RequestLimits({
    env,
    getsMax: values['web.get-concurrency'],
    processorCount: context.machine.cpuCount,
    timeoutMs: values['web.timeout'],
  })
  return [
    processMetricsService(env, { ...context.build, upstream: 'alertmanager' }),
    manager,
    httpService({
      env,
      role: 'alertmanager',
      flag: '--web.listen-address',
      addresses: parts.addresses,
      web: webConfig?.settings,
      graceMs: HTTP_GRACE_MS,
      wrap: (open) => redirectingUnclean(limits.wrap(open)),
      register: (app) =>
        registerAlertmanagerApi(app, {
          env,
          manager,
          cluster,
          matcherMode,
          build: context.build,
          startTime,
          config: () => reloader.current.toYaml(),
          reload: () => reloader.reload(),
          routePrefix: parts.routePrefix,
          uiDir: `${context.root}/ui/dist`,
          metrics,
          limits,
        }),
    }),
    // Late, since it waits for others: alerts and silences come in meanwhile.
    ...(member ? [member] : []),
    manager.sending(),
    ...(webConfig ? [webConfig.watcher()] : []),
    warmClient(env, parts.addresses[0]),
    ...(tlsFile ? [tlsFile.watcher()] : []),
  ]
}

/** This member of a cluster, which it joins when it runs. */
async function clusterMember({ env, values, dir, clusterOptions: options }: AlertmanagerParts) {
  if (options === undefined) return {}
  const path = values['cluster.tls-config']
  const tlsFile = path === '' ? undefined : await ClusterTlsFile.open(env, path)
  const name = values['cluster.peer-name'] || (await memberName(env, dir))
  return { tlsFile, member: new Cluster(env, { ...options, name, tls: tlsFile?.tls }) }
}

/** Source of names and texts: Alertmanager cmd/alertmanager/main.go. */
function configuredCounts({ metrics }: Env): (counts: Readonly<Record<keyof typeof COUNTS, number>>) => void {
  const gauges = Object.entries(COUNTS).map(([name, help]) => {
    return [name as keyof typeof COUNTS, new Gauge({ name: `alertmanager_${name}`, help, registers: [metrics] })] as const
  })
  return (counts) => {
    for (const [name, gauge] of gauges) gauge.set(counts[name])
  }
}

const COUNTS = {
  receivers: 'Number of configured receivers.',
  integrations: 'Number of configured integrations.',
  inhibition_rules: 'Number of configured inhibition rules.',
  cluster_enabled: 'Indicates whether the clustering is enabled or not.',
}

/**
 * Loads what notifications are sent with, by asking itself: else the first ones, which may be hundreds at once, wait for that as well. The
 * answer is of no use, and neither is what becomes of the question (a port that is chosen by the system, TLS).
 */
function warmClient(env: Env, address: Address): Service {
  return {
    name: 'client of notifications',
    async run(signal, ready) {
      ready()
      const url = `http://${formatAddress(reachable(address))}/-/healthy`
      await env.http
        .request({ url, signal, timeoutMs: 1000 })
        .catch((error: unknown) => env.log.debug('asked itself in vain', { error: errorMessage(error) }))
      await untilAborted(signal)
    },
  }
}
