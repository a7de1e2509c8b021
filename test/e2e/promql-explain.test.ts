import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { PROMONTORY, startServer } from '../support/program.ts'
import { seriesOf } from '../support/promql-engine.ts'
import { sendSamples } from '../support/promql-http.ts'
import { output } from '../support/promtool.ts'

test('promql explain shows the plan that a server has run', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-explain-'))
  const configFile = join(directory, 'prometheus.yml')
  writeFileSync(configFile, 'global: {}\n')
  const server = await startServer({ configFile, dataDir: join(directory, 'data'), flags: ['--web.enable-remote-write-receiver'] })
  try {
    await server.ready()
    await sendSamples(server.url, [
      seriesOf({ __name__: 'a', job: 'x' }, [1, 2, 3, 4, 5, 6]),
      seriesOf({ __name__: 'a', job: 'y' }, [1, 2, 3]),
    ])
    const explain = (...args: string[]) => output(PROMONTORY, ['promql', 'explain', server.url, ...args])
    const { stdout, stderr } = await explain('sum(max_over_time(a[20s])) / 2', '--start=0', '--end=40', '--step=20s')
    assert.equal(stderr, '')
    const lines = stdout.trimEnd().split('\n')
    assert.match(lines[0], /^ *TIME {2}SERIES {2}SAMPLES {2}READ {2,}MEMORY {2}OPERATION$/)
    assert.match(lines[1], /s +1 +3 +8 +\S+ {2}\/$/)
    assert.match(lines[2], /s +1 +3 +8 +\S+ {2}├─ sum$/)
    assert.match(lines[3], /s +2 +5 +8 +\S+ {2}│ {2}└─ max_over_time over a\[20s\]$/)
    assert.match(lines[4], /^ +└─ 2$/)
    assert.match(lines[5], /^\S+ in all, 8 samples read, \d+ held at most$/)
    const json = JSON.parse((await explain('a', '--time=10', '-o', 'json')).stdout)
    assert.equal(json.plan.operation, 'a')
    assert.equal(json.plan.series, 2)
    assert.match((await explain('a', '--time=1', '--start=0')).stderr, /found --time beside --start/)
    assert.match((await explain('a(')).stderr, /^query error: bad_data: /)
  } finally {
    await server.stop('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
})
