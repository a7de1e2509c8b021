// Credentials that are not in the configuration: the library's own ways to them, against a model of AWS' token service on this machine.
// In a process of its own: it sets environment variables for all of its tests.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { requestSigner } from './sigv4.ts'

const { clock } = virtualEnv()
const asked: { readonly form: URLSearchParams; readonly authorization: string }[] = []
let isDown = false
const tokenService = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    const form = new URLSearchParams(Buffer.concat(parts).toString())
    asked.push({ form, authorization: request.headers.authorization ?? '' })
    if (isDown || form.get('RoleArn') === 'arn:aws:iam::1:role/refused') {
      response.writeHead(403, { 'content-type': 'text/xml' })
      response.end('<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not yours</Message></Error></ErrorResponse>')
      return
    }
    response.writeHead(200, { 'content-type': 'text/xml' })
    response.end(
      `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey><SessionToken>session-${asked.length}</SessionToken><Expiration>${new Date(clock.now() + 3600_000).toISOString()}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
    )
  })
})
let directory = ''
const variables = [
  'AWS_ENDPOINT_URL_STS',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_CONFIG_FILE',
  'AWS_EC2_METADATA_DISABLED',
  'AWS_MAX_ATTEMPTS',
]
const known = variables.map((name) => process.env[name])

before(async () => {
  await new Promise<void>((resolve) => tokenService.listen(0, '127.0.0.1', resolve))
  directory = mkdtempSync(join(tmpdir(), 'promontory-sigv4-'))
  const file = join(directory, 'credentials')
  writeFileSync(
    file,
    '[default]\naws_access_key_id = AKIDDEFAULT\naws_secret_access_key = d\n[team]\naws_access_key_id = AKIDTEAM\naws_secret_access_key = t\n',
  )
  const values = [`http://127.0.0.1:${(tokenService.address() as AddressInfo).port}`, file, join(directory, 'config'), 'true', '1']
  for (const [i, name] of variables.entries()) process.env[name] = values[i]
})

after(() => {
  tokenService.closeAllConnections()
  tokenService.close()
  rmSync(directory, { recursive: true })
  for (const [i, name] of variables.entries()) {
    if (known[i] === undefined) delete process.env[name]
    else process.env[name] = known[i]
  }
})

const CONFIG = {
  region: 'eu-west-1',
  accessKey: '',
  secretKey: '',
  profile: '',
  roleArn: '',
  externalId: '',
  useFipsStsEndpoint: false,
  serviceName: 'aps',
}
const REQUEST = { url: 'http://aps.example/write', method: 'POST', headers: { 'content-type': 'x' }, body: new Uint8Array([1]) }
const sign = async (fields: Partial<typeof CONFIG>) => (await requestSigner({ ...CONFIG, ...fields }, clock))(REQUEST)
const who = (authorization: string) => /Credential=([^/]+)/.exec(authorization)?.[1]

test('a profile of the shared file, or its default', async () => {
  assert.equal(who((await sign({ profile: 'team' })).authorization), 'AKIDTEAM')
  assert.equal(who((await sign({})).authorization), 'AKIDDEFAULT')
  await assert.rejects(sign({ profile: 'nobody' }), /Could not load credentials/)
})

test('a role is taken on with the keys that are given, once for many requests, and its session is in them', async () => {
  const signer = await requestSigner(
    { ...CONFIG, accessKey: 'AKIDOWN', secretKey: 's', roleArn: 'arn:aws:iam::1:role/writer', externalId: 'ours' },
    clock,
  )
  const from = asked.length
  const first = await signer(REQUEST)
  assert.equal(who(first.authorization), 'ASIAROLE')
  assert.equal(first['x-amz-security-token'], `session-${from + 1}`)
  assert.equal((await signer(REQUEST))['x-amz-security-token'], first['x-amz-security-token'])
  assert.equal(asked.length, from + 1)
  await clock.advance(56 * 60_000)
  assert.equal((await signer(REQUEST))['x-amz-security-token'], `session-${from + 2}`)
  const { form, authorization } = asked[from]
  assert.equal(who(authorization), 'AKIDOWN')
  const { Action, RoleArn, ExternalId } = Object.fromEntries(form)
  assert.deepEqual([Action, RoleArn, ExternalId], ['AssumeRole', 'arn:aws:iam::1:role/writer', 'ours'])
})

test("a role is taken on with a profile's keys, and one that is refused says why", async () => {
  const from = asked.length
  assert.equal(who((await sign({ profile: 'team', roleArn: 'arn:aws:iam::1:role/writer' })).authorization), 'ASIAROLE')
  assert.equal(who(asked[from].authorization), 'AKIDTEAM')
  assert.equal(asked[from].form.has('ExternalId'), false)
  await assert.rejects(sign({ accessKey: 'AKIDOWN', secretKey: 's', roleArn: 'arn:aws:iam::1:role/refused' }), /not yours/)
})

test('a token service that was away is asked again with the next request', async () => {
  const signer = await requestSigner({ ...CONFIG, accessKey: 'AKIDOWN', secretKey: 's', roleArn: 'arn:aws:iam::1:role/writer' }, clock)
  isDown = true
  await assert.rejects(signer(REQUEST))
  isDown = false
  assert.equal(who((await signer(REQUEST)).authorization), 'ASIAROLE')
})
