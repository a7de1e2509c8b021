import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashSync } from 'bcryptjs'
import { TEST_CERTIFICATE, TEST_PRIVATE_KEY } from '../../test/support/tls-certificate.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { errorMessage } from '../base/errors.ts'
import { loadWebConfig } from './web-config.ts'
import { WebConfigFile } from './web-config-file.ts'

const TLS = 'tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n'
const HASH = hashSync('secret', 4)

async function withFile(text: string) {
  const env = virtualEnv()
  await env.fs.mkdir('/etc')
  await env.fs.writeFile('/etc/cert.pem', TEST_CERTIFICATE)
  await env.fs.writeFile('/etc/key.pem', TEST_PRIVATE_KEY)
  await env.fs.writeFile('/etc/web.yml', text)
  return env
}

test('TLS, users, headers and the rate limit are read, with files relative to the file', async () => {
  const text = `${TLS}  client_ca_file: /etc/cert.pem
  client_auth_type: RequireClientCert
  client_allowed_sans: [localhost]
  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]
  curve_preferences: [X25519, CurveP256]
  max_version: TLS12
http_server_config:
  http2: true
  headers: {X-Frame-Options: deny}
rate_limit: {burst: 3, interval: 1s}
basic_auth_users: {ann: ${HASH}}
`
  const config = await loadWebConfig(await withFile(text), '/etc/web.yml')
  const { context, ...tls } = config.tls!
  assert.deepEqual(tls, { clientCertificate: 'RequireAnyClientCert', clientAllowedSans: ['localhost'] })
  assert.deepEqual(
    [context.cert, context.ca, context.minVersion, context.maxVersion, context.ecdhCurve],
    [TEST_CERTIFICATE, TEST_CERTIFICATE, 'TLSv1.2', 'TLSv1.2', 'X25519:P-256'],
  )
  assert.match(context.ciphers!, /:ECDHE-ECDSA-AES128-GCM-SHA256$/)
  assert.deepEqual([...config.users], [['ann', HASH]])
  assert.deepEqual([config.headers, config.rateLimit], [{ 'X-Frame-Options': 'deny' }, { burst: 3, intervalMs: 1000 }])
  assert.deepEqual(config.files, ['/etc/web.yml', '/etc/cert.pem', '/etc/key.pem', '/etc/cert.pem'])
  assert.deepEqual(
    config.warnings.map(({ line, message }) => [line, message]),
    [[11, 'http2 is not supported yet and is ignored']],
  )
})

test('an empty file, and versions alone, ask for nothing', async () => {
  for (const text of ['', 'tls_server_config: {min_version: TLS13}\n'])
    assert.equal((await loadWebConfig(await withFile(text), '/etc/web.yml')).tls, undefined)
})

test('what is wrong is said with its place, and no secret', async () => {
  const fails = async (text: string, ...messages: readonly string[]) =>
    assert.rejects(loadWebConfig(await withFile(text), '/etc/web.yml'), (error) => {
      assert.equal(errorMessage(error), messages.map((message) => `/etc/web.yml:${message}`).join('\n'))
      assert.doesNotMatch(errorMessage(error), /hunter2|BEGIN/)
      return true
    })
  await fails('tls_server_config:\n  cert_file: cert.pem\n', '2:3: missing one of key or key_file')
  await fails(
    'tls_server_config: {client_auth_type: NoClientCert}\n',
    '1:20: missing one of cert or cert_file',
    '1:20: missing one of key or key_file',
  )
  await fails(TLS.replace('key.pem', 'no.pem'), '3:13: /etc/no.pem: no such file')
  await fails(TLS.replace('key.pem', 'cert.pem'), '3:13: found no private key, want one in PEM form without a passphrase')
  await fails(TLS.replace('cert.pem', 'key.pem'), '2:14: found no certificate, want one in PEM form')
  await fails(`${TLS}  client_ca_file: cert.pem\n`, "4:19: client CA's have been configured without a client_auth_type")
  await fails(
    `${TLS}  client_auth_type: Foo\n`,
    '4:21: invalid client_auth_type "Foo", want one of NoClientCert, RequestClientCert, RequireClientCert, RequireAnyClientCert, VerifyClientCertIfGiven, RequireAndVerifyClientCert',
  )
  await fails(`${TLS}  min_version: TLS13\n  max_version: TLS12\n`, '5:16: max_version must not be below min_version')
  await fails(`${TLS}  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n`, '4:19: unknown cipher: TLS_RSA_WITH_RC4_128_SHA')
  await fails(
    'tls_server_config:\n  key: hunter2\n  cert: x\n',
    '2:8: found no private key, want one in PEM form without a passphrase',
    '3:9: found no certificate, want one in PEM form',
  )
  await fails(
    'basic_auth_users:\n  ann: hunter2\n',
    '2:8: found something else than a bcrypt hash of a password, want one as htpasswd -nBC 10 "" makes it',
  )
  await fails(
    'http_server_config:\n  headers:\n    X-Frame-Options: x\n',
    '3:22: invalid value for X-Frame-Options: found "x", want one of deny, sameorigin',
  )
  await fails(
    'http_server_config:\n  headers:\n    constructor: x\n',
    '3:5: HTTP header "constructor" can not be configured, want one of Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, X-XSS-Protection, Content-Security-Policy',
  )
})

test('a changed file is taken over, a bad one is not, and TLS stays on', async () => {
  const env = await withFile(TLS)
  const file = await WebConfigFile.open(env, '/etc/web.yml')
  const controller = new AbortController()
  const watching = file.watcher().run(controller.signal, () => {})
  const settle = async () => {
    await env.clock.advance(1000)
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve))
  }
  const first = file.settings().tls
  await settle()
  assert.equal(file.settings().tls, first)
  await env.fs.writeFile('/etc/web.yml', `${TLS}basic_auth_users: {ann: ${HASH}}\n`)
  await settle()
  assert.deepEqual([...file.settings().users.keys()], ['ann'])
  for (const bad of ['foo: 1\n', '', `basic_auth_users: {ann: ${HASH}}\n`]) {
    await env.fs.writeFile('/etc/web.yml', bad)
    await settle()
    assert.deepEqual([...file.settings().users.keys()], ['ann'])
    assert.notEqual(file.settings().tls, undefined)
  }
  assert.deepEqual(
    env.lines.filter(({ level }) => level === 'error').map(({ message }) => message),
    ['web configuration not loaded', 'web configuration not loaded', 'web configuration not loaded'],
  )
  await env.fs.writeFile('/etc/web.yml', TLS)
  await settle()
  const before = file.settings().tls
  await env.fs.writeFile('/etc/cert.pem', `${TEST_CERTIFICATE}\n`)
  await settle()
  assert.notEqual(file.settings().tls, before)
  controller.abort()
  await env.clock.advance(1000)
  await watching
})
