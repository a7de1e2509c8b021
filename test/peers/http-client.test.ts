import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  CLIENT_CA,
  CLIENT_CERTIFICATE,
  CLIENT_KEY,
  EXPIRED_CERTIFICATE,
  EXPIRED_KEY,
  UNKNOWN_CERTIFICATE,
  UNKNOWN_KEY,
} from '../support/client-certificates.ts'
import { peer } from '../support/peers.ts'
import { delay, freePort, PROMONTORY, Program, until } from '../support/program.ts'
import { startProxy, startSocks } from '../support/proxy-server.ts'
import { startSecuredTargets } from '../support/secured-targets.ts'
import { GOOD, GOOD_KEY, SERVER_CA } from '../support/server-certificates.ts'
import { startTokenServer } from '../support/token-server.ts'

interface Case {
  readonly name: string
  readonly target: string
  readonly settings?: object
  /** Where the two differ, and why. */
  readonly differs?: { readonly theirs: RegExp; readonly ours: RegExp; readonly why: string }
}

/** Everything that must never be seen. */
const SECRETS = ['open sesame', 'sesame', 'token-', 'hidden', 'PRIVATE', Buffer.from('ann:open sesame').toString('base64')]

/** What may differ by its nature: our own ports, the time, Go's guess at what the authority could have been, and how a connection ended. */
function normal(error: string): string {
  return (
    error
      .replace(/127\.0\.0\.1:\d+->/g, '')
      .replace(/current time \S+ is/, 'current time NOW is')
      .replace(/ \(possibly because of .*\)$/, '')
      // A server of Node ends a connection whose certificate it refuses without a word; what is noticed first is chance.
      .replace(/(?:read tcp \S+: read: connection reset by peer|http: server closed idle connection)$/, 'EOF')
  )
}

/** A server of Go, which tells clients why it refuses them. */
async function startVerifying(prometheus: string, directory: string, name: string, more: string): Promise<Program> {
  const port = await freePort()
  const write = (file: string, text: string) => writeFileSync(join(directory, `${name}-${file}`), text)
  write('cert.pem', GOOD)
  write('key.pem', GOOD_KEY)
  write('clients.pem', CLIENT_CA)
  const files = `cert_file: ${name}-cert.pem, key_file: ${name}-key.pem, client_ca_file: ${name}-clients.pem`
  write('web.yml', `tls_server_config: {${files}, client_auth_type: RequireAndVerifyClientCert${more}}\n`)
  write('prometheus.yml', '{}\n')
  const flags = ['config.file=prometheus.yml', 'web.config.file=web.yml'].map((flag) => `--${flag.replace('=', `=${directory}/${name}-`)}`)
  return new Program(
    prometheus,
    [...flags, `--storage.tsdb.path=${directory}/${name}`, `--web.listen-address=127.0.0.1:${port}`],
    `127.0.0.1:${port}`,
  )
}

async function scenario(t: TestContext, prometheus: string) {
  const targets = await startSecuredTargets()
  const tokens = await startTokenServer()
  const proxy = await startProxy({ credentials: 'ann:open sesame' })
  const open = await startProxy()
  const refusing = await startProxy({ refusal: { status: 403, text: 'Not For You' } })
  const secured = await startProxy({ credentials: 'ann:open sesame', tls: { cert: GOOD, key: GOOD_KEY } })
  const socks = await startSocks('ann:open sesame')
  const openSocks = await startSocks()
  const silent = createServer((socket) => socket.on('error', () => {}).once('data', () => socket.destroy()))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const directory = mkdtempSync(join(tmpdir(), 'promontory-http-'))
  const write = (name: string, text: string) => {
    writeFileSync(join(directory, name), text)
    return join(directory, name)
  }
  const verifying = await startVerifying(prometheus, directory, 'new', '')
  const oldVerifying = await startVerifying(prometheus, directory, 'old', ', max_version: TLS12')
  for (const program of [verifying, oldVerifying]) await until('it listens', 60_000, async () => program.output.includes('TLS is enabled'))
  t.after(async () => {
    await Promise.all([verifying.stop(), oldVerifying.stop()])
    for (const each of [targets, tokens, proxy, secured, open, refusing, socks, openSocks, silent]) each.close()
    rmSync(directory, { recursive: true, force: true })
  })
  return {
    targets,
    tokens,
    proxy,
    secured,
    open,
    refusing,
    socks,
    openSocks,
    silentPort: (silent.address() as { port: number }).port,
    directory,
    write,
    verifying,
    oldVerifying,
  }
}

type Scenario = Awaited<ReturnType<typeof scenario>>

function cases(
  { targets: { ports }, tokens, proxy, open, refusing, socks, openSocks, silentPort, write, ...more }: Scenario,
  dead: number,
): Case[] {
  const ca = { tls_config: { ca: SERVER_CA } }
  const https = (port: number, more: object = ca) => ({ target: `127.0.0.1:${port}`, settings: { scheme: 'https', ...more } })
  const plain = (settings: object, path = '/basic') => ({
    target: `127.0.0.1:${ports.plain}`,
    settings: { metrics_path: path, ...settings },
  })
  const client = (cert: string, key: string) => ({ tls_config: { ca: SERVER_CA, cert, key } })
  const oauth2 = (path: string, more: object = {}) =>
    plain({ oauth2: { client_id: 'id', client_secret: 'sesame', token_url: `${tokens.url}${path}`, ...more } }, '/bearer')
  const through = (port: number, user = '') => ({ proxy_url: `http://${user}127.0.0.1:${port}` })
  return [
    // TLS: whom we meet.
    { name: 'good certificate', ...https(ports.good) },
    { name: 'authority in a file', ...https(ports.good, { tls_config: { ca_file: basename(write('ca.pem', SERVER_CA)) } }) },
    { name: 'good certificate by name', target: `localhost:${ports.good}`, settings: { scheme: 'https', ...ca } },
    { name: 'unknown authority', ...https(ports.good, {}) },
    { name: 'another authority', ...https(ports.good, { tls_config: { ca: UNKNOWN_CERTIFICATE } }) },
    { name: 'expired certificate', ...https(ports.expired) },
    { name: 'expired certificate of an unknown authority', ...https(ports.expired, {}) },
    { name: 'certificate of the future', ...https(ports.early) },
    { name: 'certificate of another host', ...https(ports.elsewhere) },
    { name: 'certificate of another host, asked by name', target: `localhost:${ports.elsewhere}`, settings: { scheme: 'https', ...ca } },
    { name: 'certificate of another host, of an unknown authority', ...https(ports.elsewhere, {}) },
    { name: 'certificate without addresses', ...https(ports.nameOnly) },
    { name: 'certificate by common name', target: `localhost:${ports.commonName}`, settings: { scheme: 'https', ...ca } },
    { name: 'certificate by common name, asked by address', ...https(ports.commonName) },
    { name: 'server_name that it has', ...https(ports.elsewhere, { tls_config: { ca: SERVER_CA, server_name: 'x.b.example' } }) },
    { name: 'server_name that it has not', ...https(ports.elsewhere, { tls_config: { ca: SERVER_CA, server_name: 'x.y.b.example' } }) },
    { name: 'no verification', ...https(ports.expired, { tls_config: { insecure_skip_verify: true } }) },
    { name: 'old protocol', ...https(ports.old) },
    { name: 'old protocol, not wanted', ...https(ports.old, { tls_config: { ca: SERVER_CA, min_version: 'TLS13' } }) },
    { name: 'older protocol', ...https(ports.older) },
    {
      name: 'older protocol, wanted',
      ...https(ports.older, { tls_config: { ca: SERVER_CA, min_version: 'TLS10', max_version: 'TLS11' } }),
    },
    { name: 'plain server asked over TLS', ...https(ports.plain) },
    { name: 'TLS server asked plainly', target: `127.0.0.1:${ports.good}` },
    // TLS: who we are.
    { name: 'client certificate', ...https(ports.clients, client(CLIENT_CERTIFICATE, CLIENT_KEY)) },
    {
      name: 'client certificate in files',
      ...https(ports.clients, {
        tls_config: { ca: SERVER_CA, cert_file: write('client.pem', CLIENT_CERTIFICATE), key_file: write('client.key', CLIENT_KEY) },
      }),
    },
    { name: 'no client certificate', ...https(ports.clients) },
    { name: 'expired client certificate', ...https(ports.clients, client(EXPIRED_CERTIFICATE, EXPIRED_KEY)) },
    { name: 'unknown client certificate', ...https(ports.clients, client(UNKNOWN_CERTIFICATE, UNKNOWN_KEY)) },
    { name: 'old protocol, client certificate', ...https(ports.oldClients, client(CLIENT_CERTIFICATE, CLIENT_KEY)) },
    { name: 'old protocol, no client certificate', ...https(ports.oldClients) },
    { name: 'old protocol, expired client certificate', ...https(ports.oldClients, client(EXPIRED_CERTIFICATE, EXPIRED_KEY)) },
    ...[
      ['verifying', more.verifying],
      ['old verifying', more.oldVerifying],
    ].flatMap(([name, server]) =>
      [
        ['a certificate', client(CLIENT_CERTIFICATE, CLIENT_KEY)],
        ['no certificate', ca],
        ['an expired certificate', client(EXPIRED_CERTIFICATE, EXPIRED_KEY)],
        ['an unknown certificate', client(UNKNOWN_CERTIFICATE, UNKNOWN_KEY)],
      ].map(([whom, settings]) => ({
        name: `${name} server, ${whom}`,
        target: (server as Program).url,
        settings: { scheme: 'https', ...(settings as object) },
      })),
    ),
    // HTTP/2.
    { name: 'HTTP/2 only', ...https(ports.http2) },
    { name: 'HTTP/2 only, not wanted', ...https(ports.http2, { ...ca, enable_http2: false }) },
    { name: 'HTTP/2 and HTTP/1.1', ...https(ports.both) },
    { name: 'HTTP/2 and HTTP/1.1, not wanted', ...https(ports.both, { ...ca, enable_http2: false }) },
    { name: 'HTTP/2 only through a tunnel', ...https(ports.http2, { ...ca, ...through(open.port) }) },
    // Credentials.
    { name: 'password', ...plain({ basic_auth: { username: 'ann', password: 'open sesame' } }) },
    { name: 'wrong password', ...plain({ basic_auth: { username: 'ann', password: 'hidden' } }) },
    { name: 'no password', ...plain({}) },
    {
      name: 'password in files',
      ...plain({ basic_auth: { username_file: write('user', 'ann\n'), password_file: write('password', ' open sesame\n') } }),
    },
    { name: 'password file that is gone', ...plain({ basic_auth: { username: 'ann', password_file: '/nowhere/password' } }) },
    { name: 'user name file that is gone', ...plain({ basic_auth: { username_file: '/nowhere/user', password: 'open sesame' } }) },
    { name: 'token', ...plain({ authorization: { credentials: 'token-1' } }, '/bearer') },
    { name: 'token of another type', ...plain({ authorization: { type: 'MAC', credentials: 'token-1' } }, '/bearer') },
    { name: 'wrong token', ...plain({ authorization: { credentials: 'hidden' } }, '/bearer') },
    { name: 'token file that is gone', ...plain({ authorization: { credentials_file: '/nowhere/token' } }, '/bearer') },
    { name: 'token file that is a directory', ...plain({ bearer_token_file: '/' }, '/bearer') },
    {
      name: 'token with a line of its own',
      ...plain({ authorization: { credentials_file: write('two-lines', 'token-1\r\nX-Evil: 1') } }, '/bearer'),
    },
    { name: 'header file that is gone', ...plain({ http_headers: { 'X-Own': { files: ['/nowhere/header'] } } }) },
    // OAuth2.
    { name: 'OAuth2', ...oauth2('/good', { scopes: ['a', 'b c'], endpoint_params: { audience: 'me & you', resource: 'x' } }) },
    {
      name: 'OAuth2 with a secret in a file',
      ...oauth2('/good', { client_secret: undefined, client_secret_file: write('secret', 'sesame\n') }),
    },
    { name: 'OAuth2 with the secret in the form', ...oauth2('/form') },
    { name: 'OAuth2 answered by a query', ...oauth2('/query') },
    { name: 'OAuth2, wrong secret', ...oauth2('/good', { client_secret: 'hidden' }) },
    { name: 'OAuth2, secret file that is gone', ...oauth2('/good', { client_secret: undefined, client_secret_file: '/nowhere/secret' }) },
    { name: 'OAuth2, plain error', ...oauth2('/plain-error') },
    {
      name: 'OAuth2, no JSON',
      ...oauth2('/no-json'),
      differs: { theirs: /: oauth2: cannot parse json: /, ours: /: oauth2: cannot parse json: /, why: 'parsers have their own words' },
    },
    { name: 'OAuth2, no token', ...oauth2('/empty') },
    { name: 'OAuth2, error as success', ...oauth2('/error-as-success') },
    { name: 'OAuth2, no server', ...oauth2('/good', { token_url: `http://127.0.0.1:${dead}/token` }) },
    { name: 'OAuth2, parameter of its own', ...oauth2('/good', { scopes: ['x'], endpoint_params: { scope: 'x' } }) },
    // Proxies.
    { name: 'through a proxy', ...plain({ ...through(open.port), basic_auth: { username: 'ann', password: 'open sesame' } }) },
    { name: 'through a proxy that wants a password', ...plain(through(proxy.port, 'ann:open%20sesame@'), '/open') },
    { name: 'through a proxy that wants another password', ...plain(through(proxy.port, 'ann:hidden@'), '/open') },
    { name: 'through a proxy that is not there', ...plain(through(dead), '/open') },
    { name: 'through a proxy that says nothing', ...plain(through(silentPort), '/open') },
    { name: 'through a tunnel', ...https(ports.good, { ...ca, ...through(proxy.port, 'ann:open%20sesame@') }) },
    {
      name: 'through a tunnel with headers',
      ...https(ports.good, { ...ca, ...through(open.port), proxy_connect_header: { 'x-test-one': ['a', 'b'], 'X-Test-Two': ['c'] } }),
    },
    { name: 'through a tunnel, wrong password', ...https(ports.good, { ...ca, ...through(proxy.port, 'ann:hidden@') }) },
    { name: 'through a tunnel that is refused', ...https(ports.good, { ...ca, ...through(refusing.port) }) },
    { name: 'through a tunnel that is not there', ...https(ports.good, { ...ca, ...through(dead) }) },
    { name: 'through a tunnel, unknown authority', ...https(ports.good, through(open.port)) },
    {
      name: 'through a tunnel with a certificate',
      ...https(ports.clients, { ...client(CLIENT_CERTIFICATE, CLIENT_KEY), ...through(open.port) }),
    },
    ...[
      ['a proxy', ca],
      ['a proxy with the name of another', { tls_config: { ca: SERVER_CA, server_name: 'a.example' } }],
      ['a proxy of an unknown authority', {}],
    ].flatMap(([what, tls]) => {
      const secured = { ...(tls as object), proxy_url: `https://ann:open%20sesame@127.0.0.1:${more.secured.port}` }
      return [
        { name: `over TLS through ${what}`, ...plain(secured, '/open') },
        { name: `a tunnel over TLS through ${what}`, ...https(ports.good, secured) },
      ]
    }),
    { name: 'not through a proxy', ...plain({ ...through(dead), no_proxy: 'elsewhere' }, '/open') },
    {
      name: 'a name through a proxy',
      target: `a.example:${ports.plain}`,
      settings: { ...through(open.port), no_proxy: 'b.example,.a.example,10.0.0.0/8' },
    },
    { name: 'the proxy of the environment', target: `c.example:${ports.plain}`, settings: { proxy_from_environment: true } },
    {
      name: 'the tunnel of the environment',
      target: `x.b.example:${ports.elsewhere}`,
      settings: { scheme: 'https', ...ca, proxy_from_environment: true },
    },
    { name: 'through SOCKS', ...plain({ proxy_url: `socks5://127.0.0.1:${openSocks.port}` }, '/open') },
    { name: 'TLS through SOCKS', ...https(ports.good, { ...ca, proxy_url: `socks5://ann:open%20sesame@127.0.0.1:${socks.port}` }) },
    { name: 'through SOCKS, wrong password', ...plain({ proxy_url: `socks5://ann:hidden@127.0.0.1:${socks.port}` }, '/open') },
    { name: 'through SOCKS, no password', ...plain({ proxy_url: `socks5://127.0.0.1:${socks.port}` }, '/open') },
    { name: 'through SOCKS to nobody', target: `127.0.0.1:${dead}`, settings: { proxy_url: `socks5://127.0.0.1:${openSocks.port}` } },
    { name: 'through SOCKS that is not there', ...plain({ proxy_url: `socks5://127.0.0.1:${dead}` }, '/open') },
    { name: 'OAuth2 through a proxy', ...oauth2('/good', through(open.port)) },
    // Headers and redirects.
    {
      name: 'headers',
      ...plain(
        {
          http_headers: {
            'x-test-own': { values: ['one', 'two'], secrets: ['hidden'], files: [write('header', ' in a file \n')] },
            Cookie: { values: ['a=b'] },
            accept: { values: ['text/html'] },
          },
        },
        '/headers',
      ),
    },
    { name: 'nobody there', target: `127.0.0.1:${dead}` },
    { name: 'redirect to nobody', ...plain({ params: { to: [`http://127.0.0.1:${dead}/x`] } }, '/redirect') },
    { name: 'redirect to TLS', ...plain({ params: { to: [`https://localhost:${ports.good}/x`] }, ...ca }, '/redirect') },
    { name: 'redirect to TLS of another', ...plain({ params: { to: [`https://127.0.0.1:${ports.elsewhere}/x`] }, ...ca }, '/redirect') },
    { name: 'redirect to another scheme', ...plain({ params: { to: ['ftp://127.0.0.1/x'] } }, '/redirect') },
    { name: 'redirect, not followed', ...plain({ params: { to: ['/open'] }, follow_redirects: false }, '/redirect') },
    { name: 'redirect through a proxy', ...plain({ params: { to: ['/open'] }, ...through(open.port) }, '/redirect') },
    {
      name: 'redirect on the same host',
      ...plain(
        { params: { to: [`http://127.0.0.1:${ports.plain}/same-host`] }, basic_auth: { username: 'ann', password: 'open sesame' } },
        '/redirect',
      ),
    },
    {
      name: 'redirect to another host',
      ...plain(
        {
          params: { to: [`http://localhost:${ports.plain}/other-host`] },
          basic_auth: { username: 'ann', password: 'open sesame' },
          http_headers: { Cookie: { values: ['a=b'] }, 'X-Test-Plain': { values: ['p'] }, 'X-Test-Secret': { secrets: ['hidden'] } },
        },
        '/redirect',
      ),
    },
  ]
}

interface TargetAnswer {
  readonly scrapePool: string
  readonly health: string
  readonly lastError: string
}

async function errors(program: Program, count: number): Promise<ReadonlyMap<string, string>> {
  return until('all targets are scraped', 60_000, async () => {
    const { activeTargets } = await program.api<{ activeTargets: TargetAnswer[] }>('targets')
    if (activeTargets.length !== count || activeTargets.some(({ health }) => health === 'unknown')) return undefined
    // Who was still writing when the other side ended it did not hear why; the next scrape may. A busy machine is late.
    if (activeTargets.some(({ lastError }) => /write tcp \S+: write: |context deadline exceeded/.test(lastError))) return undefined
    return new Map(activeTargets.map(({ scrapePool, health, lastError }) => [scrapePool, health === 'up' ? 'up' : lastError]))
  })
}

test('targets are reached as Prometheus reaches them, and what goes wrong has its words', { timeout: 600_000 }, async (t) => {
  const prometheus = peer(t, 'prometheus 3.5')
  if (prometheus === undefined) return
  const scene = await scenario(t, prometheus)
  const { targets, tokens, open, proxy, directory, write } = scene
  const dead = await freePort()
  const all = cases(scene, dead)
  const configFile = write(
    'prometheus.yml',
    JSON.stringify({
      global: { scrape_interval: '3s', scrape_timeout: '3s' },
      scrape_configs: all.map(({ name, target, settings }) => ({ job_name: name, static_configs: [{ targets: [target] }], ...settings })),
    }),
  )
  chmodSync(configFile, 0o600)
  const variables = {
    HTTP_PROXY: `http://ann:open%20sesame@127.0.0.1:${proxy.port}`,
    https_proxy: `127.0.0.1:${open.port}`,
    NO_PROXY: 'nowhere',
    SSL_CERT_FILE: '',
  }
  const start = async (command: string, args: readonly string[], name: string) => {
    const port = await freePort()
    const flags = [`--config.file=${configFile}`, `--storage.tsdb.path=${directory}/${name}`, `--web.listen-address=127.0.0.1:${port}`]
    return new Program(command, [...args, ...flags], `http://127.0.0.1:${port}`, { variables })
  }
  const [theirs, ours] = [await start(prometheus, [], 'theirs'), await start(PROMONTORY, ['server'], 'ours')]
  try {
    await Promise.all([ours.ready(), theirs.ready()])
    let [wanted, found] = [await errors(theirs, all.length), await errors(ours, all.length)]
    const isSame = ({ name, differs }: Case) => differs !== undefined || normal(found.get(name)!) === normal(wanted.get(name)!)
    // What is noticed first of a connection that ends may be chance: the next scrapes tell.
    for (let round = 0; round < 10 && !all.every(isSame); round++) {
      await delay(3000)
      ;[wanted, found] = [await errors(theirs, all.length), await errors(ours, all.length)]
    }
    for (const { name, differs } of all) {
      await t.test(name, () => {
        const [want, got] = [normal(wanted.get(name)!), normal(found.get(name)!)]
        if (differs === undefined) assert.equal(got, want)
        else {
          assert.match(want, differs.theirs)
          assert.match(got, differs.ours)
        }
      })
    }
    await t.test('what is sent is what Prometheus sends', () => {
      const asked = (by: string, url: RegExp) => targets.seen.find((request) => request.by === by && url.test(request.url))!.headers
      for (const by of ['Prometheus', 'Promontory']) {
        const headers = asked(by, /^\/headers/)
        assert.equal(headers['x-test-own'], 'one, two, hidden, in a file', by)
        assert.equal(headers.cookie, 'a=b', by)
        assert.match(headers.accept!, /, text\/html$/, by)
        assert.match(asked(by, /^\/same-host/).authorization!, /^Basic /, by)
      }
      // Theirs leaves out what net/http calls sensitive; ours, what stands in the configuration as a secret, too.
      for (const [by, secret] of [
        ['Prometheus', 'hidden'],
        ['Promontory', undefined],
      ] as const) {
        const { authorization, cookie, ...other } = asked(by, /^\/other-host/)
        assert.deepEqual([authorization, cookie, other['x-test-plain'], other['x-test-secret']], [undefined, undefined, 'p', secret])
      }
      const forms = new Set(tokens.requests.filter((text) => text.includes('audience')).map((text) => text.replace(/^\S+ /, '')))
      assert.equal(forms.size, 1, [...forms].join('\n'))
      const tunnels = open.requests.filter((text) => text.includes('x-test-one'))
      assert.ok(tunnels.length >= 2)
      assert.equal(new Set(tunnels).size, 1, tunnels.join('\n'))
    })
    await t.test('no secret is shown', async () => {
      const shown = [
        ours.output,
        JSON.stringify(await ours.api('targets')),
        JSON.stringify(await ours.api('status/config')),
        ...found.values(),
      ]
      for (const secret of SECRETS)
        for (const text of shown)
          assert.ok(
            !text.includes(secret),
            `${secret} in ${text.slice(Math.max(0, text.indexOf(secret) - 200), text.indexOf(secret) + 100)}`,
          )
    })
    await t.test('the configuration is printed as Prometheus prints it', async () => {
      const print = async (program: Program) => (await program.api<{ yaml: string }>('status/config')).yaml
      // Sections of the client alone: the others have tests of their own.
      const sections = (yaml: string) =>
        yaml
          .split('\n- job_name: ')
          .slice(1)
          .map(
            (job) =>
              `${job.split('\n')[0]}\n${/\n {2}(?:basic_auth|authorization|oauth2|tls_config|follow_redirects)[\s\S]*?(?=\n {2}(?:static|relabel)_configs)/.exec(job)?.[0]}`,
          )
      assert.deepEqual(sections(await print(ours)), sections(await print(theirs)))
    })
  } finally {
    await Promise.all([ours.stop(), theirs.stop()])
  }
})
