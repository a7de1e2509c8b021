import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Labels } from '../../model/labels.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import { ColumnMemory } from './columns.ts'
import { Grouping } from './grouping.ts'
import { Signatures } from './signatures.ts'

const memory = new ColumnMemory(unlimitedContext().budget)

const all = [
  Labels.of({ __name__: 'm', a: '1', b: 'x' }),
  Labels.of({ __name__: 'n', a: '1', b: 'y' }),
  Labels.of({ __name__: 'm', a: '2' }),
]

const UNFILLED = { fillLeft: undefined, fillRight: undefined }

test('label sets that come again are known again, be they of one group or another', () => {
  const grouping = new Grouping(['a', 'b'], false, memory)
  const [one, two] = [Labels.of({ a: '1', c: 'x' }), Labels.of({ b: '2' })]
  const again = [one, two, one, two, Labels.of({ a: '1' }), Labels.of({ b: '2', c: 'y' }), one]
  assert.deepEqual(
    again.map((labels) => grouping.indexOf(labels)),
    [0, 1, 0, 1, 0, 1, 0],
  )
})

test('groups are numbered as they are seen', () => {
  const check = (names: string[], without: boolean, want: number[], labels: string[]) => {
    const grouping = new Grouping(names, without, memory)
    assert.deepEqual(
      all.map((series) => grouping.indexOf(series)),
      want,
    )
    assert.deepEqual(grouping.labels.map(String), labels)
  }
  check([], false, [0, 0, 0], ['{}'])
  check(['a'], false, [0, 0, 1], ['{a="1"}', '{a="2"}'])
  check(['b'], false, [0, 1, 2], ['{b="x"}', '{b="y"}', '{}'])
  check(['b'], true, [0, 0, 1], ['{a="1"}', '{a="2"}'])
  check([], true, [0, 1, 2], ['{a="1", b="x"}', '{a="1", b="y"}', '{a="2"}'])
  check(['__name__'], false, [0, 1, 0], ['m', 'n'])
})

test('series match by the labels that are named, or by all others but the name', () => {
  const check = (on: boolean, labels: string[], want: number[]) => {
    const signatures = new Signatures({ cardinality: 'one-to-one', on, labels, include: [], ...UNFILLED }, memory)
    assert.deepEqual(
      all.map((series) => signatures.indexOf(series)),
      want,
    )
  }
  check(true, ['a'], [0, 0, 1])
  check(true, [], [0, 0, 0])
  check(true, ['__name__'], [0, 1, 0])
  check(false, ['b'], [0, 0, 1])
  check(false, [], [0, 1, 2])
  const signatures = new Signatures({ cardinality: 'one-to-one', on: true, labels: ['a'], include: [], ...UNFILLED }, memory)
  assert.equal(signatures.find(all[0]), undefined)
  signatures.indexOf(all[0])
  assert.equal(signatures.find(all[1]), 0)
  assert.equal(String(signatures.labelsOf(all[1])), '{a="1"}')
})
