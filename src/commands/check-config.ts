import { matcherMode } from '../alertmanager/matchers/matcher-mode.ts'
import type { FileSystem } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { parseYamlTree } from '../base/yaml-tree.ts'
import { isAlertmanagerConfig } from '../config/alertmanager-kind.ts'
import { isDeadmanConfig } from '../config/deadman-kind.ts'
import { type FlagValues, flag, flagHelp, parseFlags } from '../config/flags.ts'
import { loadConfig } from '../config/load.ts'
import { isOwnConfig, readOwnConfig } from '../config/own-config.ts'
import { ConfigError, type ConfigWarning, formatPlace } from '../config/problems.ts'
import type { Command } from './command.ts'
import { EXIT } from './command.ts'

const flags = {
  strict: flag.boolean({
    default: false,
    help: 'Warnings fail as well: what this release ignores, and files of secrets that cannot be read.',
  }),
  agent: flag.boolean({ default: false, help: 'Checks files for an agent: server --agent.' }),
  'enable-feature': flag.texts({
    default: [],
    separated: true,
    help: 'Checks an alertmanager.yml as with this feature of the role: classic-mode, utf8-strict-mode. May be repeated, or a list with commas.',
    placeholder: 'FEATURE',
  }),
}

const HELP = `Usage: promontory check config [flags] FILE...

Checks prometheus.yml, alertmanager.yml and deadman.yml files, and files of Promontory's own (--promontory.config of the server): every problem is
shown with its file, line and column. With an alertmanager.yml or deadman.yml the templates that it names are checked, too.
Exit code 0 when all files are fine, 1 when one is not, 2 when the command was typed wrongly.

${flagHelp(flags)}`

type Options = FlagValues<typeof flags>

export interface CheckConfigIo {
  readonly env: { readonly fs: FileSystem }
  readonly variables?: Readonly<Record<string, string | undefined>>
  out(line: string): void
  err(line: string): void
}

/** `check config [--strict] [--agent] FILE…`. Resolves to the exit code. Source of the form: promtool check config, amtool check-config. */
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
    matcherMode(options['enable-feature'])
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

/** What was checked of a file that is fine. */
interface Checked {
  readonly kind: 'prometheus' | 'alertmanager' | 'deadman' | 'promontory'
  readonly warnings: readonly ConfigWarning[]
  /** What is in it, a line each. */
  readonly found?: readonly string[]
}

async function checkFile(file: string, options: Options, io: CheckConfigIo): Promise<boolean> {
  io.out(`Checking ${file}`)
  try {
    const { kind, warnings, found = [] } = await readAny(file, options, io)
    for (const warning of warnings) io.err(`  WARNING: ${formatPlace(warning)}`)
    if (options.strict && warnings.length > 0) {
      io.err(`  FAILED: ${warnings.length} ${warnings.length === 1 ? 'warning' : 'warnings'}, and --strict allows none`)
      return false
    }
    io.out(` SUCCESS: ${file} is valid ${kind} config file syntax`)
    for (const line of found) io.out(line)
    return true
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const problem of error.problems) io.err(`  FAILED: ${formatPlace(problem)}`)
    return false
  }
}

/** A file that cannot be read is taken for a prometheus.yml, and what is wrong with it is said then. */
async function readAny(file: string, { agent, 'enable-feature': features }: Options, { env, variables }: CheckConfigIo): Promise<Checked> {
  const tree = parseYamlTree(await env.fs.readText(file).catch(() => ''))
  if (isOwnConfig(tree)) return { kind: 'promontory', warnings: (await readOwnConfig(env.fs, file)).warnings }
  if (isDeadmanConfig(tree)) {
    // A server starts without it, as it does without the next one.
    const { checkDeadmanConfig } = await import('./check-deadman-config.ts')
    return { kind: 'deadman', ...(await checkDeadmanConfig(env.fs, file, variables)) }
  }
  if (!isAlertmanagerConfig(tree)) return { kind: 'prometheus', warnings: (await loadConfig(env, file, { variables, agent })).warnings }
  const { checkAlertmanagerConfig } = await import('./check-alertmanager-config.ts')
  return { kind: 'alertmanager', ...(await checkAlertmanagerConfig(env.fs, file, matcherMode(features))) }
}

export const checkConfigCommand: Command = {
  name: 'check config',
  summary: 'Check prometheus.yml, alertmanager.yml and deadman.yml files.',
  help: () => HELP,
  run: (args, { env, io }) =>
    checkConfig(args, {
      env: env({ level: 'warn', format: 'logfmt' }),
      variables: io.variables,
      out: (line) => io.out(line),
      err: (line) => io.err(line),
    }),
}
