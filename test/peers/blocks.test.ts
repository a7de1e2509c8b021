// Blocks that Prometheus wrote are read by us, and blocks that we wrote by Prometheus, with equal answers.
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { realEnv } from '../../src/base/env-real.ts'
import { seededRandom } from '../../src/base/virtual/random.ts'
import { MemorySource } from '../../src/storage/memory-source.ts'
import { everything } from '../../src/tsdb/block/block.fixture.ts'
import { listBlocks } from '../../src/tsdb/block/block-set.ts'
import { writeBlock } from '../../src/tsdb/block/block-writer.ts'
import { runDb } from '../../src/tsdb/db.fixture.ts'
import { peer } from '../support/peers.ts'
import { PROMONTORY } from '../support/program.ts'
import {
  askEverything,
  assertSameTexts,
  env,
  faultsOf,
  type Matrix,
  ourAnswer,
  ourSeries,
  run,
  START,
  STEP_MS,
  startPrometheus,
  theirAnswer,
} from '../support/stored-answers.ts'
import { type HandHistogram, type HandSeries, messageV1, snappyBlock, V1 } from '../support/write-requests.ts'

const PEERS = [
  { name: '2.42', prometheus: 'debian prometheus', promtool: '/usr/bin/promtool', hasCustomBuckets: false },
  { name: '3.5', prometheus: 'prometheus 3.5', promtool: 'promtool 3.5', hasCustomBuckets: true },
] as const

function workDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-blocks-'))
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }))
  return directory
}

/** As promtool's list is, but for names, sizes and numbers of chunks: upstream ends chunks where it thinks a block will be full. */
function listed(text: string): readonly (readonly string[])[] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.split(/ {2,}/).filter((_, column) => ![0, 5, 7].includes(column)))
}

for (const { name, prometheus: prometheusName, promtool: promtoolName, hasCustomBuckets } of PEERS) {
  test(`blocks of promtool ${name}: listed and dumped as promtool does it, without faults; and ours by promtool`, async (t) => {
    const promtool: string | undefined = promtoolName === 'promtool 3.5' ? peer(t, promtoolName) : promtoolName
    if (promtool === undefined || peer(t, prometheusName) === undefined) return
    const directory = workDirectory(t)
    const random = seededRandom(7)
    const lines = ['# TYPE http_requests counter', '# TYPE load gauge']
    for (let n = 0; n < 40; n++) {
      for (let i = 0; i < 300; i++) {
        const value =
          ['NaN', '-Inf', '+Inf', '-0', '1e300'][Math.floor(random.next() * 40)] ??
          String(random.next() * 10 ** Math.floor(random.next() * 20 - 8))
        const time = (START + i * 60_000 + Math.floor(random.next() * 1000)) / 1000
        lines.push(n % 2 === 0 ? `http_requests_total{code="${n}",path="/ü \\"x\\""} ${i * n} ${time}` : `load{n="${n}"} ${value} ${time}`)
      }
    }
    const page = join(directory, 'page.om')
    writeFileSync(page, `${lines.join('\n')}\n# EOF\n`)
    const [theirs, ours] = [join(directory, 'theirs'), join(directory, 'ours')]
    const theirTable = run(promtool, 'tsdb', 'create-blocks-from', 'openmetrics', page, theirs)
    const ourTable = run(PROMONTORY, 'tsdb', 'create-blocks-from', 'openmetrics', page, ours)
    assert.deepEqual(listed(ourTable), listed(theirTable))
    assert.equal(listed(ourTable).length, 4, 'three blocks and a header')
    for (const blocks of [theirs, ours]) {
      // promtool looks for a log to read, and fails where there is none.
      mkdirSync(join(blocks, 'wal'))
      for (const flags of [[], ['-r']])
        assert.equal(run(PROMONTORY, 'tsdb', 'list', ...flags, blocks), run(promtool, 'tsdb', 'list', ...flags, blocks))
      const range = [`--min-time=${START + 3_600_000}`, `--max-time=${START + 9_000_000}`]
      for (const flags of [[], range, [...range, '--match={code=~"1.|2"}']]) {
        const got = run(PROMONTORY, 'tsdb', 'dump', ...flags, blocks)
        assert.ok(got.length > 1000)
        assert.equal(got, run(promtool, 'tsdb', 'dump', ...flags, blocks))
        if (name === '3.5')
          assert.equal(
            run(PROMONTORY, 'tsdb', 'dump-openmetrics', ...flags, blocks),
            run(promtool, 'tsdb', 'dump-openmetrics', ...flags, blocks),
          )
      }
      assert.deepEqual(await faultsOf(blocks), [])
    }
    assert.equal(run(promtool, 'tsdb', 'dump', ours), run(promtool, 'tsdb', 'dump', theirs))
    // Upstream leaves items of the same count in any order. 2.42 has other words, and no selector.
    const sorted = (text: string) => text.split('\n').sort()
    for (const flags of name === '3.5' ? [['--limit=1000'], ['--limit=1000', '--match={code=~"1."}']] : [])
      assert.deepEqual(sorted(run(PROMONTORY, 'tsdb', 'analyze', ...flags, ours)), sorted(run(promtool, 'tsdb', 'analyze', ...flags, ours)))
    const analysis = (blocks: string) => run(promtool, 'tsdb', 'analyze', blocks).split('\n').slice(1)
    assert.deepEqual(analysis(ours).slice(0, 5), analysis(theirs).slice(0, 5))
  })

  test(`Prometheus ${name} starts on our block, answers as we do, deletes from it and rewrites it`, async (t) => {
    const prometheus: string | undefined = peer(t, prometheusName)
    if (prometheus === undefined) return
    const directory = workDirectory(t)
    const data = join(directory, 'data')
    mkdirSync(data)
    const series = ourSeries(3, hasCustomBuckets)
    const meta = await writeBlock(env, data, everything(new MemorySource(series)), {
      range: { minTime: START, maxTime: START + 7_200_000 },
    })
    assert.ok(meta !== undefined)
    assert.deepEqual(await faultsOf(data), [])
    const server = await startPrometheus(t, prometheus, directory, data)
    const ask = (query: string, t: number) => server.api<Matrix>('query', { query, time: t / 1000 })
    const askAll = (end: number) => askEverything(server, name, START, end)
    const check = async (what: string) => {
      const end = START + 480 * STEP_MS
      const theirs = theirAnswer(await askAll(end))
      const ours = await ourAnswer(data, end - 3 * 3_600_000, end)
      assert.equal(ours.length, theirs.length, what)
      for (let i = 0; i < ours.length; i++) assert.equal(ours[i], theirs[i], what)
      return ours
    }
    assert.equal((await check('as written')).length, series.length)
    // A part of it, cut through chunks.
    const part = theirAnswer(await ask('{__name__=~"metric_[12]|histogram_.*"}[10m]', START + 3_000_000))
    assert.ok(part.length > 80)

    const post = async (path: string) => {
      const response = await fetch(`${server.url}/api/v1/admin/tsdb/${path}`, { method: 'POST' })
      assert.equal(response.status, 204, await response.text())
    }
    const deletions = [
      ['metric_1', START, START + 7_200_000],
      ['metric_2', START + 1_000_000, START + 2_500_500],
      ['metric_2', START + 2_400_000, START + 3_000_000],
      ['histogram_integer', START + 600_000, START + 4_000_000],
      ['histogram_float', START - 1, START + 10_000],
    ] as const
    for (const [metric, from, to] of deletions)
      await post(`delete_series?match[]=${encodeURIComponent(metric)}&start=${from / 1000}&end=${to / 1000}`)
    const left = await check('after deletions')
    assert.equal(left.length, series.length - series.filter(({ labels }) => labels.get('__name__') === 'metric_1').length)
    assert.deepEqual(await faultsOf(data), [])
    await post('clean_tombstones')
    assert.deepEqual(await check('rewritten'), left)
    assert.deepEqual(await faultsOf(data), [])
    assert.equal((await env.fs.stat(join(data, meta.ulid))) === null, true, 'Prometheus made another block of ours')

    await server.stop()
  })

  test(`what Prometheus ${name} took by remote write and snapshots is read as it answers`, async (t) => {
    const prometheus: string | undefined = peer(t, prometheusName)
    if (prometheus === undefined) return
    const directory = workDirectory(t)
    const data = join(directory, 'data')
    const server = await startPrometheus(t, prometheus, directory, data)
    const end = Math.floor(Date.now() / STEP_MS) * STEP_MS
    const start = end - 239 * STEP_MS
    const times = Array.from({ length: 240 }, (_, i) => start + i * STEP_MS)
    const random = seededRandom(11)
    const sent: HandSeries[] = Array.from({ length: 50 }, (_, n) => ({
      labels: [
        ['__name__', `m${n % 3}`],
        ['n', `ü${n}`],
      ],
      samples: times.filter(() => random.next() < 0.9).map((time) => [time, random.next() < 0.02 ? 'stale' : random.next() * n]),
    }))
    const buckets = {
      positiveSpans: [
        [-1, 1],
        [2, 2],
      ],
      negativeSpans: [[0, 1]],
    } as const
    for (const isFloat of [false, true]) {
      const native = times.map((time, i): HandHistogram => {
        const age = i % 90
        // An integer histogram is sent as differences.
        const positive = isFloat ? [age, 2 * age + 0.5, age] : [age, age, -age]
        return {
          t: time,
          isFloat,
          count: isFloat ? 5 * age + 1.5 : 5 * age + 1,
          sum: age / 3,
          schema: 3,
          zeroThreshold: 0.01,
          zeroCount: 1,
          ...buckets,
          positive,
          negative: [age],
        }
      })
      sent.push({ labels: [['__name__', isFloat ? 'native_float' : 'native_integer']], histograms: native })
    }
    const merged = join(directory, 'merged')
    let copied = ''
    for (let from = 0; from < times.length; from += 80) {
      const [first, last] = [times[from], times[from + 79]]
      const part = sent.map((one) => ({
        labels: one.labels,
        samples: one.samples?.filter(([time]) => time >= first && time <= last) ?? [],
        histograms: one.histograms?.filter((each) => each.t! >= first && each.t! <= last) ?? [],
      }))
      const headers = { 'content-type': V1, 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' }
      const response = await fetch(`${server.url}/api/v1/write`, {
        method: 'POST',
        headers,
        body: Uint8Array.from(snappyBlock(messageV1(part))),
      })
      assert.ok(response.ok, await response.text())
      const snapshot = await fetch(`${server.url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' })
      const { data: made } = (await snapshot.json()) as { data: { name: string } }
      copied = join(data, 'snapshots', made.name)
      cpSync(copied, merged, { recursive: true })
    }
    const theirs = theirAnswer(await askEverything(server, name, start, end))
    assertSameTexts(await ourAnswer(copied, start, end), theirs, 'snapshot')
    assert.equal(theirs.length, sent.length)
    assert.deepEqual(await faultsOf(copied), [])
    await server.stop()

    // The snapshots overlap. With what is deleted from them they are compacted to what Prometheus answers of them.
    const other = await startPrometheus(t, prometheus, directory, merged)
    for (const [selector, from, to] of [
      ['m1', start + 300_000, start + 900_500],
      ['native_integer', start, start + 1_200_000],
    ] as const) {
      const parameters = new URLSearchParams({ 'match[]': selector, start: String(from / 1000), end: String(to / 1000) })
      const deleted = await fetch(`${other.url}/api/v1/admin/tsdb/delete_series?${parameters}`, { method: 'POST' })
      assert.equal(deleted.status, 204)
    }
    const left = theirAnswer(await askEverything(other, name, start, end))
    await other.stop()
    const { db, close } = await runDb(realEnv(env.log), { dir: merged, blockRangeMs: 7_200_000 })
    for (let turn = 0; turn < 2400 && db.stats().blockCount > 1; turn++) await new Promise((resolve) => setTimeout(resolve, 50))
    await close()
    assert.equal((await listBlocks(env.fs, merged)).blocks.length, 1)
    assertSameTexts(await ourAnswer(merged, start, end), left, 'compacted')
    assert.deepEqual(await faultsOf(merged), [])
  })
}
