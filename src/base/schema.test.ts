import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from './nearest.ts'
import {
  boolean,
  float,
  integer,
  list,
  map,
  oneOf,
  printable,
  secret,
  section,
  text,
  unsupported,
  url,
  visitUnsupported,
} from './schema.ts'
import type { Schema } from './schema-type.ts'
import { parseYamlTree } from './yaml-tree.ts'

/** The value, or the problems. */
function read(schema: Schema, yaml: string): unknown {
  const parsed = schema.read(parseYamlTree(yaml).root)
  return parsed.success ? parsed.data : parsed.problems.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

test('a scalar is what its field makes of it', () => {
  const check = (schema: Schema, yaml: string, want: unknown) => assert.deepEqual(read(schema, yaml), want, yaml)
  check(text(), '500', '500')
  check(text(), '1.10', '1.10')
  check(text(), 'yes', 'yes')
  check(text(), '[a]', [': found a list, want a text'])
  check(boolean(), 'y', true)
  check(boolean(), 'Off', false)
  check(boolean(), '"true"', [': found "true", want true or false'])
  check(integer(), '017', 15)
  check(integer(), '0o17', 15)
  check(integer(), '0x1f', 31)
  check(integer(), '0b11', 3)
  check(integer(), '1_000', 1000)
  check(integer(), '1e3', 1000)
  check(integer(), '1.5', [': found "1.5", want a whole number that is not negative'])
  check(integer(-1), '-1', -1)
  check(integer(), '-1', [': found "-1", want a whole number that is not negative'])
  check(integer(), '99999999999999999999', [': found 99999999999999999999, want a number up to 9007199254740991'])
  check(float(), '0.5', 0.5)
  check(float(), 'half', [': found "half", want a number'])
  check(oneOf(['a', 'b']), 'c', [': found "c", want a or b'])
  check(url(), 'nowhere', [': found "nowhere", want a URL such as http://host:9090/path'])
})

const schema = section(
  'thing',
  {
    name: text(),
    password: secret(),
    parts: list(section('part', { size: integer() }), { empty: 'empty part' }),
    old: unsupported(boolean(), false),
    tags: map(text()),
  },
  { printed: { name: 'unnamed' }, check: (thing, report) => thing.name === 'bad' && report(['name'], 'a bad name') },
)

test('all problems of a section are found at once, with the nearest name for an unknown one', () => {
  assert.deepEqual(read(schema, '{nam: x, parts: [{size: a}, ~, {sizes: 1}], tags: {a: [1]}, zzzzzzzzz: 1}'), [
    'parts.0.size: found "a", want a whole number that is not negative',
    'parts.1: empty part',
    'parts.2.sizes: unknown field sizes in part, did you mean size?',
    'tags.a: found a list, want a text',
    'nam: unknown field nam in thing, did you mean name?',
    'zzzzzzzzz: unknown field zzzzzzzzz in thing, known fields: name, password, parts, old, tags',
  ])
  assert.deepEqual(read(schema, 'name: bad'), ['name: a bad name'])
  assert.deepEqual(read(schema, '5'), [': found "5", want the fields of thing'])
  assert.deepEqual(read(schema, '{name: ~}'), { name: undefined })
})

test('unsupported fields are visited when they ask for something', () => {
  const seen = (yaml: string) => {
    const fields: string[] = []
    visitUnsupported(schema, read(schema, yaml), (_, field) => fields.push(field))
    return fields
  }
  assert.deepEqual(seen('old: true'), ['old'])
  assert.deepEqual(seen('old: false'), [])
  assert.deepEqual(seen('name: x'), [])
})

test('printing fills defaults in and hides secrets', () => {
  const shown = (yaml: string) => printable(schema, read(schema, yaml))
  assert.deepEqual(shown('{tags: {a: 017}, password: x, parts: [{size: 0x10}]}'), {
    name: 'unnamed',
    password: '<secret>',
    parts: [{ size: 16 }],
    tags: { a: '017' },
  })
  assert.equal(printable(url(), read(url(), 'http://u:p@h/x')), 'http://u:xxxxx@h/x')
})

test('a mistyped name has a nearest one, another word has none', () => {
  const names = ['scrape_interval', 'scrape_timeout', 'job_name']
  assert.equal(nearest('scrape_intervall', names), 'scrape_interval')
  assert.equal(nearest('jobname', names), 'job_name')
  assert.equal(nearest('job_nmae', names), 'job_name')
  assert.equal(nearest('replicas', names), undefined)
})
