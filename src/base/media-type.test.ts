import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMediaType } from './media-type.ts'

test('a type is read with its parameters, and what is wrong with it is said', () => {
  const check = (text: string, type: string, parameters: Record<string, string> = {}) => {
    const found = parseMediaType(text)
    assert.deepEqual([found.type, Object.fromEntries(found.parameters)], [type, parameters], text)
  }
  check('application/json', 'application/json')
  check(' Application/JSON ', 'application/json')
  check('application/json;', 'application/json')
  check('application/json; ', 'application/json')
  check('*/*;Q=0.5', '*/*', { q: '0.5' })
  check('a/b ; x = 1;y="2;\\"3"', 'a/b', { x: '1', y: '2;"3' })
  check('a/b;x=1;x=1', 'a/b', { x: '1' })
  check('a/b;x=""', 'a/b', { x: '' })
  check('foo;x=1', 'foo', { x: '1' })
  const wrong = (text: string, message: string) => assert.throws(() => parseMediaType(text), { message: `mime: ${message}` }, text)
  wrong('', 'no media type')
  wrong('/x', 'no media type')
  wrong('foo bar/x', 'expected slash after first token')
  wrong('foo/', 'expected token after slash')
  wrong('a/b/c', 'unexpected content after media subtype')
  wrong('a/b, c/d', 'unexpected content after media subtype')
  wrong('a/b;;', 'invalid media parameter')
  wrong('a/b;x', 'invalid media parameter')
  wrong('a/b;x=', 'invalid media parameter')
  wrong('a/b;x="1', 'invalid media parameter')
  wrong('a/b;x=1 y', 'invalid media parameter')
  wrong('a/b;x=1;X=2', 'duplicate parameter name')
})
