import assert from 'node:assert/strict'
import { test } from 'node:test'
import { delimitedMessages, fieldText, messageFields, packedIntegers } from './message-fields.ts'
import { MessageWriter } from './message-writer.ts'

test('fields are read as they were written', () => {
  const out = new MessageWriter()
  out.text(1, 'häuser')
  out.integer(2, -1)
  out.unsigned(3, (1n << 64n) - 1n)
  out.double(4, 1.5)
  out.message(5, (body) => body.text(1, 'inner'))
  out.raw(6, Uint8Array.of(1, 0x80, 1))
  const fields = [...messageFields(out.bytes)]
  assert.deepEqual(
    fields.map(({ number }) => number),
    [1, 2, 3, 4, 5, 6],
  )
  assert.equal(fieldText(fields[0]), 'häuser')
  assert.equal(BigInt.asIntN(64, fields[1].integer), -1n)
  assert.equal(fields[2].integer, (1n << 64n) - 1n)
  assert.equal(fields[3].integer, 0x3ff8000000000000n)
  assert.equal(fieldText([...messageFields(fields[4].bytes)][0]), 'inner')
  assert.deepEqual([...packedIntegers(fields[5].bytes)], [1n, 128n])
})

test('what is cut off is no message', () => {
  const out = new MessageWriter()
  out.lengthBefore((body) => body.text(1, 'hello'))
  assert.equal([...delimitedMessages(out.bytes)].length, 1)
  const bad = (bytes: Uint8Array) =>
    assert.throws(() => [...delimitedMessages(bytes)].map((each) => [...messageFields(each)]), { code: 'bad_data' })
  for (let length = 1; length < out.bytes.length; length++) bad(out.bytes.subarray(0, length))
  bad(Uint8Array.of(2, 0, 0))
  bad(Uint8Array.of(2, 0x0b, 0))
  bad(Uint8Array.of(11, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1))
})
