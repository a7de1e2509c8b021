import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALONE, inTurns } from './test-turns.ts'

const turnsOf = (paths: readonly string[], alone: readonly string[] = []) =>
  inTurns(paths, (path) => alone.includes(path)).map(({ paths }) => paths.join(' '))

test('tests of a folder share a process, those that start programs have one each and come first', () => {
  assert.deepEqual(turnsOf(['src/a/x.ts', 'src/a/b/y.ts', 'src/c/x.ts', 'test/e2e/y.ts', 'test/x.ts', 'ui/src/a/x.ts', 'ui/src/c/x.ts']), [
    'test/e2e/y.ts',
    'test/x.ts',
    'src/a/x.ts src/a/b/y.ts',
    'src/c/x.ts',
    'ui/src/a/x.ts ui/src/c/x.ts',
  ])
})

test('a test that says so is alone, and its neighbours stay together', () => {
  assert.deepEqual(turnsOf(['src/a/x.ts', 'src/a/y.ts', 'src/a/z.ts'], ['src/a/y.ts']), ['src/a/x.ts src/a/z.ts', 'src/a/y.ts'])
  assert.match('import a\n// In a process of its own: it counts memory.\n', ALONE)
  assert.doesNotMatch("check('// In a process of its own: no')\n", ALONE)
})

test('every test is in one turn, and turns have different names', () => {
  const paths = Array.from({ length: 100 }, (_, i) => `src/${'abc'[i % 3]}/${i}.ts`).sort()
  const turns = inTurns(paths, (path) => path.endsWith('7.ts'))
  assert.deepEqual(turns.flatMap(({ paths }) => paths).sort(), paths)
  assert.equal(new Set(turns.map(({ name }) => name)).size, turns.length)
  assert.ok(turns.every(({ paths }) => paths.length <= 12))
})
