import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unrolledSize } from './regex-size.ts'

test('counted repetitions are written out', () => {
  const check = (source: string, want: number) => assert.equal(unrolledSize(source), want, source)
  check('', 0)
  check('abc', 3)
  check('ab{10}', 11)
  check('a{2,5}', 5)
  check('a{2,}', 3)
  check('a{0}', 1)
  check('(ab{10}){5}', 65)
  check('(a{10}){10}{2}', 240)
  check('((a{100}){100}){100}', 0)
  check('[a-z]{4}', 4)
  check('[]}{3}]{4}', 4)
  check('[^]a]{4}', 4)
  check('[[:alpha:]]{4}', 5)
  check('\\p{Greek}{3}', 3)
  check('\\x{41}{3}', 3)
  check('\\{3}', 3)
  check('a{,3}', 5)
  check('((a', 1)
  check('a)', 3)
})
