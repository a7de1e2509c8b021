import { type Address, parseAddress } from '../base/address.ts'
import { errorMessage } from '../base/errors.ts'
import { runServices } from '../base/service.ts'
import { type Command, type CommandContext, EXIT } from '../commands/command.ts'
import { deadmanFlags } from '../config/deadman-flags.ts'
import { type ExternalUrl, parseExternalUrl, routePrefixOf, withoutSlash } from '../config/external-url.ts'
import { flagHelp, type ParsedFlags, parseFlags } from '../config/flags.ts'
import { ConfigError, formatPlace } from '../config/problems.ts'
import { lockDir } from '../tsdb/lock.ts'
import { locked } from './locked.ts'

export const deadmanCommand: Command = {
  name: 'deadman',
  summary: 'Notify when an always-firing alert is not heard any more; hold fire drills.',
  help: () => `Usage: promontory deadman [flags]

Waits for the calls of others, such as the notifications of an alert that always fires, and notifies by itself when they
do not come. Sends alerts that are tests through Alertmanagers, and measures when they arrive.
SIGHUP reloads the configuration.

Flags:
${flagHelp(deadmanFlags)}`,
  run: runDeadman,
}

async function runDeadman(args: readonly string[], context: CommandContext): Promise<number> {
  let flags: ParsedFlags<typeof deadmanFlags>
  let addresses: readonly Address[]
  let external: ExternalUrl
  try {
    flags = parseFlags(args, deadmanFlags)
    addresses = flags.values['web.listen-address'].map(parseAddress)
    external = parseExternalUrl(flags.values['web.external-url'], addresses[0].port)
  } catch (error) {
    context.io.err(`promontory deadman: ${errorMessage(error)}`)
    return EXIT.usage
  }
  const { values } = flags
  const env = context.env({ level: values['log.level'], format: values['log.format'] })
  env.log.info('starting promontory deadman', { version: context.version, node: context.build.goVersion, pid: context.pid })
  const dir = withoutSlash(values['storage.path']) || '/'
  await env.fs.mkdir(dir)
  const lock = await lockDir(env, dir)
  try {
    // Other roles do without its code.
    const { deadmanServices } = await import('./deadman-services.ts')
    const services = await deadmanServices({
      context,
      env,
      values,
      addresses,
      routePrefix: routePrefixOf(values['web.route-prefix'], external),
      externalUrl: external.of(context.machine.hostname),
      dir,
    })
    await runServices([locked(lock), ...services], context.signal, env.log)
  } catch (error) {
    await lock.release()
    if (!(error instanceof ConfigError)) throw error
    for (const problem of error.problems) context.io.err(`promontory deadman: ${formatPlace(problem)}`)
    return EXIT.failed
  }
  env.log.info('stopped')
  return EXIT.ok
}
