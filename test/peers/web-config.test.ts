import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { RequestOptions } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hashSync } from 'bcryptjs'
import { realEnv } from '../../src/base/env-real.ts'
import type { Log } from '../../src/base/log.ts'
import { checkWebConfig } from '../../src/commands/check-web-config.ts'
import {
  CLIENT_CA,
  CLIENT_CERTIFICATE,
  CLIENT_KEY,
  EXPIRED_CERTIFICATE,
  EXPIRED_KEY,
  UNKNOWN_CERTIFICATE,
  UNKNOWN_KEY,
} from '../support/client-certificates.ts'
import { type HttpsAnswer, httpsGet } from '../support/https-request.ts'
import { peer } from '../support/peers.ts'
import { freePort, Program, startServer, until } from '../support/program.ts'
import { TEST_CERTIFICATE, TEST_PRIVATE_KEY } from '../support/tls-certificate.ts'

const TLS = 'tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n'
const HEADERS = 'http_server_config:\n  headers:\n    Strict-Transport-Security: max-age=1\n    X-Frame-Options: deny\n'
const USERS = `basic_auth_users:\n  ann: ${hashSync('secret', 4)}\n  ben: ${hashSync('', 5).replace('$2b', '$2y')}\n`
const policy = (type: string, more = '') => `${TLS}  client_auth_type: ${type}\n  client_ca_file: clients.pem\n${more}`

/** Names and web configurations; both programs get the same. */
const CONFIGS: readonly (readonly [name: string, text: string])[] = [
  ['password', `${TLS}${HEADERS}${USERS}`],
  ['RequestClientCert', policy('RequestClientCert')],
  ['RequireAnyClientCert', policy('RequireAnyClientCert')],
  ['RequireClientCert', policy('RequireClientCert')],
  ['VerifyClientCertIfGiven', policy('VerifyClientCertIfGiven')],
  ['RequireAndVerifyClientCert', policy('RequireAndVerifyClientCert')],
  ['allowed name', policy('RequireAndVerifyClientCert', "  client_allowed_sans: ['spiffe://example/client']\n")],
  ['allowed address', policy('RequireAndVerifyClientCert', "  client_allowed_sans: ['::1']\n")],
  ['another name', policy('RequireAnyClientCert', '  client_allowed_sans: [elsewhere.example]\n')],
  ['certificate and password', policy('RequireAndVerifyClientCert', USERS)],
  ['new protocols only', `${TLS}  min_version: TLS13\n`],
  ['old protocols only', `${TLS}  max_version: TLS12\n`],
  ['one suite', `${TLS}  max_version: TLS12\n  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n`],
  ['one curve', `${TLS}  curve_preferences: [CurveP384]\n`],
]

const basic = (text: string): RequestOptions => ({ headers: { authorization: `Basic ${Buffer.from(text).toString('base64')}` } })
const good = { cert: CLIENT_CERTIFICATE, key: CLIENT_KEY }

const CLIENTS: readonly (readonly [name: string, options: RequestOptions])[] = [
  ['nothing', {}],
  ['right password', basic('ann:secret')],
  ['wrong password', basic('ann:Secret')],
  ['empty password', basic('ben:')],
  ['unknown user', basic('eve:secret')],
  ['no colon', basic('ann')],
  ['no base64', { headers: { authorization: 'Basic !!!!' } }],
  ['no padding', { headers: { authorization: `Basic ${Buffer.from('ann:secret').toString('base64').replace(/=+$/, '')}` } }],
  ['lower case', { headers: { authorization: `basic ${Buffer.from('ann:secret').toString('base64')}` } }],
  ['bearer', { headers: { authorization: 'Bearer ann:secret' } }],
  ['certificate', good],
  ['certificate and right password', { ...good, ...basic('ann:secret') }],
  ['certificate and wrong password', { ...good, ...basic('ann:x') }],
  ['expired certificate', { cert: EXPIRED_CERTIFICATE, key: EXPIRED_KEY }],
  ['unknown certificate', { cert: UNKNOWN_CERTIFICATE, key: UNKNOWN_KEY }],
  ['old protocol', { maxVersion: 'TLSv1.2' }],
  ['older protocol', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' }],
  ['new protocol', { minVersion: 'TLSv1.3' }],
  ['another suite', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }],
  ['that suite', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }],
  ['another curve', { ecdhCurve: 'X25519' }],
  ['that curve', { ecdhCurve: 'P-384' }],
]

function seen({ status, headers, body }: HttpsAnswer) {
  if (status === undefined) return 'no answer'
  const shown = ['www-authenticate', 'strict-transport-security', 'x-frame-options', 'content-type'].map((name) => headers[name] ?? '')
  return [status, ...shown, status === 200 ? '' : body].join(' | ')
}

test('clients get from us what Prometheus gives them with the same web configuration', { timeout: 600_000 }, async (t) => {
  const prometheus = peer(t, 'prometheus 3.5')
  if (prometheus === undefined) return
  const dir = mkdtempSync(join(tmpdir(), 'promontory-web-'))
  const write = (name: string, text: string) => {
    writeFileSync(join(dir, name), text)
    return join(dir, name)
  }
  write('cert.pem', TEST_CERTIFICATE)
  write('key.pem', TEST_PRIVATE_KEY)
  write('clients.pem', CLIENT_CA)
  const webFile = write('web.yml', CONFIGS[0][1])
  const configFile = write('prometheus.yml', 'global: {}\n')
  const port = await freePort()
  const theirs = new Program(
    prometheus,
    [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${dir}/theirs`,
      `--web.listen-address=127.0.0.1:${port}`,
      `--web.config.file=${webFile}`,
    ],
    `http://127.0.0.1:${port}`,
  )
  const ours = await startServer({ configFile, dataDir: join(dir, 'ours'), flags: [`--web.config.file=${webFile}`] })
  const ask = async ({ url }: Program, options: RequestOptions) =>
    seen(await httpsGet(`${url.replace('http:', 'https:')}/-/healthy`, { ca: TEST_CERTIFICATE, ...options }))
  try {
    for (const program of [ours, theirs]) await until('an answer', 60_000, async () => (await ask(program, {})) !== 'no answer')
    for (const program of [ours, theirs]) assert.equal((await fetch(`${program.url}/-/healthy`)).status, 400)
    let loaded = 0
    const answers = new Map<string, number>()
    for (const [name, text] of CONFIGS) {
      // Upstream reads the file for every connection, we do when it has changed.
      if (name !== CONFIGS[0][0]) {
        write('web.yml', text)
        loaded++
        await until(name, 60_000, async () => ours.output.split('web configuration loaded').length > loaded)
      }
      for (const [client, options] of CLIENTS) {
        const answer = await ask(theirs, options)
        assert.equal(await ask(ours, options), answer, `${name}: a client with ${client}`)
        answers.set(answer.slice(0, 3), (answers.get(answer.slice(0, 3)) ?? 0) + 1)
      }
    }
    // The clients must meet all of it.
    for (const kind of ['200', '401', 'no ']) assert.ok((answers.get(kind) ?? 0) > 10, `${answers.get(kind)} answers are ${kind}`)
  } finally {
    await Promise.all([ours.stop(), theirs.stop()])
    rmSync(dir, { recursive: true, force: true })
  }
})

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => SILENT }

test('upstream’s checker takes and refuses the same files', { timeout: 600_000 }, async (t) => {
  const promtool = peer(t, 'promtool 3.5')
  if (promtool === undefined) return
  const env = realEnv(SILENT)
  const dir = mkdtempSync(join(tmpdir(), 'promontory-web-'))
  const write = (name: string, text: string) => {
    writeFileSync(join(dir, name), text)
    return join(dir, name)
  }
  write('cert.pem', TEST_CERTIFICATE)
  write('key.pem', TEST_PRIVATE_KEY)
  write('other.pem', UNKNOWN_KEY)
  write('clients.pem', CLIENT_CA)
  const files = [
    ...CONFIGS.map(([, text]) => text),
    '',
    'tls_server_config:\n  min_version: TLS13\n',
    'tls_server_config:\n  cert_file: cert.pem\n',
    'tls_server_config:\n  client_auth_type: NoClientCert\n',
    'rate_limit:\n  burst: 1\n  interval: 1s\n',
    'foo: 1\n',
    'basic_auth_users:\n  a: x\n',
    'http_server_config:\n  headers:\n    Foo: x\n',
    'http_server_config:\n  headers:\n    X-Frame-Options: x\n',
    'http_server_config:\n  headers:\n    x-frame-options: deny\n',
    TLS.replace('key.pem', 'no.pem'),
    TLS.replace('key.pem', 'cert.pem'),
    TLS.replace('key.pem', 'other.pem'),
    `${TLS}  client_auth_type: Foo\n`,
    `${TLS}  client_ca_file: clients.pem\n`,
    `${TLS}  client_ca_file: no.pem\n  client_auth_type: RequireAndVerifyClientCert\n`,
    `${TLS}  min_version: TLS9\n`,
    `${TLS}  cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA]\n`,
    `${TLS}  curve_preferences: [X448]\n`,
  ]
  try {
    for (const text of files) {
      const file = write('web.yml', text)
      const own = await checkWebConfig([file], { env, err: () => {} })
      const { status }: SpawnSyncReturns<Buffer> = spawnSync(promtool, ['check', 'web-config', file])
      assert.equal(own, status, text)
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
