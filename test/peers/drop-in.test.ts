// A directory changes hands between Prometheus and us, and answers stay what they were.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { DropInLoad, deleteSeries, LATE_MS, START, STEP_MS, STEPS, send } from '../support/drop-in-load.ts'
import { type Answer, answersOf, isRaw, QUERY_COUNT } from '../support/drop-in-queries.ts'
import { peer } from '../support/peers.ts'
import { freePort, PROMONTORY, Program, until } from '../support/program.ts'

const seed = Number(process.env['PROMONTORY_SEED'] ?? 20260812)

function directoryOf(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-drop-in-'))
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }))
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
async function fillSlowly(server: Program, load: DropInLoad, data: string): Promise<void> {
  let cuts = 0
  for (let from = 0; from < STEPS; from += 10) {
    for (const series of load.requests(from, from + 10)) await send(server, series)
    if ((from + 10) % 120 !== 70 || from < 120) continue
    cuts++
    await until(`${cuts} cuts`, 60_000, async () => Number(filesOf(data, 'wal').findLast((file) => /^\d+$/.test(file))) >= cuts)
  }
  await until('a checkpoint', 60_000, async () => filesOf(data, 'wal').some((file) => /^checkpoint\.\d+$/.test(file)))
}

function filesOf(data: string, directory: string): readonly string[] {
  return readdirSync(join(data, directory)).sort()
}

for (const { version, name, features, isKilled, logFlag } of [
  { version: '2.42', name: 'debian prometheus', features: ['native-histograms'], isKilled: true, logFlag: [] },
  {
    ...{ version: '2.42', name: 'debian prometheus', features: ['native-histograms'], isKilled: false },
    logFlag: ['--no-storage.tsdb.wal-compression'],
  },
  {
    ...{ version: '3.5', name: 'prometheus 3.5', features: ['native-histograms'], isKilled: true },
    logFlag: ['--storage.tsdb.wal-compression-type=zstd'],
  },
  {
    ...{ version: '3.5', name: 'prometheus 3.5', features: ['native-histograms', 'memory-snapshot-on-shutdown'], isKilled: false },
    logFlag: [],
  },
]) {
  const how = isKilled ? 'that was killed' : `that ended${features.length > 1 ? ' with a snapshot of its memory' : ''}`
  test(`the directory of a Prometheus ${version} ${how} answers as it did`, { timeout: 600_000 }, async (t) => {
    const prometheus = peer(t, name)
    if (prometheus === undefined) return
    t.diagnostic(`seed ${seed}`)
    const directory = directoryOf(t)
    const data = join(directory, 'data')
    const flags = [`--enable-feature=${features.join(',')}`, ...logFlag]
    const theirs = await serve(t, prometheus, directory, data, flags)
    await fillSlowly(theirs, new DropInLoad({ seed, isNew: version !== '2.42' }), data)
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

/** A command that has to work. */
function output(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, timeout: 600_000 })
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${stderr}`)
  return stdout
}

/** A server of ours that was given a load, and what it answers. */
async function ourDirectory(t: TestContext, directory: string, data: string, isNew: boolean, flags: readonly string[]) {
  const server = await serve(t, PROMONTORY, directory, data, flags)
  for (const series of new DropInLoad({ seed, isNew }).requests()) await send(server, series)
  await deleteSeries(server, 'load{n="3"}', 100, 130)
  await deleteSeries(server, '{n=~"6|7|11"}', STEPS - 60, STEPS - 31)
  return { server, want: await answersOf(server) }
}

test('our directory, stopped with everything in blocks, answers the same under Prometheus 3.5, and promtool reads it', {
  timeout: 600_000,
}, async (t) => {
  const [prometheus, promtool] = [peer(t, 'prometheus 3.5'), peer(t, 'promtool 3.5')]
  if (prometheus === undefined || promtool === undefined) return
  t.diagnostic(`seed ${seed}`)
  const directory = directoryOf(t)
  const data = join(directory, 'data')
  const { server, want } = await ourDirectory(t, directory, data, true, ['--storage.tsdb.flush-on-exit'])
  assert.equal((await server.stop()).code, 0)
  assert.deepEqual(filesOf(data, 'log'), [])
  assert.equal(output(PROMONTORY, 'tsdb', 'list', data), output(promtool, 'tsdb', 'list', data))
  const analysed = output(PROMONTORY, 'tsdb', 'analyze', data)
  assert.equal(analysed.split('\n\n')[0], output(promtool, 'tsdb', 'analyze', data).split('\n\n')[0])

  const theirs = await serve(t, prometheus, directory, data, ['--enable-feature=native-histograms'])
  compare(await answersOf(theirs), want)
  // It goes on where we ended; what it leaves we take over again.
  const load = new DropInLoad({ seed: seed + 1, isNew: true })
  for (const series of load.requests(STEPS, STEPS + 20)) await send(theirs, series)
  const last = { time: (START + (STEPS + 19) * STEP_MS + 17) / 1000 }
  const added = await theirs.api<unknown>('query', { query: '{__name__=~"load|requests_total|latency"}[19m]', ...last })
  await theirs.stop('SIGKILL')
  const again = await serve(t, PROMONTORY, directory, data, ['--storage.tsdb.flush-on-exit'])
  compare(await answersOf(again), want)
  assert.deepEqual(sorted(await again.api('query', { query: '{__name__=~"load|requests_total|latency"}[19m]', ...last })), sorted(added))
  assert.equal((await again.stop()).code, 0)
})

function sorted(answer: unknown): readonly string[] {
  return (answer as { result: readonly unknown[] }).result.map((one) => JSON.stringify(one)).sort()
}

test('our directory, killed and flushed afterwards, has the same samples under Prometheus 2.42', { timeout: 600_000 }, async (t) => {
  const prometheus = peer(t, 'debian prometheus')
  if (prometheus === undefined) return
  t.diagnostic(`seed ${seed}`)
  const directory = directoryOf(t)
  const data = join(directory, 'data')
  const { server, want } = await ourDirectory(t, directory, data, false, [])
  await server.stop('SIGKILL')
  output(PROMONTORY, 'tsdb', 'flush', data)
  assert.deepEqual(filesOf(data, 'log'), [])
  const theirs = await serve(t, prometheus, directory, data, ['--enable-feature=native-histograms'])
  compare(
    await answersOf(theirs, { only: 'raw' }),
    want.filter(({ query }) => isRaw(query)),
  )
  assert.equal((await theirs.stop()).code, 0)
  const floats = '--match={__name__=~"load|requests_total|pod"}'
  assert.deepEqual(
    dumped(output('/usr/bin/promtool', 'tsdb', 'dump', floats, data)),
    dumped(output(PROMONTORY, 'tsdb', 'dump', floats, data)),
  )
})

function dumped(text: string): readonly string[] {
  return text.trim().split('\n')
}
