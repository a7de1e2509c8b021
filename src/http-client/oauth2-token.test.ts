import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { test } from 'node:test'
import { RSA_KEY } from '../../test/support/server-certificates.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import type { ClientCredentialsConfig, JwtBearerConfig } from './client-config.ts'
import { OAuth2Token, type TokenAnswer } from './oauth2-token.ts'

const COMMON = { clientId: 'id&', tokenUrl: 'http://t', scopes: ['a', 'b'], endpointParams: {}, tls: undefined, proxy: undefined }
const SECRET: ClientCredentialsConfig = { ...COMMON, grant: 'client_credentials', clientSecret: { text: '' } }
const JWT: JwtBearerConfig = {
  ...COMMON,
  grant: 'jwt_bearer',
  key: { text: '' },
  keyId: 'k1',
  algorithm: 'RS384',
  issuer: 'me',
  audience: 'you',
  claims: { tenant: 'x' },
}

function endpoint(config: ClientCredentialsConfig | JwtBearerConfig, answers: readonly Partial<TokenAnswer>[]) {
  const env = virtualEnv()
  const asked: string[] = []
  const token = new OAuth2Token(env, config, async (form, authorization) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)]
    asked.push(`${authorization ?? 'nobody'} ${form}`)
    return { status: 200, contentType: 'application/json', body: '', ...answer }
  })
  return { env, token, asked }
}

const good = (name: string, seconds: number | string = 3600): Partial<TokenAnswer> => ({
  body: JSON.stringify({ access_token: name, token_type: 'bearer', expires_in: seconds }),
})

test('a token is asked for once, until it is about to expire or the secret is another', async () => {
  const { env, token, asked } = endpoint(SECRET, [good('one'), good('two', '20'), good('three')])
  assert.equal(await token.read('s+'), 'Bearer one')
  assert.equal(asked[0], `Basic ${Buffer.from('id%26:s%2B').toString('base64')} grant_type=client_credentials&scope=a+b`)
  await env.clock.advance(3_589_000)
  assert.equal(await token.read('s+'), 'Bearer one')
  await env.clock.advance(2000)
  assert.equal(token.current, undefined)
  assert.equal(await token.read('s+'), 'Bearer two')
  assert.equal(await token.read('other'), 'Bearer three')
  assert.equal(asked.length, 3)
})

test('a server that wants the secret in the form gets it there, and is remembered', async () => {
  const { token, asked } = endpoint(SECRET, [{ status: 401, body: '{"error":"x"}' }, good('one', 11), good('two')])
  assert.equal(await token.read('s'), 'Bearer one')
  assert.equal(await token.read('t'), 'Bearer two')
  assert.deepEqual(asked.slice(1), [
    'nobody client_id=id%26&client_secret=s&grant_type=client_credentials&scope=a+b',
    'nobody client_id=id%26&client_secret=t&grant_type=client_credentials&scope=a+b',
  ])
})

test('answers without a token are told in upstream’s words', async () => {
  const check = async (answer: Partial<TokenAnswer>, want: string | RegExp) => {
    const { token } = endpoint(SECRET, [answer])
    await assert.rejects(token.read('s'), { message: want })
  }
  await check({ status: 401, body: '{"error":"invalid_client","error_description":"who"}' }, 'oauth2: "invalid_client" "who"')
  await check({ body: '{"error":"slow_down","error_uri":"http://why"}' }, 'oauth2: "slow_down" "http://why"')
  await check({ status: 503, contentType: 'text/html', body: 'x' }, 'oauth2: cannot fetch token: 503 Service Unavailable\nResponse: x')
  await check({ body: '{}' }, 'oauth2: server response missing access_token')
  await check({ body: '[1]' }, 'oauth2: cannot parse json: found no object')
  await check({ body: 'token-of-mine' }, 'oauth2: cannot parse json: found no JSON')
  const { token } = endpoint({ ...SECRET, endpointParams: { scope: 'x' } }, [good('one')])
  await assert.rejects(token.read('s'), { message: 'oauth2: cannot overwrite parameter "scope"' })
})

test('a key signs a statement instead', async () => {
  const { env, token, asked } = endpoint(JWT, [good('one')])
  assert.equal(await token.read(RSA_KEY), 'Bearer one')
  const form = new URLSearchParams(asked[0].split(' ')[1])
  assert.equal(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer')
  const [head, body, signature] = form.get('assertion')!.split('.')
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
  assert.deepEqual(read(head), { alg: 'RS384', kid: 'k1', typ: 'JWT' })
  const { jti, ...claims } = read(body)
  assert.match(jti, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  const seconds = env.clock.now() / 1000
  assert.deepEqual(claims, { aud: 'you', exp: seconds + 600, iat: seconds, iss: 'me', scope: 'a b', sub: 'id&', tenant: 'x' })
  const key = createPublicKey(RSA_KEY)
  assert.ok(verify('sha384', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url')))
  await assert.rejects(endpoint(JWT, [good('one')]).token.read('no key'), { message: /^invalid key: / })
})
