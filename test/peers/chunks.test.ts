// Chunks of histograms. Prometheus is sent the golden series, puts them into a block, and its chunks are compared with the golden ones.
// And what it answers of them is what we answer.
// PROMONTORY_GOLDEN=write writes them anew.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { crc32c } from '@node-rs/crc32'
import { GOLDEN, type GoldenSample, type GoldenSeries } from '../../src/chunkenc/golden.fixture.ts'
import { histogram } from '../../src/chunkenc/samples.fixture.ts'
import { exponentialBound } from '../../src/model/exponential-bounds.ts'
import { CounterResetHint } from '../../src/model/histogram.ts'
import { peer } from '../support/peers.ts'
import { freePort, Program, ROOT, startServer } from '../support/program.ts'
import { remoteWriteBody, sendRemoteWrite } from '../support/remote-write-body.ts'

const FILE = join(ROOT, 'src/chunkenc/testdata/chunks.json')

/**
 * Every series of histograms gets one sample more, which begins a chunk: the newest chunk of a series is encoded anew for a block, and
 * its flags are lost.
 */
function writeRequest(all: readonly GoldenSeries[]): Uint8Array<ArrayBuffer> {
  return remoteWriteBody(
    all.map(({ samples }, at) => {
      const isFloat = samples.some(({ value }) => typeof value === 'object' && value.isFloat)
      const isHistogram = samples.some(({ value }) => typeof value !== 'number')
      const end: GoldenSample = { t: samples[samples.length - 1].t + 1, value: histogram({ isFloat, hint: CounterResetHint.reset }) }
      return { name: nameOf(at), isFloat, samples: isHistogram ? [...samples, end] : samples }
    }),
  )
}

const nameOf = (at: number) => `golden_${String(at).padStart(3, '0')}`

/** The chunks of a block's segment, in order. Source: Prometheus tsdb/docs/format/chunks.md. */
function chunksOf(segment: Buffer): string[] {
  assert.equal(segment.readUInt32BE(0), 0x85bd40dd)
  const chunks: string[] = []
  for (let at = 8; at < segment.length; ) {
    let length = 0
    for (let shift = 0; ; shift += 7) {
      const byte = segment[at++]
      length += (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    const bytes = segment.subarray(at, at + 1 + length)
    at += 1 + length
    assert.equal(segment.readUInt32BE(at), crc32c(bytes))
    at += 4
    chunks.push(`${bytes[0]} ${bytes.subarray(1).toString('hex')}`)
  }
  return chunks
}

function emptyConfig(directory: string): string {
  const path = join(directory, 'prometheus.yml')
  writeFileSync(path, 'global: {}\n')
  return path
}

async function startPrometheus(binary: string, configFile: string, dataDir: string): Promise<Program> {
  const port = await freePort()
  const flags = [
    `--config.file=${configFile}`,
    `--storage.tsdb.path=${dataDir}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--web.enable-remote-write-receiver',
    '--web.enable-admin-api',
    '--enable-feature=native-histograms',
    '--storage.tsdb.retention.time=100y',
  ]
  return new Program(binary, flags, `http://127.0.0.1:${port}`)
}

test('Prometheus writes the golden chunks', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-peer-'))
  const configFile = emptyConfig(directory)
  const prometheus = await startPrometheus(binary, configFile, join(directory, 'theirs'))
  try {
    await prometheus.ready()
    const written = await sendRemoteWrite(prometheus.url, writeRequest(GOLDEN))
    assert.equal(written.status, 204, await written.text())
    const snapshot = await fetch(`${prometheus.url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' })
    const { data } = (await snapshot.json()) as { data: { name: string } }
    const path = join(directory, 'theirs/snapshots', data.name)
    const [block] = readdirSync(path)
    const chunks = chunksOf(readFileSync(join(path, block, 'chunks/000001')))
    const golden: Record<string, string[]> = {}
    for (const { name, samples } of GOLDEN) {
      golden[name] = []
      for (let found = 0; found < samples.length; ) {
        const chunk = chunks.shift()
        assert.ok(chunk !== undefined, `${name}: chunks end after ${found} samples`)
        found += Number.parseInt(chunk.slice(2, 6), 16)
        golden[name].push(chunk)
      }
      if (samples.some(({ value }) => typeof value !== 'number'))
        assert.match(chunks.shift() ?? '', /^[23] 0001/, `${name}: one sample more`)
    }
    assert.deepEqual(chunks, [])
    if (process.env.PROMONTORY_GOLDEN === 'write') writeFileSync(FILE, `${JSON.stringify(golden, undefined, 1)}\n`)
    assert.deepEqual(golden, JSON.parse(readFileSync(FILE, 'utf8')))

    // Bounds of all 256 buckets of a power of two, and of those around it, as the API prints them.
    const series = GOLDEN.findIndex(({ name }) => name === '160 buckets, integers')
    const time = GOLDEN[series].samples[7].t / 1000
    const [{ histogram: answer }] = (await prometheus.query(`${nameOf(series)} @ ${time}`)) as unknown as [
      { histogram: [number, { buckets: [number, string, string, string][] }] },
    ]
    answer[1].buckets.forEach(([, lower, upper], i) => {
      assert.equal(Number(lower), exponentialBound(-81 + i, 8))
      assert.equal(Number(upper), exponentialBound(-80 + i, 8))
    })
  } finally {
    await prometheus.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})

test('the golden series come out of our server as they come out of Prometheus', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-peer-'))
  const configFile = emptyConfig(directory)
  const theirs = await startPrometheus(binary, configFile, join(directory, 'theirs'))
  const ours = await startServer({ configFile, dataDir: join(directory, 'ours'), flags: ['--web.enable-remote-write-receiver'] })
  try {
    const end = Math.floor(Date.now() / 1000)
    const later = (end - 600) * 1000 - GOLDEN[0].samples[0].t
    const moved = GOLDEN.map(({ name, samples }) => ({ name, samples: samples.map(({ t, value }) => ({ t: t + later, value })) }))
    const body = writeRequest(moved)
    for (const program of [theirs, ours]) {
      await program.ready()
      const written = await sendRemoteWrite(program.url, body)
      assert.equal(written.status, 204, await written.text())
    }
    for (const [at, { name }] of moved.entries()) {
      // Other bounds are a reset for 3.5; later ones, and we, compare what both have.
      const resets = name.startsWith('custom bounds change') ? [] : [`resets(${nameOf(at)}[10m])`]
      for (const query of [`${nameOf(at)}[10m]`, ...resets, `histogram_count(${nameOf(at)} @ ${end - 500})`]) {
        const ask = async (program: Program) => (await program.text(`/api/v1/query?query=${encodeURIComponent(query)}&time=${end}`)).trim()
        assert.deepEqual(JSON.parse(await ask(ours)), JSON.parse(await ask(theirs)), `${name}: ${query}`)
      }
    }
  } finally {
    await theirs.stop()
    await ours.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})
