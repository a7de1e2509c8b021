import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c } from '../../base/crc32c.ts'
import { seededRandom } from '../../base/virtual/random.ts'
import { Labels } from '../../model/labels.ts'
import { Matcher } from '../../model/matcher.ts'
import type { MemorySeries } from '../../storage/memory-source.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import { readAll } from '../../storage/series-source.contract.ts'
import { TEST_CACHE_BYTES, writtenBlock } from './block.fixture.ts'
import { Block } from './block.ts'
import { BlockCache } from './block-cache.ts'
import { DamageError } from './damage.ts'
import { verifyBlock } from './verify-block.ts'

const few: readonly MemorySeries[] = Array.from({ length: 40 }, (_, i) => {
  const timestamps = Array.from({ length: 30 }, (__, s) => 1_700_000_000_000 + s * 15_000 + i)
  return { labels: Labels.of({ __name__: `m${i % 2}`, i: String(i) }), timestamps, values: timestamps.map((t) => t % 17) }
})
const matchers = [new Matcher('=~', '__name__', 'm.'), new Matcher('!=', 'i', '7'), new Matcher('=~', 'i', '[0-9]+')]
const FILES = ['index', 'chunks/000001', 'tombstones', 'meta.json']

type Answer = readonly [series: readonly MemorySeries[], values: readonly string[]]

async function answer(block: Block): Promise<Answer> {
  const request = { minTime: 0, maxTime: 2e12, matcherSets: [], limit: 0 }
  return [await readAll(block, 0, 2e12, matchers), await block.labelValues('i', request, unlimitedContext())]
}

async function damaged(name: string, change: (bytes: Uint8Array) => Uint8Array) {
  const written = await writtenBlock(few)
  await written.block.close()
  const path = `${written.directory}/${name}`
  const bytes = await written.env.fs.readFile(path)
  await written.env.fs.writeFile(path, change(bytes))
  return { env: written.env, directory: written.directory, cache: new BlockCache(TEST_CACHE_BYTES) }
}

test('flipped and cut bytes are an error, or harm nothing; a checksum that is wrong is never passed over', async () => {
  const { block, env, directory } = await writtenBlock(few)
  const want = await answer(block)
  const random = seededRandom(Number(process.env.SEED ?? 5))
  let [errorCount, harmless] = [0, 0]
  for (let round = 0; round < Number(process.env.ROUNDS ?? 1500); round++) {
    const name = FILES[Math.floor(random.next() * FILES.length)]
    const whole = await env.fs.readFile(`${directory}/${name}`)
    const at = Math.floor(random.next() * whole.length)
    const broken = random.next() < 0.2 ? whole.slice(0, at) : whole.slice()
    if (broken.length === whole.length) broken[at] ^= 1 << Math.floor(random.next() * 8)
    await env.fs.writeFile(`${directory}/${name}`, broken)
    const what = `round ${round}: ${name} of ${whole.length} bytes, ${broken.length < whole.length ? 'cut' : 'flipped'} at ${at}`
    const cache = new BlockCache(TEST_CACHE_BYTES)
    let opened: Block | undefined
    try {
      opened = await Block.open(env, directory, cache)
      const got = await answer(opened)
      // meta.json has no checksum.
      if (name !== 'meta.json') assert.deepEqual(got, want, what)
      harmless++
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error
      const message = String(error)
      assert.match(message, /at offset \d+: .+ is .+, want /s, what)
      errorCount++
    } finally {
      await opened?.close()
    }
    assert.equal(cache.usedBytes, 0, what)
    await env.fs.writeFile(`${directory}/${name}`, whole)
  }
  assert.ok(errorCount > harmless, `${errorCount} errors, ${harmless} without harm`)
})

test('verify finds what a question would not', async () => {
  let found = 0
  const random = seededRandom(9)
  for (let round = 0; round < 60; round++) {
    const { env, directory, cache } = await damaged(round % 2 === 0 ? 'chunks/000001' : 'index', (bytes) => {
      // Not the padding: of a segment's header, and between the parts of an index.
      bytes[9 + Math.floor(random.next() * (bytes.length - 9))] ^= 0xff
      return bytes
    })
    const faults: string[] = []
    for await (const fault of verifyBlock(env, directory, cache, new AbortController().signal)) faults.push(fault)
    if (faults.length > 0) found++
    for (const fault of faults) assert.match(fault, /, want |postings are not those/)
  }
  assert.ok(found > 50, `${found} of 60`)
})

test('versions and encodings that we do not know are refused by name', async () => {
  const check = async (name: string, change: (bytes: Uint8Array) => Uint8Array, message: RegExp) => {
    const { env, directory, cache } = await damaged(name, change)
    await assert.rejects(async () => {
      const block = await Block.open(env, directory, cache)
      await answer(block)
    }, message)
  }
  const set = (at: number, value: number) => (bytes: Uint8Array) => {
    bytes[at] = value
    return bytes
  }
  await check('index', set(4, 1), /index at offset 4: version of the index is 1, want 2$/)
  await check('index', set(4, 3), /version of the index is 3, want 2$/)
  await check('index', set(0, 0), /magic number is 00aad700, want baaad700$/)
  await check('chunks/000001', set(4, 2), /chunks\/000001 at offset 4: version is 2, want 1$/)
  await check('tombstones', set(4, 2), /tombstones at offset 4: version is 2, want 1$/)
  const otherEncoding = (bytes: Uint8Array) => {
    const length = bytes[8]
    assert.ok(length < 128)
    bytes[9] = 9
    Buffer.from(bytes.buffer, bytes.byteOffset).writeUInt32BE(crc32c(bytes, 9, 10 + length), 10 + length)
    return bytes
  }
  await check('chunks/000001', otherEncoding, /encoding of a chunk is 9, want one of 1 \(xor\), 2 \(histogram\)/)
  const error = new DamageError('a/b', 5, 'checksum', '1', '2')
  assert.equal(error.message, 'a/b at offset 5: checksum is 1, want 2')
})
