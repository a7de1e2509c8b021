import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '../api/client.ts'
import { AlertmanagerClient } from './client.ts'

/** A client below a prefix whose calls are recorded and get one answer. */
function clientAnswering(status: number, body: string) {
  const calls: { url: string; method: string; body: string }[] = []
  const fetchFunction = (async (input: string, init?: RequestInit) => {
    calls.push({ url: input, method: init?.method ?? 'GET', body: String(init?.body ?? '') })
    return new Response(body, { status })
  }) as typeof fetch
  return { calls, client: new AlertmanagerClient('/am/', fetchFunction) }
}

const never = new AbortController().signal
const silence = { matchers: [], startsAt: 's', endsAt: 'e', createdBy: 'me', comment: 'c' }

test('groups are asked for with what is shown of them, each matcher a filter of its own', async () => {
  const { calls, client } = clientAnswering(200, '{}')
  const shown = { active: true, silenced: false, inhibited: true, muted: false }
  const matchers = [{ name: 'a b', operator: '=~' as const, value: 'c"|d' }]
  await client.groups({ matchers, receiver: 'team', shown, groupsMax: 50, alertsMax: 200 }, never)
  await client.groups({ matchers: [], receiver: '', shown, groupsMax: 50, alertsMax: 100, key: '{}:{a="b"}' }, never)
  const [all, one] = calls.map(({ url }) => new URL(url, 'http://x'))
  assert.equal(all.pathname, '/am/api/v2/promontory/groups')
  assert.deepEqual(all.searchParams.getAll('filter'), ['"a b"=~"c\\"|d"'])
  const params = (url: URL) => Object.fromEntries([...url.searchParams].filter(([name]) => name !== 'filter'))
  const states = { active: 'true', silenced: 'false', inhibited: 'true', muted: 'false' }
  assert.deepEqual(params(all), { ...states, groups: '50', alerts: '200', receiver: 'team' })
  assert.deepEqual(params(one), { ...states, groups: '50', alerts: '100', key: '{}:{a="b"}' })
})

test('a silence is made, and ends', async () => {
  const made = clientAnswering(200, '{"silenceID":"abc"}\n')
  assert.equal(await made.client.setSilence(silence), 'abc')
  assert.deepEqual(made.calls, [{ url: '/am/api/v2/silences', method: 'POST', body: JSON.stringify(silence) }])
  const ended = clientAnswering(200, '')
  await ended.client.expireSilence('abc')
  assert.deepEqual(ended.calls, [{ url: '/am/api/v2/silence/abc', method: 'DELETE', body: '' }])
})

test('what the server refuses is told in its words', async () => {
  const check = (status: number, body: string, message: string) =>
    assert.rejects(
      clientAnswering(status, body).client.setSilence(silence),
      (error) => error instanceof ApiError && error.status === status && error.message === message,
    )
  await check(
    400,
    '"Failed to create silence: start time must be before end time"\n',
    'Failed to create silence: start time must be before end time',
  )
  await check(422, '{"code":602,"message":"comment in body is required"}', 'comment in body is required')
  await check(404, '', 'there is none with this ID')
  await check(502, '<html>bad gateway', 'status 502: <html>bad gateway')
})

test('history is asked for by receiver and outcome', async () => {
  const { calls, client } = clientAnswering(200, '[]')
  await client.notifications({ receiver: 'a b', outcome: 'failed', limit: 50 }, never)
  assert.equal(calls[0].url, '/am/api/v2/promontory/notifications?limit=50&receiver=a+b&outcome=failed')
})

test('one that settles is starting', async () => {
  assert.equal(await clientAnswering(503, '').client.readiness(), 'starting')
  assert.equal(await clientAnswering(200, 'OK').client.readiness(), 'ready')
})
