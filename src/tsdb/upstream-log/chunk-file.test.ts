import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Breather } from '../../base/breather.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import type { ChunkEncoding } from '../../chunkenc/codec.ts'
import { encodeChunks } from '../../chunkenc/encode-chunks.ts'
import { readChunkFile } from './chunk-file.ts'
import { chunkFileOf } from './upstream-log.fixture.ts'

const env = virtualEnv()

async function read(bytes: Uint8Array) {
  await env.fs.writeFile('/chunks', bytes)
  const file = await env.fs.open('/chunks', 'read')
  const chunks: string[] = []
  const damages: (readonly [offset: number, reason: string])[] = []
  let readBytes = 0
  const visitor = {
    chunk: ({ ref, isOutOfOrder, chunk }: Parameters<Parameters<typeof readChunkFile>[1]['chunk']>[0]) => {
      const { minTime, maxTime, sampleCount, encoding, start, end, data } = chunk
      const hex = Buffer.from(data.subarray(start, end)).toString('hex')
      chunks.push(`${ref} ${isOutOfOrder} ${minTime} ${maxTime} ${sampleCount} ${encoding} ${hex}`)
    },
    damage: (offset: number, reason: string) => void damages.push([offset, reason]),
    read: (count: number) => {
      readBytes += count
    },
    pause: () => undefined,
  }
  await readChunkFile(file, visitor, new Breather(env.clock))
  await file.close()
  return { chunks, damages, readBytes }
}

const all = Array.from({ length: 3000 }, (_, i) => {
  const timestamps = Array.from({ length: 1 + (i % 120) }, (__, j) => i * 1000 + j)
  return { ref: i + 1, isLate: i % 7 === 0, chunk: encodeChunks({ timestamps, values: timestamps.map((t) => Math.sin(t)) })[0] }
})
const want = all.map(
  ({ ref, isLate, chunk }) =>
    `${ref} ${isLate} ${chunk.minTime} ${chunk.maxTime} ${chunk.sampleCount} 1 ${Buffer.from(chunk.data.subarray(chunk.start, chunk.end)).toString('hex')}`,
)

test('chunks come back one by one, also where a file is longer than it was filled', async () => {
  const bytes = chunkFileOf(all)
  assert.ok(bytes.length > 1024 * 1024)
  assert.deepEqual(await read(bytes), { chunks: want, damages: [], readBytes: bytes.length })
  const padded = await read(Buffer.concat([bytes, Buffer.alloc(700_000)]))
  assert.deepEqual([padded.chunks, padded.damages], [want, []])
  const short = await read(Buffer.concat([bytes, Buffer.alloc(20)]))
  assert.deepEqual([short.chunks.length, short.damages], [want.length, []])
  assert.deepEqual(await read(Buffer.alloc(0)), { chunks: [], damages: [], readBytes: 0 })
  // Encodings that come later are passed over.
  const strange = chunkFileOf([{ ref: 1, chunk: { ...all[5].chunk, encoding: 99 as ChunkEncoding } }, all[6]])
  assert.deepEqual((await read(strange)).chunks, [want[6]])
})

test('damage ends a file, with its place', async () => {
  const bytes = chunkFileOf(all.slice(0, 10))
  const at = chunkFileOf(all.slice(0, 4)).length
  const damaged = Buffer.from(bytes)
  damaged[at + 30] ^= 1
  const { chunks, damages } = await read(damaged)
  assert.deepEqual([chunks, damages.length, damages[0][0]], [want.slice(0, 4), 1, at])
  assert.match(damages[0][1], /^checksum of a chunk is /)
  assert.deepEqual((await read(bytes.subarray(0, at + 40))).damages, [[at, 'a chunk is cut off']])
  assert.deepEqual((await read(Buffer.from('0130bc9102000000', 'hex'))).damages, [[4, 'version is 2, want 1']])
  assert.deepEqual((await read(Buffer.from('85bd40dd01000000', 'hex'))).damages, [[0, 'magic number is 85bd40dd, want 130bc91']])
  assert.deepEqual((await read(Buffer.from('0130', 'hex'))).damages, [[0, 'file has 2 bytes, want at least 8']])
})

test('changed bytes never make it throw, or show what was not written', async () => {
  const bytes = chunkFileOf(all.slice(0, 200))
  const known = new Set(want)
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(changes, fc.nat(), async (flips, cut) => {
      let changed = Buffer.from(bytes)
      for (const [at, bits] of flips) changed[at % changed.length] ^= bits
      if (cut % 3 === 0) changed = changed.subarray(0, cut % changed.length)
      for (const text of (await read(changed)).chunks) assert.ok(known.has(text))
    }),
    { numRuns: 100, seed: 12 },
  )
})
