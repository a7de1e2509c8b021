import type { Address } from '../base/address.ts'
import { errorMessage } from '../base/errors.ts'
import { type Command, EXIT } from '../commands/command.ts'
import { type FlagValues, flagHelp, parseFlags } from '../config/flags.ts'
import { parseListen } from '../topology/addresses.ts'
import { BUILT_IN } from '../topology/built-in-fleet.ts'
import { runUp } from '../topology/up.ts'
import { upFlags } from '../topology/up-flags.ts'

const INSTANCE_NAMES = BUILT_IN.map(({ name }) => name)

export const upCommand: Command = {
  name: 'up',
  summary: 'Monitors this machine: an exporter and two server replicas that scrape it.',
  help: () => `Usage: promontory up [flags]

Starts an exporter for this machine and two server replicas (a and b) that scrape it, each other and themselves every two seconds.
Ctrl-C stops everything; the next start has all the data.

Flags:
${flagHelp(upFlags)}`,
  async run(args, context) {
    let values: FlagValues<typeof upFlags>
    let listen: ReadonlyMap<string, Address>
    try {
      values = parseFlags(args, upFlags).values
      listen = parseListen(values.listen, INSTANCE_NAMES)
    } catch (error) {
      context.io.err(`promontory up: ${errorMessage(error)}`)
      return EXIT.usage
    }
    await runUp(
      {
        dataDir: values.data.replace(/(?<=.)\/+$/, ''),
        listen,
        logLevel: values['log.level'],
        stopGraceMs: values['stop-grace'],
        command: context.self.command,
        argsPrefix: context.self.args,
        version: context.version,
      },
      context.env({ level: 'warn', format: 'logfmt' }),
      context.io,
      context.signal,
    )
    return EXIT.ok
  },
}
