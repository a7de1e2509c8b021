import { idleFeatures, matcherMode } from '../alertmanager/matchers/matcher-mode.ts'
import { type Address, parseAddress } from '../base/address.ts'
import { errorMessage } from '../base/errors.ts'
import { runServices } from '../base/service.ts'
import { type Command, type CommandContext, EXIT } from '../commands/command.ts'
import { alertmanagerFlags } from '../config/alertmanager-flags.ts'
import { clusterOptions } from '../config/cluster-options.ts'
import { parseExternalUrl, routePrefixOf, withoutSlash } from '../config/external-url.ts'
import { flagHelp, type ParsedFlags, parseFlags } from '../config/flags.ts'
import { ConfigError, formatPlace } from '../config/problems.ts'
import { lockDir } from '../tsdb/lock.ts'
import { locked } from './locked.ts'

type Flags = ParsedFlags<typeof alertmanagerFlags>

export const alertmanagerCommand: Command = {
  name: 'alertmanager',
  summary: 'Group, silence, inhibit and deliver alerts: what Alertmanager does, with its configuration and flags.',
  help: () => `Usage: promontory alertmanager [flags]

Takes alerts from servers, groups and routes them as alertmanager.yml says, and notifies receivers.
SIGHUP reloads the configuration.

Flags:
${flagHelp(alertmanagerFlags)}`,
  run: runAlertmanager,
}

async function runAlertmanager(args: readonly string[], context: CommandContext): Promise<number> {
  let flags: Flags
  let web: WebOptions
  let mode: ReturnType<typeof matcherMode>
  let cluster: ReturnType<typeof clusterOptions>
  try {
    flags = parseFlags(args, alertmanagerFlags)
    web = webOptions(flags.values)
    mode = matcherMode(flags.values['enable-feature'])
    cluster = clusterOptions(flags.values)
  } catch (error) {
    context.io.err(`promontory alertmanager: ${errorMessage(error)}`)
    return EXIT.usage
  }
  const { values } = flags
  const env = context.env({ level: values['log.level'], format: values['log.format'] })
  env.log.info('starting promontory alertmanager', { version: context.version, node: context.build.goVersion, pid: context.pid })
  for (const reason of flags.warnings) env.log.warn('flag without effect', { reason })
  for (const feature of idleFeatures(values['enable-feature']))
    env.log.warn('flag without effect', { reason: `--enable-feature=${feature} is not supported and is ignored` })
  const dir = withoutSlash(values['storage.path']) || '/'
  await env.fs.mkdir(dir)
  const lock = await lockDir(env, dir)
  try {
    // Other roles do without its code.
    const { alertmanagerServices } = await import('./alertmanager-services.ts')
    const { addresses, routePrefix } = web
    const externalUrl = web.externalUrl(context.machine.hostname)
    const services = await alertmanagerServices({
      context,
      env,
      values,
      matcherMode: mode,
      addresses,
      routePrefix,
      externalUrl,
      dir,
      clusterOptions: cluster,
    })
    await runServices([locked(lock), ...services], context.signal, env.log)
  } catch (error) {
    await lock.release()
    if (!(error instanceof ConfigError)) throw error
    for (const problem of error.problems) context.io.err(`promontory alertmanager: ${formatPlace(problem)}`)
    return EXIT.failed
  }
  env.log.info('stopped')
  return EXIT.ok
}

interface WebOptions {
  readonly addresses: readonly Address[]
  readonly routePrefix: string
  externalUrl(hostname: string): string
}

/** What the web flags mean together. Throws `bad_data`. */
function webOptions(values: Flags['values']): WebOptions {
  const addresses = values['web.listen-address'].map(parseAddress)
  const external = parseExternalUrl(values['web.external-url'], addresses[0].port)
  return { addresses, routePrefix: routePrefixOf(values['web.route-prefix'], external), externalUrl: external.of }
}
