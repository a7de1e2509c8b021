import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { flagHelp } from '../config/flags.ts'
import { ConfigError, formatPlace } from '../config/problems.ts'
import { type Command, EXIT } from './command.ts'
import { type WantedTests, wantedTests, wantedTestsFlags } from './wanted-tests.ts'

const HELP = `Usage: promontory test alerts [flags] FILE...

Runs tests of an alertmanager.yml: a file says which alerts begin and end when, what is silenced, and which notifications must come of it, to whom,
grouped how, with what text, on a clock of their own. Nothing is sent.
Exit code 0 when everything is as expected, 1 when something is not, 2 when the command was typed wrongly.

Flags:
${flagHelp(wantedTestsFlags)}`

export interface TestAlertsIo {
  readonly env: Pick<Env, 'fs' | 'clock'>
  out(line: string): void
  err(line: string): void
}

/** `test alerts FILE…`. Resolves to the exit code. */
export async function testAlerts(args: readonly string[], io: TestAlertsIo): Promise<number> {
  let wanted: WantedTests
  try {
    wanted = wantedTests(args)
  } catch (error) {
    io.err(`test alerts: ${errorMessage(error)}`)
    return EXIT.usage
  }
  // A server starts without what tests alone need.
  const { runAlertTestFile } = await import('./alert-test-file.ts')
  let failed = false
  for (const file of wanted.files) {
    io.out(`Testing:  ${file}`)
    try {
      const { count, failures } = await runAlertTestFile(io.env, file, wanted.isWanted)
      if (failures.length === 0) io.out(`  SUCCESS: ${count} ${count === 1 ? 'test' : 'tests'}`)
      else io.err('  FAILED:')
      for (const { name, lines } of failures) {
        io.err(`    ${name}`)
        for (const line of lines) io.err(`      ${line}`)
      }
      failed ||= failures.length > 0
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      for (const problem of error.problems) io.err(`  ${formatPlace(problem)}`)
      failed = true
    }
  }
  return failed ? EXIT.failed : EXIT.ok
}

export const testAlertsCommand: Command = {
  name: 'test alerts',
  summary: 'Run tests of an alertmanager.yml.',
  help: () => HELP,
  run: (args, { env, io }) =>
    testAlerts(args, { env: env({ level: 'warn', format: 'logfmt' }), out: (line) => io.out(line), err: (line) => io.err(line) }),
}
