import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NumberList } from './message-reader.ts'

test('numbers that come in many short runs are not copied once a run', () => {
  const numbers = new NumberList()
  const memories = new Set<ArrayBufferLike>()
  for (let i = 0; i < 1000; i++) {
    numbers.reserve(1)
    numbers.push(i)
    memories.add(numbers.take().buffer)
  }
  assert.ok(memories.size < 20, `${memories.size} pieces of memory`)
  assert.deepEqual(
    [...numbers.take()],
    Array.from({ length: 1000 }, (_, i) => i),
  )
})

test('a run that is announced takes the memory that it needs', () => {
  const numbers = new NumberList()
  numbers.reserve(1000)
  assert.equal(numbers.take().buffer.byteLength, 8000)
})
