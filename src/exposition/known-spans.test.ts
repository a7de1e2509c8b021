import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { knownSpans } from './known-spans.ts'
import { NumberList } from './number-list.ts'

function listOf(numbers: readonly number[]): NumberList {
  const list = new NumberList()
  for (const number of numbers) list.push(number)
  return list
}

test('spans are those asked for, whatever was asked for before', () => {
  const numbers = fc.array(fc.integer({ min: -40, max: 40 }), { maxLength: 80 })
  fc.assert(
    fc.property(fc.array(numbers, { maxLength: 20 }), (all) => {
      for (const one of [...all, ...all]) assert.deepEqual([...knownSpans(listOf(one))], one)
    }),
  )
  assert.equal(knownSpans(listOf([1, 2, 3, 4])), knownSpans(listOf([1, 2, 3, 4])))
  assert.deepEqual([...knownSpans(listOf([0, 0xffffffff]))], [0, 0x7fffffff])
})
