import { Deadman } from '../alertmanager/deadman/deadman.ts'
import type { DrillConfig } from '../alertmanager/deadman/deadman-config.ts'
import type { DrillSender } from '../alertmanager/deadman/drill.ts'
import { registerDeadmanApi } from '../api/deadman/register.ts'
import type { Address } from '../base/address.ts'
import type { Env } from '../base/env.ts'
import { httpService } from '../base/http-server.ts'
import { processMetricsService } from '../base/process-metrics.ts'
import type { Service } from '../base/service.ts'
import type { CommandContext } from '../commands/command.ts'
import type { DeadmanFlagValues } from '../config/deadman-flags.ts'
import { deadmanReloader } from '../config/deadman-reload.ts'
import { WebConfigFile } from '../config/web-config-file.ts'
import { AlertClient } from '../notifier/alert-client.ts'
import { encodeAlert } from '../notifier/outgoing-alerts.ts'
import { buildReceivers } from './build-receivers.ts'

/** How long running requests may go on after the stop. */
const HTTP_GRACE_MS = 2_000
/** Of a request with the alert of a drill; whoever sends it gives up before. */
const POST_TIMEOUT_MS = 60_000

export interface DeadmanParts {
  readonly context: Pick<CommandContext, 'io' | 'build' | 'version' | 'onHangup'>
  readonly env: Env
  readonly values: DeadmanFlagValues
  readonly addresses: readonly Address[]
  readonly routePrefix: string
  readonly externalUrl: string
  /** Of the state; it is there, and nobody else's. */
  readonly dir: string
}

/** What the role consists of, in the order in which it starts. Rejects with a ConfigError where the configuration is wrong. */
export async function deadmanServices({
  context,
  env,
  values,
  addresses,
  routePrefix,
  externalUrl,
  dir,
}: DeadmanParts): Promise<Service[]> {
  const { variables } = context.io
  const webConfig = values['web.config.file'] === '' ? undefined : await WebConfigFile.open(env, values['web.config.file'])
  const deadman = await Deadman.open(env, `${dir}/deadman.json`)
  const reloader = deadmanReloader(env, { file: values['config.file'], variables }, async (loaded) => {
    const receivers = await buildReceivers(loaded, { env, variables, externalUrl })
    const { heartbeats, drills } = loaded.config
    await deadman.apply({ heartbeats, drills, receivers, sender: (drill) => drillSender(env, drill) })
  })
  await reloader.reload()
  context.onHangup(() => void reloader.reload().catch(() => undefined))
  return [
    processMetricsService(env, context.build),
    deadman,
    httpService({
      env,
      role: 'deadman',
      flag: '--web.listen-address',
      addresses,
      web: webConfig?.settings,
      graceMs: HTTP_GRACE_MS,
      register: (app) =>
        registerDeadmanApi(app, {
          env,
          deadman,
          version: context.version,
          routePrefix,
          config: () => reloader.current.toYaml(),
          reload: () => reloader.reload(),
        }),
    }),
    ...(webConfig ? [webConfig.watcher()] : []),
  ]
}

/** Sends as servers do. */
function drillSender(env: Env, { http }: DrillConfig): DrillSender {
  const client = new AlertClient(env, { http, timeoutMs: POST_TIMEOUT_MS, sigv4: undefined })
  return {
    async send(url, alert, signal) {
      const outcome = await client.post(`${url}/api/v2/alerts`, `[${encodeAlert(alert)}]`, signal)
      return outcome.kind === 'taken' ? undefined : outcome.error
    },
  }
}
