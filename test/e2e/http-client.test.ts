import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { realEnv } from '../../src/base/env-real.ts'
import type { Log } from '../../src/base/log.ts'
import { HttpClient, readBody } from '../../src/http-client/client.ts'
import { type HttpClientConfig, PLAIN_HTTP_CLIENT, PLAIN_TLS } from '../../src/http-client/client-config.ts'
import { CLIENT_CERTIFICATE, CLIENT_KEY, UNKNOWN_CERTIFICATE, UNKNOWN_KEY } from '../support/client-certificates.ts'
import { startServer, until } from '../support/program.ts'
import { startProxy, startSocks } from '../support/proxy-server.ts'
import { startSecuredTargets } from '../support/secured-targets.ts'
import { SERVER_CA } from '../support/server-certificates.ts'
import { startTokenServer } from '../support/token-server.ts'

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => SILENT }

function directory(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), 'promontory-http-'))
  t.after(() => rmSync(dir, { recursive: true, force: true, maxRetries: 10 }))
  const write = (name: string, text: string) => {
    writeFileSync(join(dir, name), text)
    return join(dir, name)
  }
  return { dir, write }
}

test('secrets and certificates change while targets are scraped, without a reload', { timeout: 600_000 }, async (t) => {
  const { dir, write } = directory(t)
  const targets = await startSecuredTargets()
  const tokens = await startTokenServer()
  t.after(() => [targets, tokens].map((each) => each.close()))
  const { clients, plain } = targets.ports
  write('ca.pem', UNKNOWN_CERTIFICATE)
  write('client.pem', UNKNOWN_CERTIFICATE)
  write('client.key', UNKNOWN_KEY)
  write('password', 'wrong')
  write('token', 'wrong')
  write('secret', 'wrong')
  const jobs = [
    ['tls', clients, { scheme: 'https', tls_config: { ca_file: 'ca.pem', cert_file: 'client.pem', key_file: 'client.key' } }],
    ['password', plain, { metrics_path: '/basic', basic_auth: { username: 'ann', password_file: 'password' } }],
    ['token', plain, { metrics_path: '/bearer', authorization: { credentials_file: 'token' } }],
    [
      'oauth2',
      plain,
      { metrics_path: '/bearer', oauth2: { client_id: 'id', client_secret_file: 'secret', token_url: `${tokens.url}/good` } },
    ],
  ] as const
  const configFile = write(
    'prometheus.yml',
    JSON.stringify({
      global: { scrape_interval: '1s', scrape_timeout: '1s' },
      scrape_configs: jobs.map(([name, port, settings]) => ({
        job_name: name,
        static_configs: [{ targets: [`127.0.0.1:${port}`] }],
        ...settings,
      })),
    }),
  )
  const server = await startServer({ configFile, dataDir: join(dir, 'data') })
  const errors = async (): Promise<Readonly<Record<string, string>>> => {
    const { activeTargets } = await server.api<{ activeTargets: { scrapePool: string; health: string; lastError: string }[] }>('targets')
    return Object.fromEntries(activeTargets.map(({ scrapePool, health, lastError }) => [scrapePool, health === 'up' ? 'up' : lastError]))
  }
  const becomes = (name: string, want: RegExp) =>
    until(`${name} ${want}`, 60_000, async () => {
      const found = (await errors())[name] ?? ''
      if (!want.test(found)) throw new Error(found)
      return true
    })
  try {
    await server.ready()
    await becomes('tls', /certificate signed by unknown authority$/)
    await becomes('password', /401 Unauthorized/)
    await becomes('token', /403 Forbidden/)
    await becomes('oauth2', /: oauth2: "invalid_client" "who is that"$/)
    write('ca.pem', SERVER_CA)
    await becomes('tls', /EOF|reset|certificate/)
    write('client.key', CLIENT_KEY)
    await becomes('tls', /unable to use specified client cert .*: tls: private key does not match public key$/)
    write('client.pem', CLIENT_CERTIFICATE)
    write('password', 'open sesame\n')
    write('token', 'token-of-mine')
    write('secret', 'sesame')
    for (const [name] of jobs) await becomes(name, /^up$/)
    rmSync(join(dir, 'token'))
    await becomes(
      'token',
      /unable to read authorization credentials: unable to read file .*\/token: open .*\/token: no such file or directory$/,
    )
    // A token is kept for as long as it is good.
    const asked = () => tokens.requests.filter((request) => request.includes(Buffer.from('id:sesame').toString('base64'))).length
    const scrapes = () => targets.seen.filter(({ url }) => url === '/bearer').length
    const [before, scrapesBefore] = [asked(), scrapes()]
    assert.ok(before >= 1)
    await until('more scrapes', 60_000, async () => scrapes() >= scrapesBefore + 3)
    assert.equal(asked(), before)
    assert.equal(server.output.split('configuration loaded').length, 2)
    assert.doesNotMatch(server.output, /sesame|token-of-mine|PRIVATE/)
  } finally {
    await server.stop()
  }
})

test('discovery reaches servers through proxies and tunnels, in HTTP/2 where they want it', { timeout: 600_000 }, async (t) => {
  const targets = await startSecuredTargets()
  const proxy = await startProxy({ credentials: 'ann:open sesame' })
  const socks = await startSocks()
  t.after(() => [targets, proxy, socks].map((each) => each.close()))
  const { ports, seen } = targets
  const env = realEnv(SILENT)
  const tls = { ...PLAIN_TLS, ca: { text: SERVER_CA } }
  const get = async (url: string, config: Partial<HttpClientConfig> = {}) => {
    const client = new HttpClient(env, { ...PLAIN_HTTP_CLIENT, tls, ...config })
    return client.send({ url, timeoutMs: 30_000 }).then(
      async (response) => `${response.status} ${Buffer.from(await readBody(response, 1000))}`,
      (error: Error) => error.message,
    )
  }
  const through = (url: string) => ({ proxy: { httpProxy: url, httpsProxy: url, noProxy: undefined, isCgi: false, connectHeaders: [] } })
  const known = through(`http://ann:open%20sesame@127.0.0.1:${proxy.port}`)
  for (const config of [{}, known, through(`socks5://127.0.0.1:${socks.port}`)]) {
    assert.equal(await get(`http://127.0.0.1:${ports.plain}/`, config), '200 x 1\n')
    assert.equal(await get(`https://127.0.0.1:${ports.good}/`, config), '200 x 1\n')
    assert.equal(await get(`https://127.0.0.1:${ports.http2}/`, config), '200 x 1\n')
    assert.equal(await get(`https://127.0.0.1:${ports.both}/`, config), '200 x 1\n')
  }
  assert.deepEqual(
    proxy.requests.map((request) =>
      request
        .split(' ')
        .slice(0, 2)
        .join(' ')
        .replace(/\d+(?=\/|$)/, 'PORT'),
    ),
    ['GET http://127.0.0.1:PORT/', ...new Array<string>(3).fill('CONNECT 127.0.0.1:PORT')],
  )
  assert.equal(seen.filter(({ target }) => target === 'both' || target === 'http2').length, 6)
  assert.ok(seen.every(({ target, headers }) => !/^(?:both|http2)$/.test(target) || ':path' in headers))
  const shown = `Get "https://127.0.0.1:${ports.good}/": `
  assert.equal(
    await get(`https://127.0.0.1:${ports.good}/`, through(`http://127.0.0.1:${proxy.port}`)),
    `${shown}Proxy Authentication Required`,
  )
  assert.equal(
    await get(`https://127.0.0.1:${ports.good}/`, { tls: undefined }),
    `${shown}tls: failed to verify certificate: x509: certificate signed by unknown authority`,
  )
  assert.equal(
    await get('http://127.0.0.1:1/', through('http://ann:hidden@127.0.0.1:1')),
    'Get "http://127.0.0.1:1/": proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused',
  )
  assert.equal(
    await get('http://127.0.0.1:1/', through('ftp://ann:hidden@127.0.0.1:1')),
    'Get "http://127.0.0.1:1/": unsupported proxy "ftp://ann:xxxxx@127.0.0.1:1", want http, https or socks5, and a host',
  )
})
