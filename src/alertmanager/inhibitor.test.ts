import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { type Alert, fingerprint } from '../model/alert.ts'
import { Labels } from '../model/labels.ts'
import type { InhibitRule } from './alertmanager-config.ts'
import { AlertStore } from './alerts/alert-store.ts'
import { Inhibitor } from './inhibitor.ts'
import { LabelMatcher } from './label-matcher.ts'

const is = (name: string, value: string) => new LabelMatcher('=', name, value)

function inhibitorOf(rules: readonly InhibitRule[]) {
  const env = virtualEnv()
  const store = new AlertStore({ clock: env.clock, log: env.log, metrics: env.metrics, perNameLimit: 0 })
  const fire = (labels: Record<string, string>, forMs = 1000) => {
    const now = env.clock.now()
    const alert: Alert = {
      labels: Labels.of(labels),
      annotations: Labels.empty,
      startsAt: now,
      endsAt: now + forMs,
      generatorUrl: '',
      updatedAt: now,
      hasTimeout: false,
    }
    store.put([alert])
    return fingerprint(alert.labels)
  }
  const inhibitor = new Inhibitor(rules, store)
  return {
    env,
    store,
    fire,
    inhibitor,
    by: (labels: Record<string, string>) => inhibitor.inhibitedBy(Labels.of(labels), env.clock.now()),
  }
}

test('the target side is inhibited while the source side fires, where labels are equal', async () => {
  const rule = {
    name: '',
    sourceMatchers: [is('severity', 'critical')],
    targetMatchers: [is('severity', 'warning')],
    equal: ['job', 'absent'],
  }
  const { env, fire, by } = inhibitorOf([rule])
  assert.equal(by({ severity: 'warning', job: 'a' }), undefined)
  const source = fire({ severity: 'critical', job: 'a' })
  assert.equal(by({ severity: 'warning', job: 'a', x: 'y' }), source)
  assert.equal(by({ severity: 'warning', job: 'b' }), undefined)
  assert.equal(by({ severity: 'info', job: 'a' }), undefined)
  assert.equal(by({ severity: 'warning', job: 'a', absent: 'here' }), undefined)
  await env.clock.advance(1000)
  assert.equal(by({ severity: 'warning', job: 'a' }), undefined)
})

test('who matches both sides is not inhibited by those that do, and by those of the source side alone', () => {
  const { fire, by } = inhibitorOf([{ name: '', sourceMatchers: [is('s', '1')], targetMatchers: [is('t', '1')], equal: ['e'] }])
  const both = fire({ s: '1', t: '1', e: '1' })
  assert.equal(by({ s: '1', t: '1', e: '1' }), undefined)
  assert.equal(by({ t: '1', e: '1' }), both)
  // Upstream's index, which holds one source for equal labels, may miss this one.
  const source = fire({ s: '1', e: '1', n: '2' })
  assert.equal(by({ s: '1', t: '1', e: '1' }), source)
})

test('a later end keeps inhibiting', async () => {
  const { env, fire, inhibitor, by } = inhibitorOf([
    { name: '', sourceMatchers: [is('s', '1')], targetMatchers: [is('t', '1')], equal: [] },
  ])
  fire({ s: '1', n: '1' }, 1000)
  const long = fire({ s: '1', n: '2' }, 9000)
  await env.clock.advance(2000)
  inhibitor.collect(env.clock.now())
  assert.equal(by({ t: '1' }), long)
  inhibitor.close()
  fire({ s: '1', n: '3' }, 90_000)
  await env.clock.advance(8000)
  assert.equal(by({ t: '1' }), undefined)
})

test('a source that was forgotten inhibits again, though the clock goes back to before it was over', async () => {
  const { env, fire, inhibitor, by } = inhibitorOf([
    { name: '', sourceMatchers: [is('s', '1')], targetMatchers: [is('t', '1')], equal: [] },
  ])
  const source = fire({ s: '1' })
  env.clock.jump(5000)
  inhibitor.collect(env.clock.now())
  env.clock.jump(-5000)
  assert.equal(by({ t: '1' }), undefined)
  fire({ s: '1' })
  assert.equal(by({ t: '1' }), source)
})
