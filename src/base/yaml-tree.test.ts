import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { YamlValue } from './yaml-tree.ts'
import { parseYamlTree, YamlScalar } from './yaml-tree.ts'

/** Scalars as their text, quoted ones in quotes. */
function plain(value: YamlValue): unknown {
  if (value === undefined) return null
  if (value instanceof YamlScalar) return value.plain ? value.text : JSON.stringify(value.text)
  if (Array.isArray(value)) return value.map(plain)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item as YamlValue)]))
}

test('scalars keep what the file says', () => {
  const check = (text: string, want: unknown) => assert.deepEqual(plain(parseYamlTree(text).root), want, text)
  check('a: 017', { a: '017' })
  check('a: 1.10', { a: '1.10' })
  check('a: "5"', { a: '"5"' })
  check('a: !!str 5', { a: '"5"' })
  check('a: |\n  x\n  y\n', { a: '"x\\ny\\n"' })
  check('a: ~', { a: null })
  check('a:', { a: null })
  check("a: ''", { a: '""' })
  check('', null)
  check('[1, {b: yes}]', ['1', { b: 'yes' }])
  check('{"a": [1, "x"]}', { a: ['1', '"x"'] })
  check('a: &x {b: 1}\nc: *x', { a: { b: '1' }, c: { b: '1' } })
  check('a: &x {b: 1, d: 2}\nc:\n  <<: *x\n  b: 3', { a: { b: '1', d: '2' }, c: { b: '3', d: '2' } })
  check('c:\n  <<: [{b: 1}, {b: 2, e: 5}]', { c: { b: '1', e: '5' } })
})

test('problems have places', () => {
  const check = (text: string, ...want: readonly string[]) =>
    assert.deepEqual(
      parseYamlTree(text).problems.map(({ line, column, message }) => `${line}:${column}: ${message}`),
      want,
    )
  check('a: 1\nb: 2\na: 3', '3:1: field a is given twice, first on line 1')
  check('a: *x', '1:4: unknown anchor "x"')
  check('a: &x [*x]', '1:7: an alias stands inside of what it stands for')
  check('a: {b: c', '1:9: flow map in block collection must be sufficiently indented and end with a }')
  check('{a: 1}: 2', '1:1: a field name must be a plain text')
  check('c:\n  <<: 5', '2:7: a merge key (<<) needs a mapping or a list of mappings')
})

test('places are of the value, of its name, or of the nearest there is', () => {
  const tree = parseYamlTree('jobs:\n  - name: a\n    list: [x, yy]\n  - name:\n')
  const at = (place: { line: number; column: number }) => `${place.line}:${place.column}`
  assert.equal(at(tree.valuePosition(['jobs', 0, 'list', 1])), '3:15')
  assert.equal(at(tree.fieldPosition(['jobs', 0, 'list'])), '3:5')
  assert.equal(at(tree.valuePosition(['jobs', 1, 'name'])), '4:5')
  assert.equal(at(tree.valuePosition(['jobs', 0, 'none'])), '2:5')
  assert.equal(at(tree.valuePosition(['nowhere'])), '1:1')
})

test('aliases that multiply are cut off', () => {
  const levels = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
  for (let level = 1; level < 10; level++)
    levels.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`)
  assert.match(parseYamlTree(levels.join('\n')).problems[0].message, /more than 2000000 values/)
})

test('documents after the first are noticed', () => {
  assert.deepEqual(parseYamlTree('---\na: 1\n---\nb: 2\n').extraDocuments.length, 1)
})
