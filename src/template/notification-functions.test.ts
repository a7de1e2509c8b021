import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notificationFunctions } from './notification-functions.ts'

test('trimSpace takes off what Go takes for space, however much of it there is inside', () => {
  const trimSpace = notificationFunctions(() => 0).get('trimSpace')!
  const check = (text: string, want: string) => assert.equal(trimSpace.call([text]), want)
  check('', '')
  check(' \t\v\f\r\n\x85\xa0\u2003\u3000', '')
  check('\u2028 a b\u00a0', 'a b')
  check('\ufeffa ', '\ufeffa')
  const inside = `x${' '.repeat(4_000_000)}x`
  check(` ${inside}\n`, inside)
})
