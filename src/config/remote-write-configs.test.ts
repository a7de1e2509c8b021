import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { loadConfig } from './load.ts'

async function load(text: string) {
  const env = virtualEnv()
  await env.fs.writeFile('/prometheus.yml', text)
  return loadConfig(env, '/prometheus.yml', { variables: { AWS_REGION: 'eu-west-1' } })
}

test('a destination has defaults for what is not said', async () => {
  const { remoteWrites, toYaml } = await load('remote_write: [{url: http://far/write}]\n')
  const [{ queue, metadata, name, version, remoteTimeoutMs, sendExemplars, http, fingerprint }] = remoteWrites
  assert.deepEqual(queue, {
    capacity: 10_000,
    minShards: 1,
    maxShards: 50,
    maxSamplesPerSend: 2000,
    batchSendDeadlineMs: 5000,
    minBackoffMs: 30,
    maxBackoffMs: 5000,
    retryOnHttp429: false,
    sampleAgeLimitMs: 0,
  })
  assert.deepEqual(metadata, { send: true, sendIntervalMs: 60_000, maxSamplesPerSend: 2000 })
  assert.deepEqual([name, version, remoteTimeoutMs, sendExemplars, http.http2], [fingerprint.slice(0, 6), 1, 30_000, false, false])
  assert.match(toYaml(), /remote_write:\n- url: http:\/\/far\/write\n {2}remote_timeout: 30s\n[\s\S]*capacity: 10000\n/)
})

test('2.0 has exemplars and native histograms always', async () => {
  const [{ version, sendExemplars, sendNativeHistograms }] = (
    await load('remote_write: [{url: http://far/write, protobuf_message: io.prometheus.write.v2.Request}]\n')
  ).remoteWrites
  assert.deepEqual([version, sendExemplars, sendNativeHistograms], [2, true, true])
})

test('a destination is remembered by its name, or its URL, whatever else changes; other settings are another fingerprint', async () => {
  const one = async (settings: string) => (await load(`remote_write: [{${settings}}]\n`)).remoteWrites[0]
  const named = await one('url: http://far/write, name: a')
  const moved = await one('url: http://other/write, name: a, remote_timeout: 5s')
  const plain = await one('url: http://far/write')
  const tuned = await one('url: http://far/write, queue_config: {capacity: 9}')
  const secret = await one('url: http://far/write, basic_auth: {username: u, password: p}')
  const otherSecret = await one('url: http://far/write, basic_auth: {username: u, password: q}')
  assert.equal(named.key, moved.key)
  assert.notEqual(named.fingerprint, moved.fingerprint)
  assert.equal(plain.key, tuned.key)
  assert.notEqual(plain.key, named.key)
  assert.notEqual(plain.fingerprint, tuned.fingerprint)
  assert.notEqual(secret.fingerprint, otherSecret.fingerprint)
  assert.equal((await one('url: http://far/write')).fingerprint, plain.fingerprint)
  const two = (await load('remote_write: [{url: http://far/write}, {url: http://far/write, remote_timeout: 5s}]\n')).remoteWrites
  assert.notEqual(two[0].key, two[1].key)
})

test('two destinations that are the same are refused in the words of upstream, two that differ in anything are not', async () => {
  const check = async (sections: string, want: string | undefined) => {
    const found = await load(`remote_write: [${sections}]\n`).then(
      () => undefined,
      (error: Error) => error.message,
    )
    assert.equal(found, want, sections)
  }
  const twins = (column: number, url = 'http://far/write') =>
    `/prometheus.yml:1:${column}: duplicate remote write configs are not allowed, found duplicate for URL: ${url}`
  await check('{url: http://far/write}, {url: http://far/write}', twins(41))
  await check('{url: "http://u:p@far/write"}, {url: "http://u:p@far/write"}', twins(47, 'http://u:xxxxx@far/write'))
  await check('{url: http://far/write}, {url: http://far/write, name: a}', undefined)
  await check('{url: http://far/write, name: b}, {url: http://far/write, name: a}', undefined)
  await check('{url: http://far/write}, {url: http://far/write, send_exemplars: true}', undefined)
  await check(
    '{url: http://far/write, name: a}, {url: http://near/write, name: a}',
    '/prometheus.yml:1:81: found multiple remote write configs with job name "a"',
  )
})

test('Azure and Google: what a section means, with what the environment says', async () => {
  const one = async (settings: string, variables: Record<string, string> = {}) => {
    const env = virtualEnv()
    await env.fs.writeFile('/prometheus.yml', `remote_write: [{url: http://far/write, ${settings}}]\n`)
    const { remoteWrites, warnings } = await loadConfig(env, '/prometheus.yml', { variables })
    assert.deepEqual(warnings, [])
    return remoteWrites[0]
  }
  const id = '00000000-1111-2222-3333-444444444444'
  assert.deepEqual((await one(`azuread: {oauth: {client_id: ${id}, client_secret: s, tenant_id: t.example}}`)).azureAd, {
    authority: 'https://login.microsoftonline.com',
    scope: 'https://monitor.azure.com//.default',
    credential: { kind: 'secret', clientId: id, tenantId: 't.example', clientSecret: 's' },
  })
  const china = (await one(`azuread: {cloud: AzureChina, workload_identity: {client_id: ${id}, tenant_id: t}}`)).azureAd
  assert.deepEqual([china?.authority, china?.scope], ['https://login.chinacloudapi.cn', 'https://monitor.azure.cn//.default'])
  assert.deepEqual(china?.credential, {
    kind: 'federated',
    clientId: id,
    tenantId: 't',
    tokenFile: '/var/run/secrets/azure/tokens/azure-identity-token',
  })
  const machine = {
    kind: 'managed',
    clientId: '',
    endpoint: { url: 'http://169.254.169.254/metadata/identity/oauth2/token', headers: { metadata: 'true' }, apiVersion: '2018-02-01' },
  }
  assert.deepEqual((await one('azuread: {managed_identity: {}}')).azureAd?.credential, machine)
  assert.deepEqual((await one('azuread: {sdk: {}}')).azureAd?.credential, machine)
  const app = { AZURE_CLIENT_ID: 'c', AZURE_TENANT_ID: 't' }
  assert.equal((await one('azuread: {sdk: {}}', { ...app, AZURE_CLIENT_SECRET: 's' })).azureAd?.credential.kind, 'secret')
  assert.deepEqual((await one('azuread: {sdk: {tenant_id: mine}}', { ...app, AZURE_FEDERATED_TOKEN_FILE: '/t' })).azureAd?.credential, {
    kind: 'federated',
    clientId: 'c',
    tenantId: 'mine',
    tokenFile: '/t',
  })
  const files = async (settings: string, variables: Record<string, string>) => (await one(settings, variables)).googleIam?.files
  assert.deepEqual(await files('google_iam: {credentials_file: key.json}', { HOME: '/h' }), ['/key.json'])
  assert.deepEqual(await files('google_iam: {}', { GOOGLE_APPLICATION_CREDENTIALS: '/g.json', HOME: '/h' }), ['/g.json'])
  assert.deepEqual(await files('google_iam: {}', { HOME: '/h' }), ['/h/.config/gcloud/application_default_credentials.json'])
})

test('sections for Azure that upstream refuses are refused in its words', async () => {
  const check = async (azuread: string, want: string) =>
    assert.rejects(load(`remote_write: [{url: http://far/write, azuread: ${azuread}}]\n`), (error: Error) => {
      assert.equal(error.message.replace(/^\S+ /, ''), want, azuread)
      return true
    })
  const id = '00000000-1111-2222-3333-444444444444'
  await check('{}', 'must provide an Azure Managed Identity, Azure Workload Identity, Azure OAuth or Azure SDK in the Azure AD config')
  await check('{cloud: x, sdk: {}}', 'must provide a cloud in the Azure AD config')
  await check('{sdk: {}, managed_identity: {}}', 'cannot provide multiple authentication methods in the Azure AD config')
  await check('{managed_identity: {client_id: x}}', 'the provided Azure Managed Identity client_id is invalid')
  await check(`{oauth: {client_id: ${id}, tenant_id: t}}`, 'must provide an Azure OAuth client_secret in the Azure AD config')
  await check(`{workload_identity: {client_id: ${id}}}`, 'must provide an Azure Workload Identity tenant_id in the Azure AD config')
  await check(`{workload_identity: {client_id: ${id}, tenant_id: a/b}}`, 'the provided Azure Workload Identity tenant_id is invalid')
})

test("AWS' region is that of the environment where none is given", async () => {
  const [{ sigv4 }] = (await load('remote_write: [{url: http://far/write, sigv4: {}}]\n')).remoteWrites
  assert.deepEqual([sigv4?.region, sigv4?.serviceName], ['eu-west-1', 'aps'])
})

test('files of secrets are complete, and said when they cannot be read', async () => {
  const { remoteWrites, warnings } = await load(
    'remote_write:\n- url: http://far/write\n  basic_auth: {username: u, password_file: pass}\n',
  )
  assert.deepEqual(remoteWrites[0].http.basicAuth?.password, { file: '/pass' })
  assert.equal(warnings[0].field, 'remote_write.basic_auth.password_file')
})
