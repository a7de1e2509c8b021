import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnsyncedBytes } from './unsynced-bytes.ts'

test('what is durable takes no memory any more', () => {
  const unsynced = new UnsyncedBytes()
  for (let i = 0; i < 100; i++) unsynced.push(new Uint8Array(50_000).fill(i))
  unsynced.dropFirst(4_900_000)
  assert.deepEqual(unsynced.kept, new Uint8Array(100_000).fill(98, 0, 50_000).fill(99, 50_000))
  unsynced.dropFirst(100_000)
  assert.equal(unsynced.length, 0)
  assert.equal(unsynced.kept.buffer.byteLength, 0, 'a burst')
  unsynced.push(new Uint8Array([1, 2, 3]))
  assert.deepEqual(unsynced.kept, new Uint8Array([1, 2, 3]))
})

test('memory is used again until the file is done with', () => {
  const unsynced = new UnsyncedBytes()
  unsynced.push(new Uint8Array(1000))
  const memory = unsynced.kept.buffer
  unsynced.dropFirst(1000)
  unsynced.push(new Uint8Array([1, 2, 3]))
  assert.equal(unsynced.kept.buffer, memory)
  unsynced.letGo()
  assert.deepEqual(unsynced.kept, new Uint8Array([1, 2, 3]), 'what is not durable stays')
  unsynced.dropFirst(3)
  unsynced.letGo()
  assert.equal(unsynced.kept.buffer.byteLength, 0)
})
