import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { headerText, quotedPrintable } from './quoted-printable.ts'

test('text travels in lines of at most 76 characters', () => {
  const check = (text: string, want: string) => assert.equal(quotedPrintable(text), want)
  check('', '')
  check('a=b é', 'a=3Db =C3=A9')
  check('a\nb\r\nc\rd', 'a\r\nb\r\nc\r\nd')
  check('a \nb\t', 'a=20\r\nb=09')
  check('a\n\n', 'a\r\n\r\n')
  check('x'.repeat(76), `${'x'.repeat(75)}=\r\nx`)
  check(`${'x'.repeat(73)}é`, `${'x'.repeat(73)}=\r\n=C3=A9`)
  check(`${'x'.repeat(74)} \n`, `${'x'.repeat(74)}=\r\n=20\r\n`)
})

const decode = (encoded: string) =>
  Buffer.from(
    encoded.replaceAll('=\r\n', '').replace(/=([\dA-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString()

test('what is decoded is what was encoded, whatever it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const encoded = quotedPrintable(text)
      for (const line of encoded.split('\r\n')) assert.ok(line.length <= 76 && !/[ \t]$/.test(line) && /^[\t -~]*$/.test(line))
      assert.equal(decode(encoded), text.replace(/\r\n|\r|\n/g, '\r\n'))
    }),
    { seed: Number(process.env.PROMONTORY_SEED ?? 7) },
  )
})

test('a text of many pieces is put together as it was', () => {
  // Lines of every length, so that pieces end wherever they may.
  const text = Array.from({ length: 4000 }, (_, i) => 'a b=é\t'.repeat(i % 23)).join('\n')
  assert.equal(decode(quotedPrintable(text)), text.replaceAll('\n', '\r\n'))
})

test('a header that is no printable ASCII is encoded words', () => {
  const check = (text: string, want: string) => assert.equal(headerText(text), want)
  check('a b <c>', 'a b <c>')
  check('é a_b', '=?utf-8?q?=C3=A9_a=5Fb?=')
  check('a\r\nBcc: x', '=?utf-8?q?a=0D=0ABcc:_x?=')
  check(`${'x'.repeat(60)}é`, `=?utf-8?q?${'x'.repeat(60)}?= =?utf-8?q?=C3=A9?=`)
})
