// The bytes of chunks: Prometheus is sent the golden series, puts them into a block, and its chunks are compared with the golden ones.
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
import { freePort, Program, ROOT } from '../support/program.ts'
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

test('Prometheus writes the golden chunks', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-peer-'))
  const port = await freePort()
  const configFile = join(directory, 'prometheus.yml')
  writeFileSync(configFile, 'global: {}\n')
  const prometheus = new Program(
    binary,
    [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver',
      '--web.enable-admin-api',
      '--enable-feature=native-histograms',
      '--storage.tsdb.retention.time=100y',
    ],
    `http://127.0.0.1:${port}`,
  )
  try {
    await prometheus.ready()
    const written = await sendRemoteWrite(prometheus.url, writeRequest(GOLDEN))
    assert.equal(written.status, 204, await written.text())
    const snapshot = await fetch(`${prometheus.url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' })
    const { data } = (await snapshot.json()) as { data: { name: string } }
    const path = join(directory, 'data/snapshots', data.name)
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
