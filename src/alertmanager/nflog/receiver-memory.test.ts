import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readMemory, writeMemory } from './receiver-memory.ts'

test('what a receiver keeps is upstream’s map of texts', () => {
  const memory = new Map([
    ['threadTs', '1.5'],
    ['channelId', 'C9'],
  ])
  const data = writeMemory(memory)
  // Field 1: the name; field 2: a message whose field 1 is the text.
  assert.deepEqual(
    data.map((entry) => Buffer.from(entry).toString('latin1')),
    ['\n\tchannelId\x12\x04\n\x02C9', '\n\bthreadTs\x12\x05\n\x031.5'],
  )
  assert.deepEqual(readMemory(data), new Map([...memory].reverse()))
  assert.deepEqual(readMemory([Uint8Array.of(10, 1, 120, 18, 2, 16, 5)]), new Map(), 'a number')
  assert.deepEqual(readMemory([Uint8Array.of(15), ...data, Uint8Array.of(10, 200)]), readMemory(data), 'with others that cannot be read')
})
