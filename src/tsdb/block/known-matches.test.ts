import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Labels } from '../../model/labels.ts'
import { Matcher } from '../../model/matcher.ts'
import type { MemorySeries } from '../../storage/memory-source.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import { writtenBlock } from './block.fixture.ts'
import type { Block } from './block.ts'

const ALWAYS = { minTime: Number.NEGATIVE_INFINITY, maxTime: Number.POSITIVE_INFINITY }
const QUESTIONS = [
  [new Matcher('=', 'job', 'node')],
  [new Matcher('!=', 'job', 'node')],
  [new Matcher('=', '__name__', 'up'), new Matcher('=~', 'instance', 'host-[1-3].')],
  [new Matcher('=', '__name__', 'up'), new Matcher('!~', 'instance', 'host-[1-3].')],
  [new Matcher('=', '__name__', 'nothing')],
]

/** 100 series, each with two samples. */
function someSeries(): readonly MemorySeries[] {
  return Array.from({ length: 100 }, (_, i) => ({
    labels: Labels.of({ __name__: i % 2 === 0 ? 'up' : 'down', instance: `host-${i}`, job: i % 3 === 0 ? 'node' : 'app' }),
    timestamps: [1000, 2000],
    values: [i, i],
  }))
}

async function found(block: Block, matchers: readonly Matcher[], times = ALWAYS): Promise<readonly string[]> {
  const texts: string[] = []
  for await (const batch of block.select({ ...times, matchers }, unlimitedContext()))
    for (const { labels } of batch) texts.push(String(labels))
  return texts
}

test('what was asked before is answered the same, without its postings', async () => {
  const { block, cache } = await writtenBlock(someSeries())
  for (const matchers of QUESTIONS) {
    const first = await found(block, matchers)
    const { index } = await block.open()
    const { file } = index
    let reads = 0
    const { peek } = file
    file.peek = (offset, length) => {
      if (offset >= index.contents.postings) reads++
      return peek.call(file, offset, length)
    }
    assert.deepEqual(await found(block, matchers), first)
    assert.equal(reads, 0, 'postings are not looked at')
    // The same by another name, and of another time.
    assert.deepEqual(await found(block, [...matchers]), first)
    assert.deepEqual(await found(block, matchers, { minTime: 5000, maxTime: 6000 }), [])
    file.peek = peek
  }
  assert.equal((await found(block, QUESTIONS[2])).length, 15)
  await block.close()
  assert.deepEqual([cache.usedBytes, cache.entryCount], [0, 0], 'a closed block holds nothing of the cache')
})

test('what is known is given up for what is needed now, and found again', async () => {
  const { block, cache } = await writtenBlock(someSeries(), { cacheBytes: 2_000_000 })
  const { matches } = (await block.open()).index
  const first = await found(block, QUESTIONS[0])
  assert.notEqual(matches.find(QUESTIONS[0]), undefined)
  const bytes = cache.usedBytes
  for (let i = 0; i < 5000; i++) await found(block, [new Matcher('=', 'instance', `host-${i}`)])
  assert.ok(cache.usedBytes <= 2_000_000 && cache.usedBytes > bytes)
  assert.equal(matches.find(QUESTIONS[0]), undefined)
  assert.deepEqual(await found(block, QUESTIONS[0]), first)
  await block.close()
})

test('what selects much is not kept', async () => {
  const many = Array.from({ length: 2000 }, (_, i) => ({
    labels: Labels.of({ __name__: 'up', i: String(i) }),
    timestamps: [1],
    values: [1],
  }))
  const { block } = await writtenBlock(many, { cacheBytes: 4_000_000 })
  const matchers = [new Matcher('=', '__name__', 'up')]
  assert.equal((await found(block, matchers)).length, 2000)
  assert.equal((await block.open()).index.matches.find(matchers), undefined)
  assert.equal((await found(block, matchers)).length, 2000)
  await block.close()
})

test('of matchers that were left to be looked at, those of whoever asks are answered, and none are kept', async () => {
  const { block } = await writtenBlock(someSeries())
  const asked = () => [new Matcher('=~', 'instance', 'host-[1-3].'), new Matcher('=', 'instance', 'host-21')]
  assert.equal((await found(block, asked())).length, 1)
  const matchers = asked()
  const late = (await block.open()).index.matches.find(matchers)?.late
  assert.equal(late?.length, 1)
  assert.equal(late[0], matchers[0])
  assert.equal((await found(block, matchers)).length, 1)
  await block.close()
})
