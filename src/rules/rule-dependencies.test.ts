import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RuleDefinition } from './rule-definition.ts'
import { independentBatches } from './rule-dependencies.ts'

interface Rule {
  readonly record?: string
  readonly alert?: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
  readonly text?: string
}

const definition = ({ record, alert = '', expr, labels = {}, text = '' }: Rule): RuleDefinition => ({
  kind: record === undefined ? 'alerting' : 'recording',
  name: record ?? alert,
  expr,
  forMs: 0,
  keepFiringForMs: 0,
  labels,
  annotations: text === '' ? {} : { text },
})

test('rules follow those of whose series they see, or that see theirs; all others run at once', () => {
  const check = (rules: readonly Rule[], want: readonly (readonly number[])[]) =>
    assert.deepEqual(independentBatches(rules.map(definition)), want)
  const up = (record: string): Rule => ({ record, expr: 'sum(up)' })
  check([], [])
  check([up('a'), up('b')], [[0, 1]])
  check([up('a'), { record: 'b', expr: 'rate(a[5m])' }], [[0], [1]])
  check(
    [up('a'), up('b'), { record: 'c', expr: 'a + max_over_time(b[1h:1m])' }, up('d'), { alert: 'D', expr: 'c > 1' }],
    [[0, 1, 3], [2], [4]],
  )
  // It sees what the rule below it stored the last time.
  check([{ record: 'b', expr: 'a' }, up('a')], [[0], [1]])
  check([{ record: 'a', expr: 'a + 1' }, up('b')], [[0, 1]])
  // By any matcher.
  check([up('a'), { record: 'b', expr: '{__name__=~"a|x"}' }, { record: 'c', expr: '{__name__!="a", job="x"}' }], [[0], [1], [2]])
  check([up('a'), { record: 'b', expr: '{job="x"}' }], [[0], [1]])
  check(
    [
      { record: 'a', expr: 'up', labels: { job: 'y' } },
      { record: 'b', expr: '{job="x"}' },
    ],
    [[0, 1]],
  )
  check(
    [
      { record: 'a', expr: 'up', labels: { job: 'x' } },
      { record: 'b', expr: 'a{job="x", zone="z"}' },
    ],
    [[0], [1]],
  )
  // The same metric twice: neither sees the other.
  check([up('a'), up('a')], [[0, 1]])
  check(
    [
      { alert: 'A', expr: 'up' },
      { alert: 'B', expr: 'ALERTS{alertname="A"}' },
    ],
    [[0], [1]],
  )
  check(
    [
      { alert: 'A', expr: 'up' },
      { alert: 'B', expr: 'ALERTS{alertname="C"}' },
    ],
    [[0, 1]],
  )
  check(
    [
      { alert: 'A', expr: 'up' },
      { alert: 'B', expr: 'ALERTS_FOR_STATE' },
    ],
    [[0], [1]],
  )
  // What a template asks for is not known, nor what info() adds.
  check([up('a'), { alert: 'B', expr: 'up', text: '{{ query "a" }}' }, up('c')], [[0], [1], [2]])
  check([up('a'), { alert: 'B', expr: 'up', text: '{{ $value }}' }], [[0, 1]])
  check([up('a'), { record: 'b', expr: 'info(up)' }], [[0], [1]])
})
