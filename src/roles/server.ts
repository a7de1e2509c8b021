import { errorMessage } from '../base/errors.ts'
import { runServices } from '../base/service.ts'
import { type Command, type CommandContext, EXIT } from '../commands/command.ts'
import { checkModeFlags } from '../config/agent-mode.ts'
import { flagHelp, type ParsedFlags, parseFlags } from '../config/flags.ts'
import { ConfigError, formatPlace } from '../config/problems.ts'
import { ConfigReloader } from '../config/reload.ts'
import { enabledFeatures, serverFlags } from '../config/server-flags.ts'
import { WebConfigFile } from '../config/web-config-file.ts'
import { parseRecoverUntil, type RecoverUntil } from '../tsdb/recovery/recover-until.ts'
import { beginDatabase } from './begun-database.ts'
import { isAgent } from './server-parts.ts'
import { serverServices } from './server-services.ts'
import { openServerStorage } from './server-storage.ts'
import { type WebOptions, webOptions } from './server-web.ts'

type Flags = ParsedFlags<typeof serverFlags>

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
  const { db, guard } = await openServerStorage({ env, flags, features: features.enabled, reloader, recoverUntil })
  const quit = new AbortController()
  const stop = AbortSignal.any([context.signal, quit.signal])
  const begun = beginDatabase(db, env.log)
  try {
    const services = await serverServices({
      context,
      env,
      values,
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
