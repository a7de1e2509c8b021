import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseNotificationData } from './notification-json.ts'

test('the data of a notification is read, and what is not there is empty', () => {
  const data = parseNotificationData(
    JSON.stringify({
      receiver: 'page',
      status: 'firing',
      version: '4',
      truncatedAlerts: 0,
      alerts: [
        {
          status: 'firing',
          labels: { alertname: 'Down', constructor: 'x' },
          annotations: null,
          startsAt: '2026-01-02T03:04:05.1234567+02:00',
          generatorURL: 'http://p',
          fingerprint: 'f00',
        },
        {},
      ],
      notification_reason: 'first',
      groupLabels: { alertname: 'Down' },
      externalURL: 'http://a',
    }),
  )
  const { alerts, ...others } = data
  assert.deepEqual(others, {
    receiver: 'page',
    status: 'firing',
    notificationReason: 'first',
    groupLabels: new Map([['alertname', 'Down']]),
    commonLabels: new Map(),
    commonAnnotations: new Map(),
    externalUrl: 'http://a',
  })
  const [first, empty] = alerts
  assert.deepEqual(
    [first.status, first.labels, first.annotations, first.generatorUrl, first.fingerprint],
    [
      'firing',
      new Map([
        ['alertname', 'Down'],
        ['constructor', 'x'],
      ]),
      new Map(),
      'http://p',
      'f00',
    ],
  )
  assert.deepEqual(
    [first.startsAt.nanoseconds, first.startsAt.zone],
    [BigInt(Date.UTC(2026, 0, 2, 1, 4, 5)) * 1_000_000n + 123_456_700n, '+02:00'],
  )
  assert.deepEqual([empty.status, empty.labels.size, empty.startsAt.zone], ['', 0, 'UTC'])
  assert.equal(empty.endsAt.nanoseconds, BigInt(Date.parse('0001-01-01T00:00:00Z')) * 1_000_000n)
  assert.deepEqual(parseNotificationData('{"alerts": null}').alerts, [])
  assert.equal(parseNotificationData('{"__proto__": {"receiver": "x"}}').receiver, '')
})

test('what is wrong with it is said with its place', () => {
  const check = (json: string, want: string) => assert.throws(() => parseNotificationData(json), { code: 'bad_data', message: want }, json)
  check('[]', 'the document: found [], want an object')
  check('null', 'the document: found null, want an object')
  check('{"receiver": null}', 'receiver: found null, want a text')
  check('{"alerts": {}}', 'alerts: found {}, want a list')
  check('{"alerts": [{}, null]}', 'alerts.1: found null, want an object')
  check('{"alerts": [{"labels": {"a": 5}}]}', 'alerts.0.labels.a: found 5, want a text')
  check('{"alerts": [{"labels": ["a"]}]}', 'alerts.0.labels: found ["a"], want an object')
  check('{"alerts": [{"endsAt": "today"}]}', 'alerts.0.endsAt: found "today", want a time such as 2026-01-02T03:04:05Z')
  check(`{"status": [${'1,'.repeat(100)}1]}`, `status: found [${'1,'.repeat(39)}1…, want a text`)
  assert.throws(() => parseNotificationData('{'), /found no JSON/)
})
