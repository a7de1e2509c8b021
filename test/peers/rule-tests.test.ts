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
    t.after(() => rm(directory, { recursive: true, maxRetries: 10 }))
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

test('the cases use every field of the format', () => {
  const used = new Set<string>()
  const note = (section: string, value: unknown): void => {
    for (const one of Array.isArray(value) ? value : [value]) for (const name of Object.keys(one ?? {})) used.add(`${section}.${name}`)
  }
  for (const { groups, file } of RULE_TEST_CASES) {
    note('file', { rule_files: [], ...file })
    note('group', groups)
    for (const { rules } of groups) note('rule', rules)
    for (const one of (file.tests ?? []) as Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>[]) {
      note('test', one)
      note('series', one.input_series)
      note('alert_test', one.alert_rule_test)
      note('expr_test', one.promql_expr_test)
      for (const { exp_alerts } of one.alert_rule_test ?? []) note('alert', exp_alerts)
      for (const { exp_samples } of one.promql_expr_test ?? []) note('sample', exp_samples)
    }
  }
  const wanted = {
    file: ['rule_files', 'evaluation_interval', 'group_eval_order', 'fuzzy_compare', 'tests'],
    // Not start_timestamp: promtool 3.5 does not know it.
    test: ['interval', 'name', 'input_series', 'alert_rule_test', 'promql_expr_test', 'external_labels', 'external_url'],
    series: ['series', 'values'],
    alert_test: ['eval_time', 'alertname', 'exp_alerts'],
    alert: ['exp_labels', 'exp_annotations'],
    expr_test: ['expr', 'eval_time', 'exp_samples'],
    sample: ['labels', 'value', 'histogram'],
    group: ['name', 'interval', 'query_offset', 'limit', 'labels', 'rules'],
    rule: ['record', 'alert', 'expr', 'for', 'keep_firing_for', 'labels', 'annotations'],
  }
  const all = Object.entries(wanted).flatMap(([section, names]) => names.map((name) => `${section}.${name}`))
  assert.deepEqual(
    all.filter((name) => !used.has(name)),
    [],
  )
  assert.ok(RULE_TEST_CASES.length >= 40)
})
