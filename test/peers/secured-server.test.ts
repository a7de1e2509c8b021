import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hashSync } from 'bcryptjs'
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
import { PROMONTORY, startServer, until } from '../support/program.ts'
import { EXPIRED_SERVER, EXPIRED_SERVER_KEY, GOOD, GOOD_KEY, SERVER_CA } from '../support/server-certificates.ts'

const CURL = '/usr/bin/curl'
/** Of a connection that ended without an answer: the server refused what it was shown. */
const REFUSED = [35, 52, 55, 56]

test('curl, promtool and our own tool reach a server of ours over TLS, with a certificate and a password', {
  timeout: 600_000,
}, async (t) => {
  const promtool = peer(t, 'promtool 3.5')
  if (promtool === undefined) return
  const dir = mkdtempSync(join(tmpdir(), 'promontory-secured-'))
  const write = (name: string, text: string) => {
    writeFileSync(join(dir, name), text)
    return join(dir, name)
  }
  const files = {
    ca: write('ca.pem', SERVER_CA),
    unknownCa: write('unknown-ca.pem', UNKNOWN_CERTIFICATE),
    good: [write('client.pem', CLIENT_CERTIFICATE), write('client.key', CLIENT_KEY)],
    expired: [write('expired.pem', EXPIRED_CERTIFICATE), write('expired.key', EXPIRED_KEY)],
    unknown: [write('unknown.pem', UNKNOWN_CERTIFICATE), write('unknown.key', UNKNOWN_KEY)],
  } as const
  write('clients.pem', CLIENT_CA)
  const start = (name: string, cert: string, key: string) => {
    write(`${name}.pem`, cert)
    write(`${name}-key.pem`, key)
    const tls = `tls_server_config: {cert_file: ${name}.pem, key_file: ${name}-key.pem, client_auth_type: RequireAndVerifyClientCert, client_ca_file: clients.pem}`
    const web = write(`${name}.yml`, `${tls}\nbasic_auth_users: {ann: ${hashSync('open sesame', 4)}}\n`)
    const configFile = write(`${name}-prometheus.yml`, 'global: {}\n')
    return startServer({ configFile, dataDir: join(dir, name), flags: [`--web.config.file=${web}`] })
  }
  const server = await start('server', GOOD, GOOD_KEY)
  const expired = await start('outdated', EXPIRED_SERVER, EXPIRED_SERVER_KEY)
  t.after(async () => {
    await Promise.all([server.stop(), expired.stop()])
    rmSync(dir, { recursive: true, force: true })
  })
  const url = server.url.replace('http:', 'https:')
  const outdated = expired.url.replace('http:', 'https:')
  for (const program of [server, expired]) await until('it listens', 60_000, async () => program.output.includes('listening'))

  interface Access {
    readonly url?: string
    readonly ca?: string
    readonly client?: readonly [cert: string, key: string] | readonly string[]
    readonly password?: string
  }
  const access = { url, ca: files.ca, client: files.good, password: 'open sesame' }
  await t.test('curl', { skip: !existsSync(CURL) }, async () => {
    const ask = (changes: Access) => {
      const { url, ca, client, password } = { ...access, ...changes }
      const args = ['-s', '-o', '/dev/null', '-w', '%{http_code}', '-m', '60', '-u', `ann:${password}`]
      if (ca) args.push('--cacert', ca)
      if (client) args.push('--cert', client[0], '--key', client[1])
      const { status, stdout } = spawnSync(CURL, [...args, `${url}/-/healthy`], { encoding: 'utf8' })
      return [status, stdout]
    }
    await until('ready', 60_000, async () => ask({})[1] === '200')
    assert.deepEqual(ask({ password: 'wrong' }), [0, '401'])
    assert.equal(ask({ ca: undefined })[0], 60)
    assert.equal(ask({ ca: files.unknownCa })[0], 60)
    assert.equal(ask({ url: outdated })[0], 60)
    for (const client of [undefined, files.expired, files.unknown]) {
      const [status] = ask({ client })
      assert.ok(REFUSED.includes(Number(status)), `${status} with ${client}`)
    }
  })
  await t.test('promtool, and our own tool in its words', async () => {
    const ask = (changes: Access) => {
      const { url, ca, client, password } = { ...access, ...changes }
      const config = write(
        'http.yml',
        JSON.stringify({
          basic_auth: { username: 'ann', password },
          tls_config: { ...(ca ? { ca_file: ca } : {}), ...(client ? { cert_file: client[0], key_file: client[1] } : {}) },
        }),
      )
      const run = (command: string, args: readonly string[]) => {
        const { status, stdout, stderr } = spawnSync(command, [...args, `--http.config.file=${config}`, url, '1+1'], {
          encoding: 'utf8',
          timeout: 60_000,
        })
        assert.doesNotMatch(stderr, /sesame/)
        return { status, text: `${stdout}${stderr}`.replace(/ @\[[\d.]+\]/, '').trim() }
      }
      return { theirs: run(promtool, ['query', 'instant']), ours: run(PROMONTORY, ['promql', 'instant']) }
    }
    const normal = (text: string) =>
      text
        .replace(/current time \S+ is/, 'current time NOW is')
        .replace(/ \(possibly because of .*\)/, '')
        // A client may still be writing when the server ends the connection.
        .replace(/(?:read|write) tcp \S+ (?:read|write): (?:connection reset by peer|broken pipe)$|remote error: tls: .*$/, 'EOF')
    for (const [name, changes, want] of [
      ['all is well', {}, /^(?:scalar: 2|2)$/],
      ['wrong password', { password: 'wrong' }, /401/],
      ['no authority', { ca: undefined }, /certificate signed by unknown authority/],
      ['unknown authority', { ca: files.unknownCa }, /certificate signed by unknown authority/],
      ['expired certificate of the server', { url: outdated }, /has expired or is not yet valid: current time \S+ is after 2021/],
      ['no certificate', { client: undefined }, /EOF|reset|broken|remote error/],
      ['expired certificate', { client: files.expired }, /EOF|reset|broken|remote error/],
      ['certificate of an unknown authority', { client: files.unknown }, /EOF|reset|broken|remote error/],
    ] as const) {
      const { theirs, ours } = ask(changes)
      assert.match(theirs.text, want, name)
      assert.equal(ours.status, theirs.status, `${name}: ${ours.text}`)
      assert.equal(normal(ours.text), normal(theirs.text), name)
    }
  })
})
