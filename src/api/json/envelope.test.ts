import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeLabelSets, encodeTexts } from './envelope.ts'

const textOf = (body: Iterable<Uint8Array>) => Buffer.concat([...body]).toString('utf8')

test('a list of texts is JSON that is safe inside HTML, however many there are', () => {
  assert.equal(textOf(encodeTexts([], {})), '{"status":"success","data":[]}')
  assert.equal(
    textOf(encodeTexts(['a', '"', '<b>&', 'é\u2028'], { warnings: ['w'] })),
    '{"status":"success","data":["a","\\"","\\u003cb\\u003e\\u0026","é\\u2028"],"warnings":["w"]}',
  )
  for (const count of [511, 512, 513, 5000]) {
    const texts = Array.from({ length: count }, (_, i) => `pod-${i}`)
    assert.deepEqual(JSON.parse(textOf(encodeTexts(texts, {}))), { status: 'success', data: texts })
  }
})

test('a list of label sets is a list of objects', () => {
  assert.equal(
    textOf(encodeLabelSets([{ pairs: [] }, { pairs: ['a', '<'] }, { pairs: ['a', '<', 'b', '1'] }], { infos: ['i'] })),
    '{"status":"success","data":[{},{"a":"<"},{"a":"<","b":"1"}],"infos":["i"]}',
  )
})
