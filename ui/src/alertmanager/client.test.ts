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

test('groups are asked for in all states, each matcher a filter of its own', async () => {
  const { calls, client } = clientAnswering(200, '[]')
  await client.groups([{ name: 'a b', operator: '=~', value: 'c"|d' }], 'team', never)
  const url = new URL(calls[0].url, 'http://x')
  assert.equal(url.pathname, '/am/api/v2/alerts/groups')
  assert.deepEqual(url.searchParams.getAll('filter'), ['"a b"=~"c\\"|d"'])
  assert.deepEqual(
    ['silenced', 'inhibited', 'muted', 'active', 'receiver'].map((name) => url.searchParams.get(name)),
    ['true', 'true', 'true', 'true', 'team'],
  )
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
