import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Breather } from '../../base/breather.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { PAGE_BYTES, readSegment } from './segment-reader.ts'
import { type Compression, segmentOf } from './upstream-log.fixture.ts'

const env = virtualEnv()

/** The records of a segment, and what was lost of it. */
async function read(bytes: Uint8Array) {
  await env.fs.writeFile('/segment', bytes)
  const file = await env.fs.open('/segment', 'read')
  const records: string[] = []
  const damages: (readonly [offset: number, reason: string, isTorn: boolean])[] = []
  let readBytes = 0
  const visitor = {
    record: (from: Uint8Array, start: number, end: number) => {
      const record = Buffer.from(from.subarray(start, end)).toString('hex')
      if (record.startsWith('ff')) throw new RangeError('no record')
      records.push(record)
    },
    damage: (offset: number, reason: string, isTorn: boolean) => void damages.push([offset, reason, isTorn]),
    read: (count: number) => {
      readBytes += count
    },
    pause: () => undefined,
  }
  await readSegment(file, 0, visitor, new Breather(env.clock))
  await file.close()
  return { records, damages, readBytes }
}

/** Records that are told from each other: `count` bytes that begin with `n`. */
const record = (n: number, count: number) => Buffer.alloc(count, n)
const hex = (bytes: Buffer) => bytes.toString('hex')

test('records of all lengths come back, compressed or not', async () => {
  const lengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 100_000 })), { minLength: 1, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(lengths, fc.constantFrom<Compression>('none', 'snappy', 'zstd'), async (all, compression) => {
      const records = all.map((length, i) => record(i + 1, length))
      const bytes = segmentOf(records, compression)
      assert.deepEqual(await read(bytes), { records: records.map(hex), damages: [], readBytes: bytes.length })
    }),
    { numRuns: 30, seed: 7 },
  )
  assert.deepEqual(await read(Buffer.alloc(0)), { records: [], damages: [], readBytes: 0 })
  // A page that was made longer than it was filled.
  assert.deepEqual((await read(Buffer.concat([segmentOf([record(1, 5)]), Buffer.alloc(100)]))).records, [hex(record(1, 5))])
})

test('of a segment that ends in the middle all is read that is whole', async () => {
  const records = [record(1, 40), record(2, 70_000), record(3, 10)]
  const bytes = segmentOf(records)
  const end = 47
  assert.deepEqual(await read(bytes.subarray(0, end)), { records: [hex(records[0])], damages: [], readBytes: end })
  for (const at of [end + 1, end + 6, end + 7, end + 500, PAGE_BYTES, PAGE_BYTES + 3, 2 * PAGE_BYTES + 100]) {
    const { records: got, damages } = await read(bytes.subarray(0, at))
    assert.deepEqual(got, [hex(records[0])])
    assert.deepEqual([damages.length, damages[0][0], damages[0][2]], [1, end, true], String(at))
  }
})

test('after damage the next page goes on', async () => {
  const records = [record(1, 40), record(2, 200), record(3, 40_000), record(4, 10), record(5, 70_000), record(6, 10)]
  const bytes = segmentOf(records)
  bytes[60] ^= 1
  const { records: got, damages } = await read(bytes)
  // The third begins in the page with the damage.
  assert.deepEqual(got, [records[0], records[3], records[4], records[5]].map(hex))
  assert.match(damages[0][1], /^checksum of a fragment is [0-9a-f]{8}, want [0-9a-f]{8}$/)
  assert.deepEqual([damages.length, damages[0][0], damages[0][2]], [1, 47, false])
})

test('a record that is none, or does not decompress, costs itself only', async () => {
  assert.deepEqual((await read(segmentOf([record(1, 5), record(255, 5), record(2, 5)]))).records, ['0101010101', '0202020202'])
  const bytes = segmentOf([record(1, 5), record(2, 5)], 'none')
  bytes[0] |= 0x08
  const { records, damages } = await read(bytes)
  assert.deepEqual([records, damages.length], [['0202020202'], 1])
  assert.match(damages[0][1], /^a record cannot be decompressed: snappy: /)
})

test('changed bytes never make it throw, or say what was not written', async () => {
  const records = Array.from({ length: 40 }, (_, i) => record(i + 1, 1 + ((i * 911) % 9000)))
  const known = new Set(records.map(hex))
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(changes, fc.nat(), fc.constantFrom<Compression>('none', 'snappy', 'zstd'), async (flips, cut, compression) => {
      let bytes = segmentOf(records, compression)
      for (const [at, bits] of flips) bytes[at % bytes.length] ^= bits
      if (cut % 3 === 0) bytes = bytes.subarray(0, cut % bytes.length)
      const { records: got } = await read(bytes)
      // Bits that say how a record is compressed have no checksum.
      const strange = got.filter((text) => !known.has(text))
      assert.ok(strange.length <= flips.length && got.length <= records.length)
    }),
    { numRuns: 80, seed: 11 },
  )
})
