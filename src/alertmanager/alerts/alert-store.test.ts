import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../../base/env-virtual.ts'
import type { Alert } from '../../model/alert.ts'
import { Labels } from '../../model/labels.ts'
import { AlertStore } from './alert-store.ts'

function storeOf(perNameLimit = 0) {
  const env = virtualEnv()
  const store = new AlertStore({ clock: env.clock, log: env.log, metrics: env.metrics, perNameLimit })
  const alert = (labels: Record<string, string>, forMs: number): Alert => {
    const now = env.clock.now()
    return {
      labels: Labels.of(labels),
      annotations: Labels.empty,
      startsAt: now,
      endsAt: now + forMs,
      generatorUrl: '',
      updatedAt: now,
      hasTimeout: false,
    }
  }
  return { env, store, alert }
}

test('who listens hears what is there, and what comes', () => {
  const { store, alert } = storeOf()
  store.put([alert({ a: '1' }, 1000)])
  const heard: string[] = []
  const subscription = store.subscribe('test', { take: ({ labels }) => heard.push(labels.get('a')), goOn: () => {} })
  store.put([alert({ a: '2' }, 1000)])
  subscription.cancel()
  store.put([alert({ a: '3' }, 1000)])
  assert.deepEqual(heard, ['1', '2'])
})

test('an alert is one for as long as it is known, and goes when it is over', async () => {
  const { env, store, alert } = storeOf()
  store.put([alert({ a: '1' }, 10_000)])
  const [{ labels }] = store.all()
  await env.clock.advance(5_000)
  store.put([alert({ a: '1' }, 10_000)])
  const [known] = store.all()
  assert.equal(known.labels, labels)
  assert.equal(known.startsAt, env.clock.now() - 5_000)
  await env.clock.advance(9_999)
  store.collect()
  assert.equal(store.size, 1)
  await env.clock.advance(1)
  store.collect()
  assert.equal(store.size, 0)
})

test('an alert that goes on is told of as a number, one that is not what it was as another', async () => {
  const { env, store, alert } = storeOf()
  const heard: string[] = []
  store.subscribe('test', { take: ({ endsAt }) => heard.push(`until ${endsAt - start}`), goOn: (count) => heard.push(`${count} more`) })
  const start = env.clock.now()
  const news = (changes: Partial<Alert>) => store.put([{ ...alert({ a: '1' }, 1000), startsAt: start, ...changes }])
  news({})
  await env.clock.advance(500)
  const [first] = store.all()
  news({})
  assert.equal(first.endsAt, start + 1500)
  news({ annotations: Labels.of({ summary: 'worse' }) })
  news({ annotations: Labels.of({ summary: 'worse' }), generatorUrl: 'http://a/' })
  news({ annotations: Labels.of({ summary: 'worse' }), generatorUrl: 'http://a/' })
  assert.equal(first.annotations.size, 0)
  const [second] = store.all()
  store.get(Labels.of({ a: '1' }).smallKey())!.isLetGo = true
  news({ annotations: second.annotations, generatorUrl: second.generatorUrl })
  news({ endsAt: start + 500 })
  news({})
  assert.deepEqual(heard, ['until 1000', '1 more', 'until 1500', 'until 1500', '1 more', 'until 1500', 'until 500', 'until 1500'])
})

test('a name has no more alerts than it may; those that are over make room', async () => {
  const { env, store, alert } = storeOf(2)
  store.put(['1', '2', '3'].map((a) => alert({ alertname: 'N', a }, 1000)))
  store.put([alert({ alertname: 'M' }, 1000), alert({ alertname: 'N', a: '1' }, 5000)])
  assert.deepEqual(
    [...store.all()].map(({ labels }) => labels.get('a')),
    ['1', '2', ''],
  )
  assert.equal((await env.metrics.getSingleMetric('alertmanager_alerts_limited_total')?.get())?.values[0].value, 1)
  await env.clock.advance(1000)
  store.put([alert({ alertname: 'N', a: '4' }, 1000)])
  assert.equal(store.get(Labels.of({ alertname: 'N', a: '4' }).smallKey())?.labels.get('a'), '4')
})
