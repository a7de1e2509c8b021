import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseIp, sharePrefix } from './ip-address.ts'

test('addresses of both versions, and what is none', () => {
  const check = (text: string, want: string | undefined) => {
    const bytes = parseIp(text)
    assert.equal(bytes && Buffer.from(bytes).toString('hex'), want, text)
  }
  check('10.0.0.255', '00000000000000000000ffff0a0000ff')
  check('::', '00000000000000000000000000000000')
  check('2001:db8::1:0', '20010db8000000000000000000010000')
  check('::ffff:10.0.0.255', '00000000000000000000ffff0a0000ff')
  for (const text of ['', '10.0.0', '10.0.0.256', '1.2.3.4.', '01.2.3.4', 'a:b', 'localhost', '[::1]', '::1%eth0', ':::'])
    check(text, undefined)
})

test('prefixes end within a byte', () => {
  const check = (a: string, b: string, bits: number, want: boolean) => assert.equal(sharePrefix(parseIp(a)!, parseIp(b)!, bits), want)
  check('10.1.2.3', '10.1.255.255', 96 + 16, true)
  check('10.1.2.3', '10.1.255.255', 96 + 17, false)
  check('10.1.2.3', '10.1.3.3', 96 + 23, true)
  check('::1', '::2', 0, true)
  check('::1', '::1', 128, true)
  check('::1', '::', 128, false)
})
