import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../../base/env-virtual.ts'
import { seededRandom } from '../../base/virtual/random.ts'
import { encodeChunks } from '../../chunkenc/encode-chunks.ts'
import { CounterResetHint, type Histogram, NO_BUCKETS, NO_SPANS } from '../../model/histogram.ts'
import { Labels } from '../../model/labels.ts'
import { Matcher } from '../../model/matcher.ts'
import { isStaleMarker, STALE_MARKER } from '../../model/staleness.ts'
import { MemorySource } from '../../storage/memory-source.ts'
import { readAll } from '../../storage/series-source.contract.ts'
import { everything } from '../block/block.fixture.ts'
import { BlockCache } from '../block/block-cache.ts'
import type { BlockMeta } from '../block/block-meta.ts'
import { BlockSet, listBlocks } from '../block/block-set.ts'
import { writeBlock } from '../block/block-writer.ts'
import { runDb } from '../db.fixture.ts'
import { endingAt, restarted } from '../ending-disk.fixture.ts'
import { type TakeOverReport, takeOver } from './take-over.ts'
import {
  chunkFileOf,
  histogramsRecord,
  samplesRecord,
  samplesV2Record,
  segmentOf,
  seriesRecord,
  snapshotRecord,
  tombstonesRecord,
} from './upstream-log.fixture.ts'

const RANGE = 7_200_000
const BASE = Math.ceil(1_700_000_000_000 / RANGE) * RANGE
const MINUTE = 60_000
const EVER = [-(2n ** 63n), 2n ** 63n - 1n] as const

const name = (n: number) => ({ __name__: 'm', n: String(n) })

async function segment(env: VirtualEnv, path: string, ...records: readonly Uint8Array[]): Promise<void> {
  const directory = path.slice(0, path.lastIndexOf('/'))
  await env.fs.mkdir(directory)
  await env.fs.writeFile(path, segmentOf(records, 'snappy'))
}

async function blocksOf(env: VirtualEnv, dir = '/data'): Promise<readonly BlockMeta[]> {
  await env.fs.mkdir(dir)
  return (await listBlocks(env.fs, dir)).blocks.map(({ meta }) => meta)
}

async function run(env: VirtualEnv, memoryBytes?: number): Promise<TakeOverReport | undefined> {
  const blocks = await blocksOf(env)
  const { signal } = new AbortController()
  const options = { env, from: '/data', into: '/data', blocks, blockRangeMs: RANGE, signal }
  return takeOver({ ...options, ...(memoryBytes !== undefined && { memoryBytes }) })
}

/** What all blocks have: `n t v`, and of histograms their counts. */
async function samplesOf(env: VirtualEnv, dir = '/data'): Promise<readonly string[]> {
  const set = await BlockSet.open(env, dir, new BlockCache(1 << 20))
  const texts: string[] = []
  for (const { labels, timestamps, values, histograms } of await readAll(set.source, -Infinity, Infinity, [new Matcher('=~', 'n', '.*')])) {
    for (let i = 0; i < timestamps.length; i++) {
      const h = histograms?.[i]
      const value = h !== undefined ? `h${h.count}:${h.positiveBuckets.join()}` : isStaleMarker(values[i]) ? 'stale' : values[i]
      texts.push(`${labels.get('n')} ${(timestamps[i] - BASE) / MINUTE} ${value}`)
    }
  }
  await set.close()
  return texts
}

function histogram(count: number, isFloat: boolean, schema = 1): Histogram {
  return {
    ...{ isFloat, counterResetHint: CounterResetHint.unknown, schema, zeroThreshold: 0, zeroCount: 0, count, sum: count * 2 },
    ...{ positiveSpans: Int32Array.of(0, 2), positiveBuckets: Float64Array.of(1, count - 1) },
    ...{ negativeSpans: NO_SPANS, negativeBuckets: NO_BUCKETS },
    customValues: schema === -53 ? Float64Array.of(1, 2) : NO_BUCKETS,
  }
}

const chunk = (from: number, values: readonly number[]) =>
  encodeChunks({ timestamps: values.map((_, i) => BASE + (from + i) * MINUTE), values: Float64Array.from(values) })[0]

test('checkpoint, segments, late samples, chunks and tombstones become blocks', async () => {
  const env = virtualEnv()
  await env.fs.mkdir('/data')
  await segment(env, '/data/wal/checkpoint.00000003/00000000', seriesRecord([1, name(1)], [2, name(2)]), samplesRecord([1, BASE, 1]))
  // What the checkpoint stands for is not read.
  await segment(env, '/data/wal/00000003', samplesRecord([1, BASE + MINUTE, 99]))
  await segment(env, '/data/wal/checkpoint.00000002/00000000', samplesRecord([1, BASE + MINUTE, 99]))
  await segment(
    env,
    '/data/wal/00000004',
    samplesRecord([1, BASE + 5 * MINUTE, 5], [2, BASE + 5 * MINUTE, 50], [1, BASE + 4 * MINUTE, 4], [9, BASE, 9]),
    samplesV2Record([1, BASE + 6 * MINUTE, 6, 3], [2, BASE + 6 * MINUTE, 60, 3], [1, BASE + 130 * MINUTE, 130, 0]),
    histogramsRecord([[2, BASE + 7 * MINUTE, histogram(5, false)]]),
    samplesRecord([2, BASE + 8 * MINUTE, STALE_MARKER]),
    histogramsRecord([[2, BASE + 9 * MINUTE, histogram(7, true)]], true),
    histogramsRecord([[2, BASE + 10 * MINUTE, histogram(8, true, -53)]]),
    tombstonesRecord([1, BigInt(BASE + 6 * MINUTE), BigInt(BASE + 6 * MINUTE)]),
    Buffer.of(200, 1, 2, 3),
  )
  await env.fs.mkdir('/data/chunks_head')
  const ours = chunkFileOf([
    { ref: 1, chunk: chunk(0, [0, 1, 2, 3]) },
    { ref: 1, chunk: chunk(2, [7, 7]), isLate: true },
    { ref: 2, chunk: chunk(119, [119, 120, 121]) },
  ])
  await env.fs.writeFile('/data/chunks_head/000001', Buffer.concat([ours, Buffer.alloc(1000)]))
  await segment(env, '/data/wbl/00000000', samplesRecord([1, BASE + 4 * MINUTE, 4], [1, BASE - MINUTE, -1], [1, BASE + 5 * MINUTE, 500]))
  const report = await run(env)
  assert.deepEqual(await samplesOf(env), [
    ...['1 -1 -1', '1 0 0', '1 1 1', '1 2 2', '1 3 3', '1 4 4', '1 5 5', '1 130 130'],
    ...['2 119 119', '2 120 120', '2 121 121'],
  ])
  assert.equal(report?.samplesLost, 1)
  assert.deepEqual(
    (await blocksOf(env)).map(({ minTime, maxTime, compaction }) => [minTime - BASE, maxTime - BASE, compaction.hints]),
    [
      [-MINUTE, -MINUTE + 1, []],
      [0, 119 * MINUTE + 1, []],
      [120 * MINUTE, 130 * MINUTE + 1, []],
    ],
  )
  assert.equal(await run(env), undefined)
})

test('histograms of every kind, and markers that end them', async () => {
  const env = virtualEnv()
  await segment(
    env,
    '/data/wal/00000000',
    seriesRecord([1, name(1)], [2, name(2)]),
    histogramsRecord([[1, BASE + MINUTE, histogram(5, false)]]),
    samplesRecord([1, BASE + 2 * MINUTE, STALE_MARKER], [2, BASE, STALE_MARKER]),
    histogramsRecord(
      [
        [1, BASE + 3 * MINUTE, histogram(7, true)],
        [2, BASE + 3 * MINUTE, histogram(9, true)],
      ],
      true,
    ),
    histogramsRecord([[1, BASE + 4 * MINUTE, histogram(8, true, -53)]]),
    histogramsRecord([[1, BASE + 5 * MINUTE, histogram(8, false, -53)]]),
    // Nobody can store this one.
    histogramsRecord([[1, BASE + 6 * MINUTE, { ...histogram(8, false), count: 9 }]]),
    samplesRecord([1, BASE + 7 * MINUTE, 1.5], [1, BASE + 8 * MINUTE, STALE_MARKER]),
  )
  const report = await run(env)
  assert.deepEqual(await samplesOf(env), [
    ...['1 1 h5:1,4', '1 2 stale', '1 3 h7:1,6', '1 4 h8:1,7', '1 5 h8:1,7', '1 7 1.5', '1 8 stale'],
    ...['2 0 stale', '2 3 h9:1,8'],
  ])
  assert.equal(report?.damages, 1)
})

test('what blocks have is left out, late samples and series that were ended in blocks apart', async () => {
  const env = virtualEnv()
  await env.fs.mkdir('/data')
  const block = (from: number, to: number, hints: readonly string[]) => {
    const timestamps = [BASE + from * MINUTE, BASE + to * MINUTE]
    const series = { labels: Labels.of(name(0)), timestamps, values: [0, 0] }
    return writeBlock(env, '/data', everything(new MemorySource([series])), { compaction: { hints: [...hints] } })
  }
  await block(0, 10, [])
  await block(0, 30, ['from-out-of-order'])
  await segment(
    env,
    '/data/wal/00000000',
    seriesRecord([1, name(1)], [2, name(2)]),
    samplesRecord([1, BASE + 10 * MINUTE, 1], [2, BASE + 11 * MINUTE, 9], [1, BASE + 11 * MINUTE, 2]),
    tombstonesRecord([2, ...EVER]),
    seriesRecord([3, name(2)]),
    samplesRecord([3, BASE + 12 * MINUTE, 3]),
  )
  await segment(env, '/data/wbl/00000000', samplesRecord([1, BASE + 5 * MINUTE, 5]))
  await run(env)
  const found = (await samplesOf(env)).filter((text) => !text.startsWith('0'))
  assert.deepEqual(found, ['1 5 5', '1 11 2', '2 12 3'])
})

test('what Prometheus adds later is taken over at the next start, and nothing twice', async () => {
  const env = virtualEnv()
  await segment(env, '/data/wal/00000000', seriesRecord([1, name(1)]), samplesRecord([1, BASE, 1]))
  await segment(env, '/data/wal/00000001', samplesRecord([1, BASE + MINUTE, 2]))
  assert.equal((await run(env))?.samples, 2)
  await segment(env, '/data/wal/00000002', samplesRecord([1, BASE + 3 * MINUTE, 3]), seriesRecord([2, name(2)]))
  await segment(env, '/data/wbl/00000000', samplesRecord([1, BASE + 2 * MINUTE, 2.5]))
  assert.equal((await run(env))?.samples, 2)
  await env.fs.mkdir('/data/chunks_head')
  await env.fs.writeFile('/data/chunks_head/000001', chunkFileOf([{ ref: 2, chunk: chunk(4, [4, 5]) }]))
  await segment(env, '/data/wal/00000003', samplesRecord([2, BASE + 5 * MINUTE, 99], [2, BASE + 6 * MINUTE, 6]))
  assert.equal((await run(env))?.samples, 3)
  assert.equal(await run(env), undefined)
  const want = ['1 0 1', '1 1 2', '1 2 2.5', '1 3 3', '2 4 4', '2 5 5', '2 6 6']
  assert.deepEqual(await samplesOf(env), want)
  // Segments go into a checkpoint: that is nothing new, until there is a later one.
  await segment(env, '/data/wal/checkpoint.00000003/00000000', seriesRecord([1, name(1)]), samplesRecord([1, BASE + 3 * MINUTE, 3]))
  for (const n of [0, 1, 2, 3]) await env.fs.remove(`/data/wal/0000000${n}`)
  assert.equal(await run(env), undefined)
  await segment(env, '/data/wal/checkpoint.00000005/00000000', seriesRecord([1, name(1)]), samplesRecord([1, BASE + 7 * MINUTE, 7]))
  assert.equal((await run(env))?.samples, 1)
  // A log that began anew.
  await env.fs.remove('/data/wal')
  await segment(env, '/data/wal/00000000', seriesRecord([1, name(8)]), samplesRecord([1, BASE + 8 * MINUTE, 8]))
  assert.equal((await run(env))?.samples, 1)
  assert.deepEqual(await samplesOf(env), [...want.slice(0, 4), '1 7 7', ...want.slice(4), '8 8 8'])
})

test('a snapshot brings series that the log lost, unless it is of another log', async () => {
  for (const [number, want] of [
    ['000001', ['1 0 1', '1 1 2', '1 2 3']],
    ['000002', []],
  ] as const) {
    const env = virtualEnv()
    await segment(env, '/data/wal/00000001', samplesRecord([1, BASE + 2 * MINUTE, 3]))
    await segment(env, `/data/chunk_snapshot.${number}.0000000100/00000000`, snapshotRecord(1, name(1), chunk(0, [1, 2])), Buffer.of(2, 0))
    await segment(env, '/data/chunk_snapshot.000000.0000000009/00000000', snapshotRecord(1, name(7), undefined))
    await run(env)
    assert.deepEqual(await samplesOf(env), want)
  }
})

/** A random log, and what must come out of it by the rules, put down plainly. */
async function randomLog(env: VirtualEnv, seed: number): Promise<readonly string[]> {
  const random = seededRandom(seed)
  const below = (limit: number) => Math.floor(random.next() * limit)
  const [seriesCount, steps] = [1 + below(30), 20 + below(300)]
  const inOrder = new Map<string, number>()
  const late = new Map<string, number>()
  const ends = new Map<number, number>()
  const chunks: { ref: number; chunk: ReturnType<typeof chunk>; isLate?: boolean }[] = []
  for (let n = 0; n < seriesCount; n++) {
    for (let from = 0; from + 10 < steps / 2 && below(4) > 0; from += 10) {
      const values = Array.from({ length: 10 }, () => below(100))
      for (const part of encodeChunks({ timestamps: values.map((_, i) => BASE + (from + i) * MINUTE), values }))
        chunks.push({ ref: n + 1, chunk: part })
      for (const [i, v] of values.entries()) inOrder.set(`${n} ${from + i}`, v)
      ends.set(n, from + 9)
      if (below(5) > 0) continue
      chunks.push({ ref: n + 1, chunk: chunk(from + 1, [500, 501]), isLate: true })
      for (const i of [0, 1]) if (!late.has(`${n} ${from + 1 + i}`)) late.set(`${n} ${from + 1 + i}`, 500 + i)
    }
  }
  await env.fs.mkdir('/data/chunks_head')
  await env.fs.writeFile('/data/chunks_head/000001', chunkFileOf(chunks))
  const records: Buffer[] = [seriesRecord(...Array.from({ length: seriesCount }, (_, n) => [n + 1, name(n)] as const))]
  const lateRecords: Buffer[] = []
  for (let step = 0; step < steps; step++) {
    const samples: [number, number, number][] = []
    for (let n = 0; n < seriesCount; n++) {
      if (below(5) === 0) continue
      const i = below(20) === 0 ? step - below(10) : step
      const v = below(1000)
      samples.push([n + 1, BASE + i * MINUTE, v])
      if (i <= (ends.get(n) ?? -Infinity)) continue
      inOrder.set(`${n} ${i}`, v)
      ends.set(n, i)
    }
    if (samples.length > 0) records.push(samplesRecord(...samples))
    if (below(10) > 0) continue
    const [n, i, v] = [below(seriesCount), step - below(200), below(1000)]
    lateRecords.push(samplesRecord([n + 1, BASE + i * MINUTE, v]))
    if (!late.has(`${n} ${i}`)) late.set(`${n} ${i}`, v)
  }
  const deleted = below(seriesCount)
  const [from, to] = [below(steps), below(steps)]
  records.push(tombstonesRecord([deleted + 1, BigInt(BASE + from * MINUTE), BigInt(BASE + to * MINUTE)]))
  const cut = below(records.length)
  await segment(env, '/data/wal/00000000', ...records.slice(0, cut))
  await segment(env, '/data/wal/00000001', ...records.slice(cut))
  if (lateRecords.length > 0) await segment(env, '/data/wbl/00000000', ...lateRecords)
  const all = new Map([...late, ...inOrder])
  return [...all]
    .map(([key, v]) => ({ n: Number(key.split(' ')[0]), i: Number(key.split(' ')[1]), v }))
    .filter(({ n, i }) => n !== deleted || i < from || i > to)
    .sort((a, b) => (String(a.n) < String(b.n) ? -1 : String(a.n) > String(b.n) ? 1 : a.i - b.i))
    .map(({ n, i, v }) => `${n} ${i} ${v}`)
}

test('random logs, with memory for all and for nearly nothing', async () => {
  const first = Number(process.env['PROMONTORY_SEED'] ?? 1)
  for (let seed = first; seed < first + 8; seed++) {
    for (const memoryBytes of [undefined, 0]) {
      const env = virtualEnv()
      const want = await randomLog(env, seed)
      const report = await run(env, memoryBytes)
      assert.deepEqual(await samplesOf(env), want, `seed ${seed}`)
      assert.equal(report?.samples, want.length)
      assert.deepEqual(
        (await env.fs.readDir('/data')).filter((file) => file.startsWith('taking')),
        [],
      )
    }
  }
})

test('a process that ends at any step leaves all or nothing, and the next start has all once', async () => {
  const prepare = async () => {
    const env = virtualEnv()
    await segment(env, '/data/wal/00000000', seriesRecord([1, name(1)]), samplesRecord([1, BASE, 1], [1, BASE + RANGE, 2]))
    await segment(env, '/data/wbl/00000000', samplesRecord([1, BASE + MINUTE, 3]))
    return env
  }
  const counted = endingAt(await prepare(), Number.POSITIVE_INFINITY)
  await run(counted.env)
  // What comes into the directory comes at the end.
  for (let step = 1; step <= counted.calls(); step += step < counted.calls() - 50 ? 7 : 1) {
    const disk = await prepare()
    const { env, calls } = endingAt(disk, step)
    let isDone = false
    void run(env).then(() => {
      isDone = true
    })
    while (!isDone && calls() <= step) await new Promise((resolve) => setImmediate(resolve))
    const again = restarted(disk)
    await run(again)
    assert.deepEqual([(await blocksOf(again)).length, await samplesOf(again)], [2, ['1 0 1', '1 1 3', '1 120 2']], `step ${step}`)
    assert.ok(!(await again.fs.readDir('/data')).some((file) => file.startsWith('taking')))
  }
})

test('damage is told of and never keeps from starting', async () => {
  const random = seededRandom(5)
  const below = (limit: number) => Math.floor(random.next() * limit)
  for (let round = 0; round < 20; round++) {
    const env = virtualEnv()
    const want = new Set(await randomLog(env, 100 + (round % 4)))
    const files = ['/data/wal/00000000', '/data/wal/00000001', '/data/chunks_head/000001']
    const path = files[below(files.length)]
    let bytes = await env.fs.readFile(path)
    if (round % 5 === 0) bytes = bytes.slice(0, below(bytes.length))
    else for (let flips = below(3); flips >= 0; flips--) if (bytes.length > 0) bytes[below(bytes.length)] ^= 1 << below(8)
    await env.fs.writeFile(path, bytes)
    const { close } = await runDb(env, { blockRangeMs: RANGE })
    await close()
    const got = await samplesOf(env)
    assert.equal(new Set(got.map((text) => text.split(' ').slice(0, 2).join(' '))).size, got.length)
    assert.ok(want.size > 0)
  }
})

test('what has right checksums and is nonsense does not keep from starting', async () => {
  const random = seededRandom(9)
  const below = (limit: number) => Math.floor(random.next() * limit)
  for (let round = 0; round < 25; round++) {
    const env = virtualEnv()
    const records = [
      seriesRecord([1, name(1)], [2, name(2)]),
      samplesRecord([1, BASE, 1], [2, BASE + MINUTE, 2]),
      samplesV2Record([1, BASE + MINUTE, 1, 5], [2, BASE + 2 * MINUTE, 2, 5]),
      histogramsRecord([[1, BASE + 3 * MINUTE, histogram(5, false)]]),
      histogramsRecord([[2, BASE + 3 * MINUTE, histogram(5, true, -53)]], true),
      tombstonesRecord([1, BigInt(BASE), BigInt(BASE)]),
    ]
    // The first record stays: the others would be about nobody else.
    for (let change = below(6); change >= 0; change--) {
      const record = records[1 + below(records.length - 1)]
      record[1 + below(record.length - 1)] = below(256)
    }
    await segment(env, '/data/wal/00000000', ...records)
    await segment(env, '/data/wbl/00000000', ...records.slice(1))
    const noise = (length: number) => ({ ...chunk(0, [1, 2]), data: Uint8Array.from({ length }, () => below(256)), start: 0, end: length })
    const chunks = [0, 1, 2, 3, 4, 5, 6].map((encoding) => ({ ...noise(2 + below(60)), encoding: encoding as 1 }))
    const all = chunks.map((one, i) => ({ ref: 1 + (i % 2), chunk: one, isLate: below(2) === 0 }))
    await env.fs.mkdir('/data/chunks_head')
    await env.fs.writeFile('/data/chunks_head/000001', chunkFileOf(all))
    await segment(env, '/data/chunk_snapshot.000000.0000000009/00000000', snapshotRecord(1, name(1), chunks[1 + below(6)]))
    const report = await run(env)
    assert.ok(report !== undefined)
    assert.equal((await samplesOf(env)).length, report.samples)
  }
})

test('what the disk cannot read is damage; what we may not read, or cannot write, is an error and is tried again', async () => {
  const prepare = async () => {
    const env = virtualEnv()
    await segment(env, '/data/wal/00000000', seriesRecord([1, name(1)]), samplesRecord([1, BASE, 1]))
    await segment(env, '/data/wal/00000001', samplesRecord([1, BASE + MINUTE, 2]))
    await segment(env, '/data/wal/00000002', samplesRecord([1, BASE + 2 * MINUTE, 3]))
    return env
  }
  const failing = (env: VirtualEnv, path: string, call: 'open' | 'read' | 'write', code: string): VirtualEnv => {
    const fail = () => Promise.reject(Object.assign(new Error(`${code}: ${call}`), { code }))
    const open: VirtualEnv['fs']['open'] = async (name, mode) => {
      if (!name.includes(path)) return env.fs.open(name, mode)
      if (call === 'open') return fail()
      return { ...(await env.fs.open(name, mode)), [call]: fail }
    }
    const fs = new Proxy(env.fs, {
      get(target, property) {
        const value = property === 'open' ? open : Reflect.get(target, property, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    return { ...env, fs }
  }
  const bad = await prepare()
  assert.equal((await run(failing(bad, '/wal/00000001', 'read', 'EIO')))?.damages, 2)
  assert.deepEqual(await samplesOf(bad), ['1 0 1', '1 2 3'])
  for (const [path, call, code] of [
    ['/wal/00000001', 'open', 'EACCES'],
    ['/chunks/000001', 'write', 'EIO'],
  ] as const) {
    const env = await prepare()
    await assert.rejects(run(failing(env, path, call, code)), new RegExp(`^Error: take over what Prometheus left in /data: .*${code}`))
    assert.deepEqual(await env.fs.readDir('/data'), ['wal'])
    await run(env)
    assert.deepEqual(await samplesOf(env), ['1 0 1', '1 1 2', '1 2 3'])
  }
})
