import assert from 'node:assert/strict'
import { createHash, createPublicKey, verify, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { GOOD, RSA_KEY } from '../../../test/support/server-certificates.ts'
import { WriteDestination, writeConfig } from '../../../test/support/write-destination.ts'
import type { Http, HttpRequest } from '../../base/env.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { WriteClient } from '../write/write-client.ts'
import type { AzureAdConfig, AzureCredential } from './azure-config.ts'
import type { GoogleIamConfig } from './google-token.ts'

interface TokenAnswer {
  readonly status?: number
  readonly body: object
}

/** A destination behind token servers that are a function of what they are asked. */
function world(
  config: Parameters<typeof writeConfig>[0],
  answer: (request: string, body: URLSearchParams, headers: Readonly<Record<string, unknown>>) => TokenAnswer,
) {
  const env = virtualEnv()
  const to = new WriteDestination(env)
  to.latencyMs = 0
  to.behave = () => ({ status: 204 })
  const asked: string[] = []
  const far = to.http
  const http: Http = {
    ...far,
    async stream(request: HttpRequest) {
      if (request.url.startsWith('http://far/')) return far.stream(request)
      const text = `${request.method} ${request.url}`
      asked.push(text)
      const { status = 200, body } = answer(text, new URLSearchParams(String(request.body ?? '')), request.headers ?? {})
      return {
        status,
        headers: { 'content-type': 'application/json' },
        body: (async function* () {
          yield Buffer.from(JSON.stringify(body))
        })(),
      }
    },
  }
  const client = new WriteClient({ ...env, http }, writeConfig({ url: 'http://far/write', ...config }))
  return {
    env,
    asked,
    to,
    async send(): Promise<string> {
      const sending = client.send(new Uint8Array([0]), 1, 0, new AbortController().signal)
      let isOver = false
      void sending.finally(() => {
        isOver = true
      })
      // The destination answers in time of this clock; what signs is loaded in real time.
      while (!isOver) {
        await new Promise((resolve) => setImmediate(resolve))
        await env.clock.advance(1)
      }
      const outcome = await sending
      return outcome.kind === 'taken' ? to.requests.at(-1)!.headers.authorization : `${outcome.kind}: ${outcome.error}`
    },
  }
}

const azure = (credential: AzureCredential): { azureAd: AzureAdConfig } => ({
  azureAd: { authority: 'https://login.example', scope: 'https://monitor.azure.com//.default', credential },
})
const TOKEN_URL = 'POST https://login.example/t1/oauth2/v2.0/token'
const good = (token: string, seconds: unknown = 3600): TokenAnswer => ({
  body: { access_token: token, token_type: 'Bearer', expires_in: seconds },
})

/** The parts of a signed statement, when its signature is that of the key. */
function readAssertion(assertion: string | null) {
  const [head, claims, signature] = assertion!.split('.')
  const key = createPublicKey(RSA_KEY)
  assert.ok(verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url')), 'signed with the key')
  const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
  return { head: decode(head), claims: decode(claims) }
}

test('an application with a secret: one token for many requests, another one when half of its time is over', async () => {
  let count = 0
  const config = azure({ kind: 'secret', tenantId: 't1', clientId: 'c1', clientSecret: 's&1' })
  const { env, asked, send } = world(config, (request, form) => {
    assert.equal(request, TOKEN_URL)
    assert.deepEqual(Object.fromEntries(form), {
      grant_type: 'client_credentials',
      client_id: 'c1',
      client_secret: 's&1',
      scope: 'https://monitor.azure.com//.default',
    })
    return good(`token-${++count}`)
  })
  assert.deepEqual(await Promise.all([send(), send(), send()]), ['Bearer token-1', 'Bearer token-1', 'Bearer token-1'])
  await env.clock.advance(1_799_000)
  assert.equal(await send(), 'Bearer token-1')
  await env.clock.advance(2000)
  assert.equal(await send(), 'Bearer token-2')
  assert.equal(asked.length, 2)
})

test('a token server that fails: requests wait and say why, and a token that is still good goes on', async () => {
  let answer: TokenAnswer = { status: 401, body: { error: 'invalid_client', error_description: 'AADSTS7000215: no such secret' } }
  const { env, asked, send } = world(azure({ kind: 'secret', tenantId: 't1', clientId: 'c1', clientSecret: 's' }), () => answer)
  assert.equal(
    await send(),
    'again: Failed to get access token: https://login.example/t1/oauth2/v2.0/token: status 401: invalid_client: AADSTS7000215: no such secret',
  )
  answer = { body: { access_token: '' } }
  assert.match(await send(), /^again: Failed to get access token: .*access token is empty$/)
  answer = good('one', 60)
  assert.equal(await send(), 'Bearer one')
  answer = { status: 503, body: {} }
  await env.clock.advance(31_000)
  assert.equal(await send(), 'Bearer one')
  const before = asked.length
  assert.equal(await send(), 'Bearer one')
  assert.equal(asked.length, before, 'not asked again at once')
  await env.clock.advance(30_000)
  assert.match(await send(), /^again: Failed/)
})

test("a workload's identity: the file is read for each token", async () => {
  const { env, send } = world(azure({ kind: 'federated', tenantId: 't1', clientId: 'c1', tokenFile: '/tokens/one' }), (request, form) => {
    assert.equal(request, TOKEN_URL)
    assert.equal(form.get('client_assertion_type'), 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    return good(`for ${form.get('client_assertion')}`)
  })
  assert.match(await send(), /^again: Failed to get access token: .*\/tokens\/one/)
  await env.fs.mkdir('/tokens')
  await env.fs.writeFile('/tokens/one', 'first\n')
  assert.equal(await send(), 'Bearer for first')
  await env.fs.writeFile('/tokens/one', 'second\n')
  await env.clock.advance(1_801_000)
  assert.equal(await send(), 'Bearer for second')
})

test("the machine's identity: its service is asked, and says until when", async () => {
  const endpoint = { url: 'http://169.254.169.254/metadata/identity/oauth2/token', headers: { metadata: 'true' }, apiVersion: '2018-02-01' }
  const { env, asked, send } = world(azure({ kind: 'managed', clientId: 'c1', endpoint }), (_, __, headers) => {
    assert.equal(headers.metadata, 'true')
    return { body: { access_token: 'mine', expires_on: String(Math.floor(env.clock.now() / 1000) + 86_400), resource: 'x' } }
  })
  assert.equal(await send(), 'Bearer mine')
  assert.equal(asked[0], `GET ${endpoint.url}?api-version=2018-02-01&resource=https%3A%2F%2Fmonitor.azure.com%2F&client_id=c1`)
  await env.clock.advance(43_000_000)
  await send()
  assert.equal(asked.length, 1)
  await env.clock.advance(300_000)
  await send()
  assert.equal(asked.length, 2)
})

test('an application with a certificate: a statement that it has signed', async () => {
  const credential = {
    kind: 'certificate',
    tenantId: 't1',
    clientId: 'c1',
    certificateFile: '/c.pem',
    keyFile: '/k.pem',
    password: '',
    sendsChain: true,
  } as const
  const seen: ReturnType<typeof readAssertion>[] = []
  const { env, send } = world(azure(credential), (_, form) => {
    seen.push(readAssertion(form.get('client_assertion')))
    return good('signed')
  })
  await env.fs.writeFile('/c.pem', GOOD)
  await env.fs.writeFile('/k.pem', 'no key, but a secret')
  const failed = await send()
  assert.match(failed, /\/k\.pem: found no private key that can be read, want PEM$/)
  assert.doesNotMatch(failed, /secret/)
  await env.fs.writeFile('/k.pem', RSA_KEY)
  assert.equal(await send(), 'Bearer signed')
  const [{ head, claims }] = seen
  const { raw } = new X509Certificate(GOOD)
  assert.deepEqual(head, {
    alg: 'RS256',
    typ: 'JWT',
    x5t: createHash('sha1').update(raw).digest('base64url'),
    x5c: [raw.toString('base64')],
  })
  const { aud, iss, sub, exp, nbf } = claims
  assert.deepEqual([aud, iss, sub], ['https://login.example/t1/oauth2/v2.0/token', 'c1', 'c1'])
  assert.equal(Number(exp) - Number(nbf), 600)
})

const google = (config: Partial<GoogleIamConfig>) => ({
  googleIam: { files: [], asksMetadata: false, metadataUrl: 'http://169.254.169.254', ...config },
})

test("Google's service account: a statement signed with its key", async () => {
  const seen: ReturnType<typeof readAssertion>[] = []
  const { env, to, asked, send } = world(google({ files: ['/key.json'] }), (_, form) => {
    assert.equal(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer')
    seen.push(readAssertion(form.get('assertion')))
    return good('google')
  })
  assert.match(await send(), /^again: Failed to get access token: error reading Google credentials file: /)
  const account = {
    type: 'service_account',
    client_email: 'p@x.iam',
    private_key: RSA_KEY,
    private_key_id: 'k1',
    token_uri: 'https://tokens.example/t',
  }
  await env.fs.writeFile('/key.json', JSON.stringify({ ...account, quota_project_id: 'payer' }))
  assert.equal(await send(), 'Bearer google')
  assert.deepEqual(asked, ['POST https://tokens.example/t'])
  const [{ head, claims }] = seen
  assert.deepEqual(head, { alg: 'RS256', kid: 'k1', typ: 'JWT' })
  const { aud, iss, scope } = claims
  assert.deepEqual([aud, iss, scope], ['https://tokens.example/t', 'p@x.iam', 'https://www.googleapis.com/auth/monitoring.write'])
  assert.equal('sub' in claims, false)
  assert.equal(to.requests.at(-1)!.headers['x-goog-user-project'], 'payer')
})

test("a person's credentials, those of the machine, and what are none", async () => {
  const person = world(google({ files: ['/adc.json'], asksMetadata: true }), (request, form) =>
    good(`${request} ${form.get('refresh_token') ?? ''}`.trim()),
  )
  assert.equal(
    await person.send(),
    'Bearer GET http://169.254.169.254/computeMetadata/v1/instance/service-accounts/default/token?scopes=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fmonitoring.write',
  )
  await person.env.fs.writeFile(
    '/adc.json',
    JSON.stringify({ type: 'authorized_user', client_id: 'a', client_secret: 'b', refresh_token: 'r' }),
  )
  await person.env.clock.advance(1_801_000)
  assert.equal(await person.send(), 'Bearer POST https://oauth2.googleapis.com/token r')
  for (const [text, want] of [
    ['{"type": "external_account"}', 'found type "external_account", want service_account or authorized_user'],
    ['secret', 'found no JSON object'],
    ['{"type": "service_account"}', 'found no client_email'],
  ]) {
    const { env, send } = world(google({ files: ['/key.json'] }), () => good('never'))
    await env.fs.writeFile('/key.json', text)
    assert.equal(await send(), `again: Failed to get access token: error parsing Google credentials file: /key.json: ${want}`)
  }
})
