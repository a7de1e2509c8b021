// The files of rules and the alertmanager.yml of examples/: upstream's tools take what ours takes, and count the same.
import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { peer } from '../support/peers.ts'
import { PROMONTORY, ROOT } from '../support/program.ts'

/** Whether it is taken, and how many rules are found. */
function verdict(command: string, path: string): { readonly isGood: boolean; readonly rules: string | undefined } {
  const { status, stdout, stderr } = spawnSync(command, ['check', 'rules', path], { encoding: 'utf8' })
  return { isGood: status === 0, rules: /SUCCESS: (\d+) rules found/.exec(`${stdout}${stderr}`)?.[1] }
}

test('files of rules of the examples are taken by promtool as by check rules', (t) => {
  const promtool = peer(t, 'promtool 3.5')
  if (promtool === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-rules-'))
  t.after(() => rmSync(directory, { recursive: true, maxRetries: 10 }))
  // Alerts without a group around them: a part of a file, which nobody takes until it has one.
  const part = join(ROOT, 'examples/mission/39-health-alerts.yml')
  const whole = join(directory, 'health.yml')
  writeFileSync(whole, `groups:\n- name: health\n  rules:\n${readFileSync(part, 'utf8').replaceAll(/^/gm, '  ')}`)
  const files = globSync(['mission/*-rules.yml', '*/rules.yml'], { cwd: join(ROOT, 'examples') }).map((file) =>
    join(ROOT, 'examples', file),
  )
  assert.ok(files.length >= 5, files.join())
  for (const path of [...files, whole]) {
    const ours = verdict(PROMONTORY, path)
    assert.ok(ours.isGood && Number(ours.rules) > 0, path)
    assert.deepEqual(ours, verdict(promtool, path), path)
  }
  assert.equal(verdict(PROMONTORY, part).isGood, false)
  assert.equal(verdict(promtool, part).isGood, false)
})

for (const name of ['amtool 0.25', 'amtool 0.33'] as const) {
  test(`${name} takes each alertmanager.yml of the mission`, (t) => {
    const amtool = peer(t, name)
    if (amtool === undefined) return
    for (const file of ['mission/04-alertmanager.yml', 'mission-alerting/alertmanager.yml']) {
      const { status, stderr }: SpawnSyncReturns<string> = spawnSync(amtool, ['check-config', join(ROOT, 'examples', file)], {
        encoding: 'utf8',
      })
      assert.equal(status, 0, stderr)
    }
  })
}
