// A directory changes hands between Prometheus and us, and answers stay what they were.
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { DropInLoad, deleteSeries, LATE_MS, STEPS, send } from '../support/drop-in-load.ts'
import { type Answer, answersOf, QUERY_COUNT } from '../support/drop-in-queries.ts'
import { peer } from '../support/peers.ts'
import { freePort, PROMONTORY, Program, until } from '../support/program.ts'

const seed = Number(process.env['PROMONTORY_SEED'] ?? 20260812)

function directoryOf(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-drop-in-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  writeFileSync(join(directory, 'prometheus.yml'), `storage:\n  tsdb:\n    out_of_order_time_window: ${LATE_MS / 60_000}m\n`)
  return directory
}

/** A server on `data`; ours when `command` is. */
async function serve(t: TestContext, command: string, directory: string, data: string, flags: readonly string[] = []): Promise<Program> {
  const port = await freePort()
  const args = [
    ...(command === PROMONTORY ? ['server'] : []),
    `--config.file=${join(directory, 'prometheus.yml')}`,
    `--storage.tsdb.path=${data}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--storage.tsdb.retention.time=100y',
    '--web.enable-remote-write-receiver',
    '--web.enable-admin-api',
    '--query.lookback-delta=3m',
    ...flags,
  ]
  const server = new Program(command, args, `http://127.0.0.1:${port}`)
  t.after(() => server.stop('SIGKILL'))
  return server.ready()
}

function compare(got: readonly Answer[], want: readonly Answer[]): void {
  assert.equal(got.length, want.length)
  for (const [i, { query, lines }] of want.entries()) {
    assert.equal(got[i].lines.length, lines.length, query)
    for (const [j, line] of lines.entries()) if (got[i].lines[j] !== line) assert.fail(`${query}: ${difference(got[i].lines[j], line)}`)
  }
}

/** Two long lines around the first place where they differ. */
function difference(got: string, want: string): string {
  let at = 0
  while (got[at] === want[at]) at++
  const part = (text: string) => `${text.slice(0, 60)} … ${text.slice(Math.max(0, at - 80), at + 80)}`
  return `\n${part(got)}\nwant\n${part(want)}`
}

/** Sends a load, slowly enough for a head that is cut a block at a time: there is a checkpoint in the end. */
async function fill(server: Program, load: DropInLoad, data: string): Promise<void> {
  let cuts = 0
  for (let from = 0; from < STEPS; from += 10) {
    for (const series of load.requests(from, from + 10)) await send(server, series)
    if ((from + 10) % 120 !== 70 || from < 120) continue
    cuts++
    await until(`${cuts} cuts`, 20_000, async () => Number(filesOf(data, 'wal').findLast((file) => /^\d+$/.test(file))) >= cuts)
  }
  await until('a checkpoint', 20_000, async () => filesOf(data, 'wal').some((file) => /^checkpoint\.\d+$/.test(file)))
}

function filesOf(data: string, directory: string): readonly string[] {
  return readdirSync(join(data, directory)).sort()
}

for (const { version, name, features, isKilled } of [
  { version: '2.42', name: 'debian prometheus', features: ['native-histograms'], isKilled: true },
  { version: '2.42', name: 'debian prometheus', features: ['native-histograms'], isKilled: false },
  { version: '3.5', name: 'prometheus 3.5', features: ['native-histograms'], isKilled: true },
  { version: '3.5', name: 'prometheus 3.5', features: ['native-histograms', 'memory-snapshot-on-shutdown'], isKilled: false },
]) {
  const how = isKilled ? 'that was killed' : `that ended${features.length > 1 ? ' with a snapshot of its memory' : ''}`
  test(`the directory of a Prometheus ${version} ${how} answers as it did`, { timeout: 120_000 }, async (t) => {
    const prometheus = peer(t, name)
    if (prometheus === undefined) return
    t.diagnostic(`seed ${seed}`)
    const directory = directoryOf(t)
    const data = join(directory, 'data')
    const flags = [`--enable-feature=${features.join(',')}`]
    const theirs = await serve(t, prometheus, directory, data, flags)
    await fill(theirs, new DropInLoad({ seed, isNew: version !== '2.42' }), data)
    await deleteSeries(theirs, 'load{n="3"}', 100, 130)
    // 2.42 does not delete what came late; those after it do, and so do we.
    await deleteSeries(theirs, version === '2.42' ? '{n=~"11|12"}' : '{n=~"6|7|11"}', STEPS - 60, STEPS - 31)
    const want = await answersOf(theirs)
    assert.equal(QUERY_COUNT, 50)
    assert.ok(want.every(({ lines }) => lines.length > 0))
    await theirs.stop(isKilled ? 'SIGKILL' : 'SIGTERM')
    for (const part of ['wal', 'wbl', 'chunks_head']) assert.ok(readdirSync(join(data, part)).length > 0, part)
    assert.equal(
      readdirSync(data).some((file) => file.startsWith('chunk_snapshot.')),
      features.length > 1,
    )

    cpSync(data, join(directory, 'copy'), { recursive: true })
    const ours = await serve(t, PROMONTORY, directory, join(directory, 'copy'))
    compare(await answersOf(ours), want)
    assert.equal((await ours.stop()).code, 0)
    // What was taken over is not taken over again, and is still there.
    const again = await serve(t, PROMONTORY, directory, join(directory, 'copy'))
    assert.ok(!again.output.includes('taking over'))
    compare(await answersOf(again), want)
    assert.equal((await again.stop()).code, 0)
  })
}
