import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Labels } from '../../model/labels.ts'
import { LabelGrowth } from './label-growth.ts'

const KNOWN = new Set(['__name__=requests', 'instance=a', 'instance=b', 'path=/x', 'path=/y', 'path=/z'])
const known = { hasPair: (name: string, value: string) => KNOWN.has(`${name}=${value}`) }

function grown(series: readonly Readonly<Record<string, string>>[]): string {
  const growth = new LabelGrowth()
  let last = ''
  for (const labels of series) last = growth.observe(Labels.of(labels), known)
  return last
}

const times = (count: number, make: (i: number) => Record<string, string>) => Array.from({ length: count }, (_, i) => make(i))

test('the label that grew is the one with new values, and of those the one with the most', () => {
  const check = (series: readonly Record<string, string>[], want: string) => assert.equal(grown(series), want)
  check([{ __name__: 'requests', instance: 'a', user: '1' }], 'user')
  check(
    times(50, (i) => ({ __name__: 'requests', instance: 'ab'[i % 2], path: `/${'xyz'[i % 3]}`, user: `u${i}` })),
    'user',
  )
  check(
    times(50, (i) => ({ __name__: `new_${i % 3}`, user: `u${i}`, zone: `z${i % 7}` })),
    'user',
  )
  check(
    times(20, (i) => ({ __name__: `metric_${i}`, instance: 'a' })),
    '__name__',
  )
  check([{ __name__: 'new_metric', shard: 'first' }], 'shard')
  // Values that are there already, in a combination that is not.
  check(
    times(6, (i) => ({ __name__: 'requests', instance: 'ab'[i % 2], path: `/${'xyz'[i % 3]}` })),
    'path',
  )
  check([{}], '')
})

test('hundreds of label names and a million values take no more than a bounded memory', () => {
  const growth = new LabelGrowth()
  for (let i = 0; i < 500; i++) growth.observe(Labels.of({ [`label_${i}`]: String(i) }), known)
  assert.equal(growth.labels().length, 32)
  const other = new LabelGrowth()
  for (let i = 0; i < 100_000; i++)
    assert.equal(other.observe(Labels.of({ __name__: 'requests', path: '/x', user: `u${i}` }), known), 'user')
  const [{ label, values }] = other.labels()
  assert.equal(label, 'user')
  assert.ok(values > 80_000 && values < 120_000, String(values))
})
