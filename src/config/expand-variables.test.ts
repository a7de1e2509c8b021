import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expandVariables } from './expand-variables.ts'

test('variables are expanded as Go does', () => {
  const check = (text: string, want: string, wantMissing: readonly string[] = []) => {
    const missing: string[] = []
    assert.equal(
      expandVariables(text, { A: '1', LONG_NAME: '2' }, (name) => missing.push(name)),
      want,
      text,
    )
    assert.deepEqual(missing, wantMissing)
  }
  check('a', 'a')
  check('$A', '1')
  check('${A}b', '1b')
  check('$LONG_NAME-x', '2-x')
  check('$$A', '$A')
  check('$', '$')
  check('5$ off', '5$ off')
  check('$none', '', ['none'])
  check('${}', '')
  check('${A', '${A')
})
