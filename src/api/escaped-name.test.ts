import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unescapeName } from './escaped-name.ts'

test('unescapeName', () => {
  const check = (name: string, want: string) => assert.equal(unescapeName(name), want)
  check('job', 'job')
  check('U__a_2e_b', 'a.b')
  check('U__a_2E_b', 'a.b')
  check('U__a__b', 'a_b')
  check('U___1F600_', '\u{1f600}')
  check('U__', '')
  check('U__a_zz_b', 'U__a_zz_b')
  check('U__a_2e', 'U__a_2e')
  check('U__a_', 'U__a_')
  check('U__a_1234567_', 'U__a_1234567_')
  check('U__a_d800_', 'U__a_d800_')
  check('U__a_110000_', 'U__a_110000_')
})
