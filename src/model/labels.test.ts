import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareLabels, compareStrings, Labels, LabelsBuilder } from './labels.ts'

test('strings are ordered as their UTF-8 bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      assert.equal(Math.sign(compareStrings(a, b)), Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))))
    }),
  )
  assert.ok(compareStrings('\uffff', '\u{10000}') < 0)
})

test('label sets are ordered pair by pair, the shorter first', () => {
  const check = (a: Record<string, string>, b: Record<string, string>, want: number) =>
    assert.equal(Math.sign(compareLabels(Labels.of(a), Labels.of(b))), want)
  check({}, {}, 0)
  check({ a: '1' }, { a: '1' }, 0)
  check({ a: '1' }, { a: '2' }, -1)
  check({ a: '1' }, { a: '1', b: '1' }, -1)
  check({ b: '1' }, { a: '2' }, 1)
})

test('a label set is sorted, unique, and knows no empty value', () => {
  const labels = Labels.of({ job: 'a', __name__: 'up', empty: '' })
  assert.deepEqual(labels.pairs, ['__name__', 'up', 'job', 'a'])
  assert.equal(labels.get('empty'), '')
  assert.equal(labels.has('empty'), false)
  assert.throws(
    () =>
      Labels.of([
        ['a', '1'],
        ['a', '2'],
      ]),
    /label a is given once/,
  )
  assert.ok(labels.with({ job: '', x: 'y' }).equals(Labels.of({ __name__: 'up', x: 'y' })))
  assert.ok(labels.without('job').equals(labels.only(['__name__'])))
  assert.ok(
    new LabelsBuilder(labels)
      .delete('job')
      .set('a', 'b')
      .labels()
      .equals(Labels.of({ a: 'b', __name__: 'up' })),
  )
})

test('equal label sets have the same hash and key', () => {
  const a = Labels.of({ a: '1', b: '2' })
  const b = Labels.of([
    ['b', '2'],
    ['a', '1'],
  ])
  assert.equal(a.hash(), b.hash())
  assert.equal(a.key(), b.key())
  assert.notEqual(Labels.of({ ab: 'c' }).key(), Labels.of({ a: 'bc' }).key())
  assert.notEqual(Labels.of({ a: 'b\xffc\xffd' }).key(), Labels.of({ a: 'b', c: 'd' }).key())
})

test('a series is printed as upstream prints it', () => {
  const check = (labels: Record<string, string>, want: string) => assert.equal(Labels.of(labels).toString(), want)
  check({}, '{}')
  check({ __name__: 'up' }, 'up')
  check({ __name__: 'up', job: 'a', instance: 'b:1' }, 'up{instance="b:1", job="a"}')
  check({ job: 'a"b\\c\nd' }, '{job="a\\"b\\\\c\\nd"}')
  check({ __name__: 'a.b', 'x.y': 'z' }, '{"a.b", "x.y"="z"}')
})

test('labels without the metric name are the same object each time', () => {
  const named = Labels.of({ __name__: 'm', __type__: 'counter', a: '1' })
  assert.deepEqual(named.unnamed().pairs, ['a', '1'])
  assert.equal(named.unnamed(), named.unnamed())
  assert.equal(named.unnamed().unnamed(), named.unnamed())
  assert.equal(Labels.of({ __name__: 'm' }).unnamed(), Labels.empty)
  assert.equal(named.get('__name__'), 'm')
})
