import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FormValues } from './form-values.ts'

test('values in order, first one wins, bad pairs are left out', () => {
  const check = (text: string, name: string, want: string[]) => assert.deepEqual(new FormValues().add(text).all(name), want, text)
  check('a=1&b=2&a=3', 'a', ['1', '3'])
  check('match%5B%5D=up', 'match[]', ['up'])
  check('q=a+b%2Bc', 'q', ['a b+c'])
  check('q', 'q', [''])
  check('q=a=b', 'q', ['a=b'])
  check('q=%zz', 'q', [])
  check('q=%4', 'q', [])
  check('q=1;r=2&q=3', 'q', ['3'])
  check('q=%ff', 'q', ['\ufffd'])
  check('q=é%ff', 'q', ['é\ufffd'])
  check('', 'q', [])
  assert.equal(new FormValues().add('a=body').add('a=url').get('a'), 'body')
  assert.equal(new FormValues().get('a'), '')
})

test('what URLSearchParams writes is read back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme', minLength: 1 }), (value, name) => {
      const text = new URLSearchParams([[name, value]]).toString()
      assert.equal(new FormValues().add(text).get(name), value)
    }),
  )
})
