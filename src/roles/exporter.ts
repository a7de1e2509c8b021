import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { listenService } from '../base/http-listen.ts'
import { type BuildInfo, processMetricsService } from '../base/process-metrics.ts'
import type { Service } from '../base/service.ts'
import { runServices } from '../base/service.ts'
import { type Command, EXIT } from '../commands/command.ts'
import { exporterAddresses, exporterFlags, exporterOptions } from '../config/exporter-flags.ts'
import { flagHelp, type ParsedFlags, parseFlags } from '../config/flags.ts'
import { ConfigError, formatPlace } from '../config/problems.ts'
import { WebConfigFile } from '../config/web-config-file.ts'
import { HostExporter } from '../exporter/host-exporter.ts'
import { exporterHandler } from '../exporter/http.ts'

const CLOSE_GRACE_MS = 2_000

/** What the exporter consists of. Rejects with `bad_data` where a flag's value is wrong, or the web configuration. */
export async function exporterServices(flags: ParsedFlags<typeof exporterFlags>, env: Env, build: BuildInfo): Promise<Service[]> {
  const { values } = flags
  const exporter = new HostExporter(env, exporterOptions(flags))
  const showsItself = !values['web.disable-exporter-metrics']
  const handler = exporterHandler(exporter, {
    telemetryPath: values['web.telemetry-path'],
    ownMetrics: async () => (showsItself ? env.metrics.metrics() : ''),
    version: build.version,
    log: env.log,
  })
  const addresses = exporterAddresses(values)
  const web = values['web.config.file'] === '' ? undefined : await WebConfigFile.open(env, values['web.config.file'])
  const listening = { env, role: 'exporter', flag: '--web.listen-address', addresses, graceMs: CLOSE_GRACE_MS, web: web?.settings }
  return [processMetricsService(env, build), ...(web ? [web.watcher()] : []), listenService(listening, handler)]
}

export const exporterCommand: Command = {
  name: 'exporter',
  summary: 'Metrics of this host, under node_exporter’s names.',
  help: () => `Usage: promontory exporter [flags]

Serves metrics of the host it runs on at /metrics, under node_exporter's names.

Flags:
${flagHelp(exporterFlags)}`,
  async run(args, context) {
    let env: Env
    let services: Service[]
    try {
      const flags = parseFlags(args, exporterFlags)
      env = context.env({ level: flags.values['log.level'], format: flags.values['log.format'] })
      services = await exporterServices(flags, env, context.build)
      for (const warning of flags.warnings) env.log.warn('flag without effect', { reason: warning })
    } catch (error) {
      if (error instanceof ConfigError) {
        for (const problem of error.problems) context.io.err(`promontory exporter: ${formatPlace(problem)}`)
        return EXIT.failed
      }
      context.io.err(`promontory exporter: ${errorMessage(error)}`)
      return EXIT.usage
    }
    env.log.info('starting promontory exporter', { version: context.version, pid: context.pid })
    await runServices(services, context.signal, env.log)
    return EXIT.ok
  },
}
