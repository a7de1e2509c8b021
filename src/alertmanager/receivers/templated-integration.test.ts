import assert from 'node:assert/strict'
import { test } from 'node:test'
import { alertOf, receiverBench, requestOf } from '../../../test/support/receiver-bench.ts'
import type { Clock } from '../../base/env.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import type { Alert } from '../../model/alert.ts'
import { templatedIntegration } from './templated-integration.ts'

/** An alert that counts how often its annotations are looked up. */
function counted(reads: { count: number }): Alert {
  const alert = alertOf({ alertname: 'High' }, { summary: 'x' })
  return {
    ...alert,
    get annotations() {
      reads.count++
      return alert.annotations
    },
  }
}

test('a notification reads its alerts as often as it has to, however many texts are made of it', async () => {
  const check = async (yaml: string) => {
    const bench = await receiverBench(yaml)
    const reads = { count: 0 }
    const { failure, requests } = await bench.send(requestOf([counted(reads), counted(reads)]), () => ({ body: 'ok' }))
    assert.equal(failure, undefined)
    assert.equal(requests.length, 1)
    // For the alert itself, and for what all have in common.
    assert.equal(reads.count, 4, yaml)
  }
  await check('pagerduty_configs: [{routing_key: x, url: "http://r/", links: [{href: "{{ .Status }}", text: "{{ .Receiver }}"}]}]')
  await check('slack_configs: [{api_url: "http://r/"}]')
  await check('webhook_configs: [{url: "http://r/{{ .Status }}", payload: {a: "{{ .Status }}", b: "{{ len .Alerts }}"}}]')
  await check('incidentio_configs: [{url: "http://r/", alert_source_token: x}]')
})

test('a text is made once, and others have their turn between texts that take long', async () => {
  let now = 0
  let rests = 0
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    setTimer(_delayMs, callback) {
      rests++
      setImmediate(callback)
      return { cancel: () => {} }
    },
    setTicker: () => ({ cancel: () => {} }),
  }
  const made: string[] = []
  const seen = new Set<unknown>()
  const make = (template: string, data: unknown) => {
    made.push(template)
    seen.add(data)
    now += 50
    return `${template}!`
  }
  const integration = templatedIntegration(
    { kind: 'test', index: 0, sendResolved: true },
    { env: { ...virtualEnv(), clock }, templates: { text: make, html: make }, externalUrl: '' },
    async ({ text, html, rest }) => {
      for (const template of ['a', 'b', 'a', 'c']) {
        assert.equal(text(template), `${template}!`)
        await rest()
      }
      html('d')
      await rest()
    },
  )
  assert.equal(await integration.notify(requestOf([alertOf({ alertname: 'High' })]), new AbortController().signal), undefined)
  assert.deepEqual(made, ['a', 'b', 'c', 'd'])
  assert.equal(seen.size, 1)
  // The second `a` took no time.
  assert.equal(rests, 4)
})
