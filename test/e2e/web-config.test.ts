import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hashSync } from 'bcryptjs'
import { CLIENT_CA, CLIENT_CERTIFICATE, CLIENT_KEY, SECOND_CERTIFICATE, SECOND_KEY } from '../support/client-certificates.ts'
import { httpsGet } from '../support/https-request.ts'
import { freePort, PROMONTORY, Program, startServer, until } from '../support/program.ts'
import { TEST_CERTIFICATE, TEST_PRIVATE_KEY } from '../support/tls-certificate.ts'

const TLS = `tls_server_config:
  cert_file: cert.pem
  key_file: key.pem
`
const WEB_CONFIG = `${TLS}basic_auth_users:
  scraper: ${hashSync('open sesame', 4)}
`

function directory(): { dir: string; write(name: string, text: string): string } {
  const dir = mkdtempSync(join(tmpdir(), 'promontory-web-'))
  const write = (name: string, text: string) => {
    writeFileSync(join(dir, name), text)
    return join(dir, name)
  }
  write('cert.pem', TEST_CERTIFICATE)
  write('key.pem', TEST_PRIVATE_KEY)
  write('clients.pem', CLIENT_CA)
  return { dir, write }
}

/** Ready over TLS, for which `fetch` has no authority. */
async function secured(program: Program, auth?: string): Promise<void> {
  await until('an answer over TLS', 60_000, async () => {
    const { status } = await httpsGet(`${program.url.replace('http:', 'https:')}/-/healthy`, { ca: TEST_CERTIFICATE, auth })
    return status !== undefined
  })
}

test('a server scrapes another and an exporter over TLS with a password, and a wrong password or authority is told', {
  timeout: 600_000,
}, async () => {
  const { dir, write } = directory()
  const webFile = write('web.yml', WEB_CONFIG)
  const exporterPort = await freePort()
  const exporter = new Program(
    PROMONTORY,
    ['exporter', `--web.listen-address=127.0.0.1:${exporterPort}`, `--web.config.file=${webFile}`],
    `http://127.0.0.1:${exporterPort}`,
  )
  const second = await startServer({
    configFile: write('second.yml', 'global: {}\n'),
    dataDir: join(dir, 'second'),
    flags: [`--web.config.file=${webFile}`],
  })
  const target = (program: Program) => `static_configs: [{targets: ['${program.url.replace('http://', '')}']}]`
  const job = (name: string, program: Program, password: string, tls: string) => `  - job_name: ${name}
    scheme: https
    scrape_interval: 1s
    scrape_timeout: 1s
    basic_auth: {username: scraper, password: ${password}}
    tls_config: ${tls}
    ${target(program)}
`
  const known = `{ca_file: cert.pem}`
  const config = `scrape_configs:
${job('server', second, 'open sesame', known)}${job('exporter', exporter, 'open sesame', known)}${job('password', second, 'wrong', known)}${job('authority', second, 'open sesame', '{ca_file: clients.pem}')}`
  const first = await startServer({ configFile: write('first.yml', config), dataDir: join(dir, 'first') })
  try {
    await Promise.all([first.ready(), secured(second), secured(exporter)])
    await until('both are up', 60_000, async () => {
      const up = await first.query('up == 1')
      return (
        up.length === 2 &&
        up
          .map(({ metric }) => metric.job)
          .sort()
          .join() === 'exporter,server'
      )
    })
    // The first scrapes may have come before the targets were there.
    await until('what is wrong is told', 60_000, async () => {
      const { activeTargets } = await first.api<{ activeTargets: { scrapePool: string; lastError: string }[] }>('targets')
      const errors = Object.fromEntries(activeTargets.map(({ scrapePool, lastError }) => [scrapePool, lastError]))
      assert.match(errors.password, /server returned HTTP status 401 Unauthorized/)
      assert.match(errors.authority, /certificate signed by unknown authority/)
      return true
    })
    for (const program of [first, second, exporter]) assert.doesNotMatch(program.output, /sesame|BEGIN|\$2b/)
    const shown = await first.api<{ yaml: string }>('status/config')
    assert.doesNotMatch(shown.yaml, /sesame/)
  } finally {
    await Promise.all([first.stop(), second.stop(), exporter.stop()])
    rmSync(dir, { recursive: true, force: true })
  }
})

test('certificates, passwords and what is asked of clients change while it serves', { timeout: 600_000 }, async () => {
  const { dir, write } = directory()
  const webFile = write('web.yml', WEB_CONFIG)
  const server = await startServer({
    configFile: write('prometheus.yml', 'global: {}\n'),
    dataDir: join(dir, 'data'),
    flags: [`--web.config.file=${webFile}`],
  })
  const url = `${server.url.replace('http:', 'https:')}/-/healthy`
  const ask = (options: Parameters<typeof httpsGet>[1]) => httpsGet(url, { ca: TEST_CERTIFICATE, ...options }).then(({ status }) => status)
  const becomes = (what: string, want: number | undefined, options: Parameters<typeof httpsGet>[1]) =>
    until(what, 60_000, async () => ((await ask(options)) === want ? true : undefined))
  try {
    await secured(server)
    assert.equal(await ask({}), 401)
    assert.equal(await ask({ auth: 'scraper:open sesame' }), 200)
    assert.equal((await fetch(`${server.url}/-/healthy`)).status, 400)

    write('web.yml', WEB_CONFIG.replace(/scraper: .*/, `scraper: ${hashSync('changed', 4)}`))
    await becomes('the new password', 200, { auth: 'scraper:changed' })
    assert.equal(await ask({ auth: 'scraper:open sesame' }), 401)

    write('web.yml', 'nonsense\n')
    await until('the bad file is logged', 60_000, async () => /web configuration not loaded/.test(server.output))
    assert.equal(await ask({ auth: 'scraper:changed' }), 200)

    write('web.yml', `${TLS}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: clients.pem\n`)
    await becomes('no certificate is refused', undefined, {})
    assert.equal(await ask({ cert: CLIENT_CERTIFICATE, key: CLIENT_KEY }), 200)

    write('cert.pem', SECOND_CERTIFICATE)
    write('key.pem', SECOND_KEY)
    await becomes('the new certificate', 200, { ca: CLIENT_CA, cert: CLIENT_CERTIFICATE, key: CLIENT_KEY })
    assert.equal(await ask({ cert: CLIENT_CERTIFICATE, key: CLIENT_KEY }), undefined)
  } finally {
    await server.stop()
    rmSync(dir, { recursive: true, force: true })
  }
})

test('a bad web configuration ends the start with its place', async () => {
  const { dir, write } = directory()
  const webFile = write('web.yml', WEB_CONFIG.replace('key.pem', 'no.pem'))
  try {
    for (const args of [['exporter'], ['server', `--config.file=${write('p.yml', '')}`, `--storage.tsdb.path=${dir}/data`]]) {
      const program = new Program(PROMONTORY, [...args, '--web.listen-address=127.0.0.1:0', `--web.config.file=${webFile}`], '')
      assert.deepEqual(await program.exited, { code: 1, signal: null })
      assert.match(program.output, new RegExp(`promontory ${args[0]}: ${webFile}:3:13: ${dir}/no.pem: no such file`))
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
