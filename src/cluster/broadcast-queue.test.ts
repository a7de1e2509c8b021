import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BroadcastQueue } from './broadcast-queue.ts'

const queue = (memberCount = 3) => new BroadcastQueue({ retransmitMult: 2, memberCount: () => memberCount })
const item = (text: string) => Uint8Array.from(Buffer.from(text))
const texts = (parts: readonly Uint8Array[][]) => parts.map((part) => part.map((bytes) => Buffer.from(bytes).toString()))
const round = (of: BroadcastQueue, bytesMax = 100, partsMax = 10) => texts(of.takeRound({ overheadBytes: 2, bytesMax, partsMax }))

test('an item goes out in a limited number of rounds, the less sent and longer before the others', () => {
  const one = queue()
  let finished = 0
  one.add(item('a'), undefined, () => finished++)
  assert.deepEqual(round(one), [['a']])
  one.add(item('bb'))
  one.add(item('ccc'))
  assert.deepEqual(round(one), [['ccc', 'bb', 'a']])
  assert.deepEqual([one.size, finished], [2, 1])
  assert.deepEqual(round(one), [['ccc', 'bb']])
  assert.deepEqual([one.size, round(one)], [0, []])
  // In a larger cluster oftener.
  const large = queue(50)
  large.add(item('a'))
  for (let k = 0; k < 4; k++) assert.deepEqual(round(large), [['a']])
  assert.deepEqual(round(large), [])
})

test('a round has parts that are filled, each item once', () => {
  const one = queue()
  for (const text of ['aaaa', 'bbbb', 'cccc', 'd', 'too long for a part']) one.add(item(text))
  assert.deepEqual(round(one, 14), [
    ['cccc', 'bbbb'],
    ['aaaa', 'd'],
  ])
  assert.deepEqual(round(one, 14, 1), [['cccc', 'bbbb']])
})

test('what was only looked at is sent all the same', () => {
  const one = queue()
  one.add(item('a'))
  for (let k = 0; k < 9; k++) assert.deepEqual(texts([one.peek(2, 100)]), [['a']])
  assert.deepEqual([round(one), round(one), round(one)], [[['a']], [['a']], []])
})

test('a later item with the same name takes the place of the earlier, and what was sent most is dropped first', () => {
  const one = queue()
  one.add(item('old'), 'x')
  one.add(item('new'), 'x')
  assert.deepEqual(round(one), [['new']])
  one.add(item('fresh'))
  assert.equal(one.prune(1), 1)
  assert.deepEqual(round(one), [['fresh']])
})
