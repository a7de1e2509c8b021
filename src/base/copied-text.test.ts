// In a process of its own: it compares the sizes of the heap, and turns a flag of the engine on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { copiedText } from './copied-text.ts'

test('a text is cut between characters, and marked', () => {
  assert.equal(copiedText('', 3), '')
  assert.equal(copiedText('abc', 3), 'abc')
  assert.equal(copiedText('abcd', 3), 'abc…')
  assert.equal(copiedText('äöü€', 4), 'äöü€')
  assert.equal(copiedText('a😀b', 2), 'a\ufffd…')
})

test('what is kept of a large text is no more than it seems', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const before = process.memoryUsage().heapUsed
  const kept: string[] = []
  for (let i = 0; i < 20; i++) kept.push(copiedText(new Array(500_000).join('xy'), 1000))
  collect()
  assert.ok(process.memoryUsage().heapUsed - before < 4_000_000)
  assert.equal(kept.length, 20)
})
