import type { FileSystem } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { flag, flagHelp } from '../config/flags.ts'
import { ConfigError, formatPlace } from '../config/problems.ts'
import { compareStrings } from '../model/labels.ts'
import type { GroupDefinition } from '../rules/rule-definition.ts'
import { parseArguments } from './arguments.ts'
import { type Command, EXIT } from './command.ts'

const LINTS = ['all', 'duplicate-rules', 'none'] as const

const flags = {
  lint: flag.text({ default: 'duplicate-rules', help: `What to look for beyond errors: ${LINTS.join(', ')}; several with commas.` }),
  'lint-fatal': flag.boolean({ default: false, help: 'What is found so ends with exit code 3.' }),
}

const HELP = `Usage: promontory check rules [flags] FILE...

Checks files of recording and alerting rules: every problem is shown with its file, line and column.
Exit code 0 when all files are fine, 1 when one is not, 3 with --lint-fatal when something is found that is no error, 2 when the command
was typed wrongly.

Flags:
${flagHelp(flags)}`

export interface CheckRulesIo {
  readonly env: { readonly fs: FileSystem }
  out(line: string): void
  err(line: string): void
}

/** `check rules FILE…`. Resolves to the exit code. Source of the form: promtool check rules. */
export async function checkRules(args: readonly string[], io: CheckRulesIo): Promise<number> {
  let files: readonly string[]
  let options: { readonly findsDuplicates: boolean; readonly isFatal: boolean }
  try {
    const { values, positional } = parseArguments(args, flags, { positional: ['FILE'], repeatLast: true })
    files = positional
    const lints = values.lint.split(',')
    const unknown = lints.find((lint) => !(LINTS as readonly string[]).includes(lint))
    if (unknown !== undefined) throw new Error(`found --lint=${unknown}, want ${LINTS.join(', ')}`)
    options = { findsDuplicates: lints.includes('all') || lints.includes('duplicate-rules'), isFatal: values['lint-fatal'] }
  } catch (error) {
    io.err(`check rules: ${errorMessage(error)}`)
    return EXIT.usage
  }
  let code: number = EXIT.ok
  for (const file of files) code = worse(code, await checkFile(file, options, io))
  return code
}

const worse = (a: number, b: number): number => (a === EXIT.failed || b === EXIT.failed ? EXIT.failed : Math.max(a, b))

async function checkFile(
  file: string,
  { findsDuplicates, isFatal }: { readonly findsDuplicates: boolean; readonly isFatal: boolean },
  io: CheckRulesIo,
): Promise<number> {
  io.out(`Checking ${file}`)
  let groups: readonly GroupDefinition[]
  // A server starts without what rules alone need.
  const { readRuleFile } = await import('../config/rule-files.ts')
  try {
    groups = await readRuleFile(io.env.fs, file)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const problem of error.problems) io.err(`  FAILED: ${formatPlace(problem)}`)
    return EXIT.failed
  }
  const duplicates = findsDuplicates ? duplicateRules(groups) : []
  if (duplicates.length > 0) {
    io.err('  FAILED:')
    io.err(`lint error ${duplicates.length} duplicate rule(s) found.`)
    for (const { name, labels } of duplicates) {
      io.err(`Metric: ${name}`)
      io.err('Label(s):')
      for (const [label, value] of labels) io.err(`\t${label}: ${value}`)
    }
    io.err('Might cause inconsistency while recording expressions')
    return isFatal ? EXIT.lint : EXIT.ok
  }
  const count = groups.reduce((sum, { rules }) => sum + rules.length, 0)
  io.out(`  SUCCESS: ${count} rules found`)
  return EXIT.ok
}

/** Rules of one name and the same labels, told once for each that comes after the first. */
function duplicateRules(groups: readonly GroupDefinition[]) {
  const seen = new Set<string>()
  const duplicates: { readonly name: string; readonly labels: readonly (readonly [string, string])[] }[] = []
  for (const { name, kind, labels } of groups.flatMap(({ rules }) => rules)) {
    const sorted = Object.entries(labels).sort(([a], [b]) => compareStrings(a, b))
    const key = JSON.stringify([kind, name, sorted])
    if (seen.has(key)) duplicates.push({ name, labels: sorted })
    seen.add(key)
  }
  return duplicates
}

export const checkRulesCommand: Command = {
  name: 'check rules',
  summary: 'Check files of recording and alerting rules.',
  help: () => HELP,
  run: (args, { env, io }) =>
    checkRules(args, { env: env({ level: 'warn', format: 'logfmt' }), out: (line) => io.out(line), err: (line) => io.err(line) }),
}
