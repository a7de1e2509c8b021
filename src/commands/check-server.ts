import type { Env } from '../base/env.ts'
import { CodedError, errorMessage } from '../base/errors.ts'
import { flag, flagHelp } from '../config/flags.ts'
import { parseArguments } from './arguments.ts'
import { type Command, type CommandIo, EXIT } from './command.ts'
import { accessFlags, openAccess } from './server-access.ts'
import { askServer } from './server-url.ts'

const flags = {
  url: flag.text({ default: 'http://localhost:9090', help: 'Where the server is.', placeholder: 'URL' }),
  ...accessFlags,
}

/** As upstream's tool. */
const TIMEOUT_MS = 10_000

/** `check healthy`, `check ready`: asks a server for one of its management pages. Source of the form: promtool, CheckServerStatus. */
async function checkServer(name: string, path: string, args: readonly string[], env: Env, io: CommandIo): Promise<number> {
  const err = (line: string) => io.err(line)
  try {
    const { values } = parseArguments(args, flags)
    const access = await openAccess(env, values.url, values['http.config.file'], io)
    const response = await askServer(env, access, { method: 'GET', url: `${access.url}${path}`, timeoutMs: TIMEOUT_MS })
    if (response.status !== 200) throw new Error(`check failed: URL=${access.url}, status=${response.status}`)
    err(`  SUCCESS:  ${Buffer.from(response.body)}`)
    return EXIT.ok
  } catch (error) {
    const isUsage = error instanceof CodedError
    for (const line of errorMessage(error).split('\n')) err(isUsage ? `${name}: ${line}` : line)
    return isUsage ? EXIT.usage : EXIT.failed
  }
}

function command(name: string, path: string, adjective: string): Command {
  return {
    name,
    summary: `Check that a server is ${adjective}.`,
    help: () => `Usage: promontory ${name} [flags]

Asks a server at ${path} whether it is ${adjective}.
Exit code 0 when it is, 1 when it is not, 2 when the command was typed wrongly.

Flags:
${flagHelp(flags)}`,
    run: (args, { env, io }) => checkServer(name, path, args, env({ level: 'warn', format: 'logfmt' }), io),
  }
}

export const checkHealthyCommand = command('check healthy', '/-/healthy', 'healthy')
export const checkReadyCommand = command('check ready', '/-/ready', 'ready to answer queries')
