import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddresses } from './addresses.ts'

test('a list of addresses is read as headers have it', () => {
  const check = (text: string, ...want: string[]) => assert.deepEqual(parseAddresses(text), want, text)
  check('a@b', 'a@b')
  check('a@b, Name <c@d.e>,, "O. K., <x>" <f@g>', 'a@b', 'c@d.e', 'f@g')
  check('a@b (a comment, (nested))', 'a@b')
  check('<a@b>', 'a@b')
  check('"a b"@c', '"a b"@c')
  check('"ab"@c', 'ab@c')
  check('é@ü.example', 'é@ü.example')
  check('a@[127.0.0.1]', 'a@[127.0.0.1]')
})

test('what is no address is refused', () => {
  const check = (text: string, want: string) => assert.throws(() => parseAddresses(text), { message: want }, text)
  check('', 'mail: no address')
  check('a b', "mail: missing '@' or angle-addr")
  check('a@', "mail: missing '@' or angle-addr")
  check('Name <a>', 'mail: no angle-addr')
  check('Name <a@b', 'mail: unclosed angle-addr')
  check('a@b\r\nRCPT TO:<x@y>', "mail: missing '@' or angle-addr")
  check('"a\r\nb"@c', 'mail: bad character in quoted-string')
  check('a..b@c', 'mail: double, leading or trailing dot in atom')
  check('"a@b', 'mail: unclosed quoted-string')
})
