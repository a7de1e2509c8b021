import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseHistory, withEntry } from './history.ts'

test('an expression stands once, newest first', () => {
  assert.deepEqual(withEntry([], ' up '), ['up'])
  assert.deepEqual(withEntry(['a', 'b'], 'b'), ['b', 'a'])
  assert.deepEqual(withEntry(['a'], '  '), ['a'])
})

test('history is bounded', () => {
  let entries: readonly string[] = []
  for (let index = 0; index < 150; index++) entries = withEntry(entries, `up == ${index}`)
  assert.equal(entries.length, 100)
  assert.equal(entries[0], 'up == 149')
})

test('parseHistory survives what others wrote', () => {
  const check = (text: string | null, want: readonly string[]) => assert.deepEqual(parseHistory(text), want)
  check(null, [])
  check('["a","b"]', ['a', 'b'])
  check('["a",1,null]', ['a'])
  check('{"a":1}', [])
  check('nonsense', [])
})
