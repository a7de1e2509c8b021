import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type EscapingScheme, escapeName, unescapeName } from './name-escaping.ts'

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

test('escapeName', () => {
  const check = (name: string, underscores: string, dots: string, values: string) => {
    const want: Record<EscapingScheme, string> = { 'allow-utf-8': name, underscores, dots, values }
    for (const scheme in want) assert.equal(escapeName(name, scheme as EscapingScheme), want[scheme as EscapingScheme], `${name} ${scheme}`)
  }
  check('', '', '', '')
  check('no:escaping_required', 'no:escaping_required', 'no:escaping_required', 'no:escaping_required')
  check(
    'mysystem.prod.west.cpu.load',
    'mysystem_prod_west_cpu_load',
    'mysystem_dot_prod_dot_west_dot_cpu_dot_load',
    'U__mysystem_2e_prod_2e_west_2e_cpu_2e_load',
  )
  check('a.b_c', 'a_b_c', 'a_dot_b__c', 'U__a_2e_b__c')
  check('0a', '_a', '__a', 'U___30_a')
  check('a 花\u{1f600}', 'a___', 'a______', 'U__a_20__82b1__1f600_')
})

test('what is escaped by values is read back', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', minLength: 1 }).filter((name) => !name.startsWith('U__')),
      (name) => {
        assert.equal(unescapeName(escapeName(name, 'values')), name)
      },
    ),
  )
})
