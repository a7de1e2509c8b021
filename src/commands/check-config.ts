import type { FileSystem } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { parseYamlTree } from '../base/yaml-tree.ts'
import { type FlagValues, flag, flagHelp, parseFlags } from '../config/flags.ts'
import { loadConfig } from '../config/load.ts'
import { isOwnConfig, readOwnConfig } from '../config/own-config.ts'
import { ConfigError, formatPlace } from '../config/problems.ts'
import type { Command } from './command.ts'
import { EXIT } from './command.ts'

const flags = {
  strict: flag.boolean({
    default: false,
    help: 'Warnings fail as well: what this release ignores, and files of secrets that cannot be read.',
  }),
  agent: flag.boolean({ default: false, help: 'Checks files for an agent: server --agent.' }),
}

const HELP = `Usage: promontory check config [flags] FILE...

Checks prometheus.yml files, and files of Promontory's own (--promontory.config of the server): every problem is shown with its file, line and column.
Exit code 0 when all files are fine, 1 when one is not, 2 when the command was typed wrongly.

${flagHelp(flags)}`

type Options = FlagValues<typeof flags>

export interface CheckConfigIo {
  readonly env: { readonly fs: FileSystem }
  readonly variables?: Readonly<Record<string, string | undefined>>
  out(line: string): void
  err(line: string): void
}

/** `check config [--strict] [--agent] FILE…`. Resolves to the exit code. Source of the form: promtool check config. */
export async function checkConfig(args: readonly string[], io: CheckConfigIo): Promise<number> {
  const files = args.filter((arg) => !arg.startsWith('-'))
  let options: Options
  try {
    const parsed = parseFlags(
      args.filter((arg) => arg.startsWith('-')),
      flags,
    )
    if (parsed.help) {
      io.out(HELP)
      return EXIT.ok
    }
    options = parsed.values
  } catch (error) {
    io.err(`check config: ${errorMessage(error)}`)
    return EXIT.usage
  }
  if (files.length === 0) {
    io.err('check config: found no file, want at least one; see promontory check config --help')
    return EXIT.usage
  }
  let failed = false
  for (const file of files) if (!(await checkFile(file, options, io))) failed = true
  return failed ? EXIT.failed : EXIT.ok
}

async function checkFile(file: string, { strict, agent }: Options, io: CheckConfigIo): Promise<boolean> {
  io.out(`Checking ${file}`)
  try {
    const isOwn = await isOwnFile(io, file)
    const { warnings } = isOwn ? await readOwnConfig(io.env.fs, file) : await loadConfig(io.env, file, { variables: io.variables, agent })
    for (const warning of warnings) io.err(`  WARNING: ${formatPlace(warning)}`)
    if (strict && warnings.length > 0) {
      io.err(`  FAILED: ${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'}, and --strict allows none`)
      return false
    }
    io.out(` SUCCESS: ${file} is valid ${isOwn ? 'promontory' : 'prometheus'} config file syntax`)
    return true
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const problem of error.problems) io.err(`  FAILED: ${formatPlace(problem)}`)
    return false
  }
}

/** A file that cannot be read is taken for a prometheus.yml, and what is wrong with it is said then. */
async function isOwnFile({ env }: CheckConfigIo, file: string): Promise<boolean> {
  const text = await env.fs.readText(file).catch(() => '')
  return isOwnConfig(parseYamlTree(text))
}

export const checkConfigCommand: Command = {
  name: 'check config',
  summary: 'Check prometheus.yml files.',
  help: () => HELP,
  run: (args, { env, io }) =>
    checkConfig(args, {
      env: env({ level: 'warn', format: 'logfmt' }),
      variables: io.variables,
      out: (line) => io.out(line),
      err: (line) => io.err(line),
    }),
}
