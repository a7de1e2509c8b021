import assert from 'node:assert/strict'
import { test } from 'node:test'
import { truncateBytes, truncateRunes } from './truncate.ts'

test('code points are counted, not units', () => {
  const check = (text: string, runesMax: number, want: string) => assert.equal(truncateRunes(text, runesMax), want)
  check('abc', 3, 'abc')
  check('abcde', 4, 'abc…')
  check('😀😀😀😀', 4, '😀😀😀😀')
  check('😀😀😀😀😀', 4, '😀😀😀…')
  check('abcde', 3, 'abc')
  check('abcde', 0, '')
})

test('no code point is cut', () => {
  const check = (text: string, bytesMax: number, want: string) => assert.equal(truncateBytes(text, bytesMax), want)
  check('abc', 3, 'abc')
  check('abcdef', 5, 'ab…')
  check('éééé', 8, 'éééé')
  check('éééé', 7, 'éé…')
  check('éééé', 6, 'é…')
  check('😀😀', 6, '…')
  check('abcdef', 3, '…')
  check('abcdef', 2, '..')
})
