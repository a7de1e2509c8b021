import type { FileSystem } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { ConfigError, formatPlace } from '../config/problems.ts'
import { loadWebConfig } from '../config/web-config.ts'
import { parseArguments } from './arguments.ts'
import { type Command, EXIT } from './command.ts'

const HELP = `Usage: promontory check web-config FILE...

Checks web configuration files (--web.config.file): every problem is shown with its file, line and column.
Exit code 0 when all files are fine, 1 when one is not, 2 when the command was typed wrongly.`

export interface CheckWebConfigIo {
  readonly env: { readonly fs: FileSystem }
  err(line: string): void
}

/** `check web-config FILE…`. Resolves to the exit code. Source of the form: promtool check web-config. */
export async function checkWebConfig(args: readonly string[], io: CheckWebConfigIo): Promise<number> {
  let files: readonly string[]
  try {
    files = parseArguments(args, {}, { positional: ['FILE'], repeatLast: true }).positional
  } catch (error) {
    io.err(`check web-config: ${errorMessage(error)}`)
    return EXIT.usage
  }
  let failed = false
  for (const file of files) {
    try {
      const { warnings } = await loadWebConfig(io.env, file)
      for (const warning of warnings) io.err(`${file} WARNING: ${formatPlace(warning)}`)
      io.err(`${file} SUCCESS`)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      for (const problem of error.problems) io.err(`${file} FAILED: ${formatPlace(problem)}`)
      failed = true
    }
  }
  return failed ? EXIT.failed : EXIT.ok
}

export const checkWebConfigCommand: Command = {
  name: 'check web-config',
  summary: 'Check web configuration files.',
  help: () => HELP,
  run: (args, { env, io }) => checkWebConfig(args, { env: env({ level: 'warn', format: 'logfmt' }), err: (line) => io.err(line) }),
}
