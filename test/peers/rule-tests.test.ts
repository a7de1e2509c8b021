import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Env } from '../../src/base/env.ts'
import { testRules } from '../../src/commands/test-rules.ts'
import { peer } from '../support/peers.ts'
import { RULE_TEST_CASES } from '../support/rule-test-cases.ts'

/** What the disk has, as far as tests of rules read it. */
const fs = {
  readText: (path: string) => readFile(path, 'utf8'),
  readDir: async (path: string) => (await import('node:fs/promises')).readdir(path),
} as unknown as Env['fs']

for (const { title, groups, file, hasOwnWords } of RULE_TEST_CASES) {
  test(`${title}: the verdict and its words are those of promtool`, async (t) => {
    const promtool = peer(t, 'promtool 3.5')
    if (promtool === undefined) return
    const directory = await mkdtemp(join(tmpdir(), 'promontory-'))
    t.after(() => rm(directory, { recursive: true }))
    await writeFile(join(directory, 'rules.yml'), JSON.stringify({ groups }))
    await writeFile(join(directory, 'tests.yml'), JSON.stringify({ rule_files: ['rules.yml'], ...file }))
    const path = join(directory, 'tests.yml')
    const run: SpawnSyncReturns<string> = spawnSync(promtool, ['test', 'rules', path], { encoding: 'utf8' })
    const [out, err]: [string[], string[]] = [[], []]
    const status = await testRules([path], { env: { fs }, out: (line) => out.push(line), err: (line) => err.push(line) })
    assert.equal(status, run.status, [...out, ...err].join('\n'))
    if (hasOwnWords) return
    // We name the file, promtool does not.
    const lines = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('Unit Testing: '))
    assert.deepEqual(
      { status, out: lines(out.join('\n')), err: lines(err.join('\n')) },
      { status: run.status, out: lines(run.stdout), err: lines(run.stderr) },
    )
  })
}
