import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { flag, flagHelp } from '../config/flags.ts'
import { createEngine } from '../promql/engine.ts'
import { QUERY_FEATURES } from '../promql/parser/features.ts'
import { runScript, type ScriptResult } from '../promql/test-script/run.ts'
import { MemorySource } from '../storage/memory-source.ts'
import { parseArguments } from './arguments.ts'
import { type Command, EXIT } from './command.ts'

const flags = {
  'delayed-name-removal': flag.boolean({
    default: false,
    help: 'Drops metric names from answers only, as a server with --enable-feature=promql-delayed-name-removal.',
  }),
  'query.max-samples': flag.integer({ default: 50_000_000, help: 'Most samples that one query may load.', least: 1 }),
}

const HELP = `Usage: promontory test promql [flags] FILE...

Runs scripts in upstream's language for tests of PromQL: what they load, evaluate and expect. Functions and modifiers that a server has
behind flags may be used.
Exit code 0 when every evaluation is as expected, 1 when one is not, 2 when the command was typed wrongly.

Flags:
${flagHelp(flags)}`

export interface TestPromqlIo {
  readonly env: Env
  out(line: string): void
  err(line: string): void
}

/** `test promql FILE…`. Resolves to the exit code. Source of the form: promtool test rules; of the language: Prometheus promql/promqltest. */
export async function testPromql(args: readonly string[], { env, out, err }: TestPromqlIo): Promise<number> {
  let files: readonly string[]
  let settings: { readonly delayedNameRemoval: boolean; readonly maxSamples: number }
  try {
    const { values, positional } = parseArguments(args, flags, { positional: ['FILE'], repeatLast: true })
    files = positional
    settings = { delayedNameRemoval: values['delayed-name-removal'], maxSamples: values['query.max-samples'] }
  } catch (error) {
    err(`test promql: ${errorMessage(error)}`)
    return EXIT.usage
  }
  let areAllRight = true
  for (const file of files) {
    out(`Testing:  ${file}`)
    try {
      const text = Buffer.from(await env.fs.readFile(file)).toString()
      const result = await runScript(
        text,
        file,
        (series) => createEngine({ env, source: new MemorySource(series), features: QUERY_FEATURES, ...settings }),
        { features: QUERY_FEATURES },
      )
      areAllRight = report(file, result, { out, err }) && areAllRight
    } catch (error) {
      areAllRight = false
      err('  FAILED:')
      err(`    ${errorMessage(error)}`)
    }
  }
  return areAllRight ? EXIT.ok : EXIT.failed
}

function report(file: string, { passed, failed }: ScriptResult, { out, err }: Pick<TestPromqlIo, 'out' | 'err'>): boolean {
  if (failed.length === 0) {
    out(`  SUCCESS: ${passed} evaluations`)
    return true
  }
  err('  FAILED:')
  for (const { line, expr, reason } of failed) err(`    ${file}:${line}: ${expr}: ${reason}`)
  out(`  ${passed} of ${passed + failed.length} evaluations are as expected`)
  return false
}

export const testPromqlCommand: Command = {
  name: 'test promql',
  summary: 'Run test scripts for PromQL.',
  help: () => HELP,
  run: (args, { env, io }) =>
    testPromql(args, { env: env({ level: 'warn', format: 'logfmt' }), out: (line) => io.out(line), err: (line) => io.err(line) }),
}
