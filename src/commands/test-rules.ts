import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { globFiles } from '../base/glob.ts'
import { resolvePath } from '../config/file.ts'
import { flagHelp } from '../config/flags.ts'
import { ConfigError, formatPlace } from '../config/problems.ts'
import { Labels } from '../model/labels.ts'
import { QUERY_FEATURES } from '../promql/parser/features.ts'
import type { GroupDefinition } from '../rules/rule-definition.ts'
import { vectorOf } from '../rules/rule-query.ts'
import type { TestStorage } from '../rules/unit-test/run.ts'
import { type Command, EXIT } from './command.ts'
import { type WantedTests, wantedTests, wantedTestsFlags } from './wanted-tests.ts'

const HELP = `Usage: promontory test rules [flags] FILE...

Runs unit tests of recording and alerting rules: files in promtool's format, on a clock of their own.
Exit code 0 when everything is as expected, 1 when something is not, 2 when the command was typed wrongly.

Flags:
${flagHelp(wantedTestsFlags)}`

export interface TestRulesIo {
  readonly env: Pick<Env, 'fs'>
  out(line: string): void
  err(line: string): void
}

/** `test rules FILE…`. Resolves to the exit code. Source of the form: promtool test rules. */
export async function testRules(args: readonly string[], io: TestRulesIo): Promise<number> {
  let wanted: WantedTests
  try {
    wanted = wantedTests(args)
  } catch (error) {
    io.err(`test rules: ${errorMessage(error)}`)
    return EXIT.usage
  }
  let failed = false
  for (const file of wanted.files) {
    io.out(`Unit Testing:  ${file}`)
    const failures = await testFile(file, wanted.isWanted, io)
    if (failures.length === 0) io.out('  SUCCESS')
    else {
      failed = true
      io.err('  FAILED:')
      for (const failure of failures) io.err(failure)
    }
    io.out('')
  }
  return failed ? EXIT.failed : EXIT.ok
}

async function testFile(path: string, isWanted: (name: string) => boolean, { env, err }: TestRulesIo): Promise<readonly string[]> {
  // A server starts without what tests alone need.
  const { readRuleFile, readRuleTestFile } = await import('../config/rule-files.ts')
  const { runRuleTests } = await import('../rules/unit-test/run.ts')
  try {
    const file = await readRuleTestFile(env.fs, path)
    const groups: GroupDefinition[] = []
    for (const pattern of file.rule_files ?? []) {
      const found = await globFiles(env.fs, resolvePath(path, pattern))
      if (found.length === 0) err(`  WARNING: no file match pattern ${resolvePath(path, pattern)}`)
      for (const ruleFile of found) groups.push(...(await readRuleFile(env.fs, ruleFile)))
    }
    return await runRuleTests({ file, groups, openStorage, isWanted })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map((problem) => `  ${formatPlace(problem)}`)
  }
}

/** The longest there is: a test mostly stays in one window. */
const BLOCK_RANGE_MS = 31 * 24 * 3_600_000

/** A database of its own in memory, on virtual time. */
async function openStorage(startTime: number, subqueryStepMs: number): Promise<TestStorage> {
  const [{ virtualEnv }, { createEngine }, { openDb }] = await Promise.all([
    import('../base/env-virtual.ts'),
    import('../promql/engine.ts'),
    import('../tsdb/db.ts'),
  ])
  const env = virtualEnv({ startTime })
  const db = await openDb({ env, dir: '/data', retentionMs: 0, blockRangeMs: BLOCK_RANGE_MS, walFsync: 'interval' })
  const controller = new AbortController()
  const ready = Promise.withResolvers<void>()
  const ended = db.run(controller.signal, ready.resolve)
  ended.catch(ready.reject)
  await ready.promise
  const engine = createEngine({ env, source: db, features: QUERY_FEATURES, defaultSubqueryStepMs: subqueryStepMs })
  return {
    storage: db,
    clock: env.clock,
    query: async (expr, time) => vectorOf((await engine.instant(expr, time, { signal: controller.signal })).value, Labels.empty),
    advance: (time) => env.clock.advance(time - env.clock.now()),
    async close() {
      controller.abort()
      await ended
    },
  }
}

export const testRulesCommand: Command = {
  name: 'test rules',
  summary: 'Run unit tests of recording and alerting rules.',
  help: () => HELP,
  run: (args, { env, io }) =>
    testRules(args, { env: env({ level: 'warn', format: 'logfmt' }), out: (line) => io.out(line), err: (line) => io.err(line) }),
}
