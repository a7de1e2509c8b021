import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'
import { WriteDestination, writeConfig } from '../../../test/support/write-destination.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { retryAfterMs } from './retry-after.ts'
import { WriteClient } from './write-client.ts'

const BODY = new Uint8Array([0])

async function send(config: Parameters<typeof writeConfig>[0]) {
  const world = virtualEnv()
  const to = new WriteDestination(world)
  to.latencyMs = 0
  to.behave = () => ({ status: 204 })
  world.dns.set('far', { type: 'A', address: '10.0.0.1' }, { type: 'A', address: '10.0.0.2' }, { type: 'AAAA', address: 'fd00::3' })
  const client = new WriteClient({ ...world, http: to.http }, writeConfig(config))
  return {
    world,
    to,
    client,
    async once() {
      const outcome = client.send(BODY, 1, 0, new AbortController().signal)
      while (to.requests.length === 0 || (await Promise.race([outcome, undefined])) === undefined) await world.clock.advance(1)
      return to.requests.at(-1)!
    },
  }
}

const sha256 = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()

test("requests for AWS are signed as its documentation says, at this server's time", async () => {
  const sigv4 = {
    region: 'eu-central-1',
    accessKey: 'AKIDEXAMPLE',
    secretKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    profile: '',
    roleArn: '',
    externalId: '',
    useFipsStsEndpoint: false,
    serviceName: 'aps',
  }
  const { once, world } = await send({ url: 'http://aps.example/workspaces/ws-1/api/v1/remote_write', sigv4 })
  const now = `${new Date(world.clock.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '')}`
  const { headers } = await once()
  assert.equal(headers['x-amz-date'], now)
  const found = /^AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})$/.exec(headers.authorization)
  assert.ok(found, headers.authorization)
  const [, credential, signedHeaders, signature] = found
  const scope = `${now.slice(0, 8)}/eu-central-1/aps/aws4_request`
  assert.equal(credential, `AKIDEXAMPLE/${scope}`)
  // Source: docs.aws.amazon.com, "Create a signed AWS API request".
  const values: Record<string, string> = { ...headers, host: 'aps.example' }
  const canonical = [
    'POST',
    '/workspaces/ws-1/api/v1/remote_write',
    '',
    ...signedHeaders.split(';').map((name) => `${name}:${values[name]}`),
    '',
    signedHeaders,
    sha256(BODY),
  ].join('\n')
  const key = ['eu-central-1', 'aps', 'aws4_request'].reduce(
    hmac as (key: Buffer, text: string) => Buffer,
    hmac(`AWS4${sigv4.secretKey}`, now.slice(0, 8)),
  )
  assert.equal(signature, hmac(key, ['AWS4-HMAC-SHA256', now, scope, sha256(canonical)].join('\n')).toString('hex'))
})

test('a password in the URL is not in what is said of a receiver that does not answer', async () => {
  const world = virtualEnv()
  const to = new WriteDestination(world)
  to.behave = () => 'deaf'
  const config = writeConfig({ url: 'http://me:geheim@far/api/v1/write' })
  const outcome = new WriteClient({ ...world, http: to.http }, config).send(BODY, 1, 0, new AbortController().signal)
  await world.clock.advance(config.remoteTimeoutMs + 1)
  assert.deepEqual(await outcome, {
    kind: 'again',
    error: 'Post "http://me:***@far/api/v1/write": context deadline exceeded',
    waitMs: 0,
  })
})

test('a redirection that would drop the samples is not taken for an answer, one that keeps them is followed', async () => {
  const check = async (status: number, want: string) => {
    const world = virtualEnv()
    const to = new WriteDestination(world)
    to.latencyMs = 0
    const methods: string[] = []
    const http: typeof to.http = {
      ...to.http,
      async stream(request) {
        methods.push(request.method ?? 'GET')
        // As a page for people, which answers a GET whatever it is about.
        if (request.url.endsWith('/elsewhere') && request.body === undefined) return to.http.stream({ ...request, body: BODY })
        return to.http.stream(request)
      },
    }
    to.behave = ({ url }) => (url.endsWith('/elsewhere') ? { status: 200 } : { status, headers: { location: '/elsewhere' } })
    const outcome = new WriteClient({ ...world, http }, writeConfig({})).send(BODY, 1, 0, new AbortController().signal)
    await world.clock.advance(100)
    assert.equal(`${(await outcome).kind} ${methods}`, want)
  }
  await check(301, 'refused POST')
  await check(302, 'refused POST')
  await check(307, 'taken POST,POST')
  await check(308, 'taken POST,POST')
})

test('round_robin_dns asks all addresses of the host, and names the host', async () => {
  const { once, to } = await send({ roundRobinDns: true, url: 'http://far:9090/api/v1/write' })
  for (let i = 0; i < 30; i++) await once()
  const hosts = new Set(to.requests.map(({ url }) => new URL(url).host))
  assert.deepEqual([...hosts].sort(), ['10.0.0.1:9090', '10.0.0.2:9090', '[fd00::3]:9090'])
  for (const { headers } of to.requests) assert.equal(headers.host, 'far:9090')
})

test('Retry-After is seconds or a date, and nothing else counts', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  const check = (header: string | undefined, want: number) => assert.equal(retryAfterMs(header, now), want)
  check(undefined, 0)
  check('120', 120_000)
  check(' 3 ', 3000)
  check('0', 0)
  check('-5', 0)
  check('soon', 0)
  check('Thu, 01 Jan 2026 00:00:30 GMT', 30_000)
  check('Wed, 31 Dec 2025 23:59:30 GMT', 0)
  check('999999999', 3_600_000)
})
