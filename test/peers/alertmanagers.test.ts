// Alertmanagers are found by name servers too, which are asked at port 53 for the whole machine: all run in namespaces of their own.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { hashSync } from 'bcryptjs'
import { startDnsServer } from '../support/dns-server.ts'
import { httpsGet } from '../support/https-request.ts'
import { peer } from '../support/peers.ts'
import { freePort, Program, startServer, until } from '../support/program.ts'
import { remoteWriteBody, sendRemoteWrite } from '../support/remote-write-body.ts'
import { GOOD, GOOD_KEY, SERVER_CA } from '../support/server-certificates.ts'

const RULES = `groups:
- name: g
  interval: 1s
  rules:
  - alert: Down
    expr: vector(time()) > 0 unless on() over
    labels: {severity: page}
    annotations: {summary: 'it is <down>'}
  - {alert: Stays, expr: vector(1)}
`

interface AlertmanagerAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt: string
  readonly generatorURL: string
}

/** What an Alertmanager has, as API v2 tells. */
async function alertsOf({ url }: Program): Promise<readonly AlertmanagerAlert[]> {
  const path = '/api/v2/alerts'
  if (url.startsWith('http:')) return (await fetch(`${url}${path}`)).json() as Promise<readonly AlertmanagerAlert[]>
  const authorization = `Basic ${Buffer.from('ann:secret').toString('base64')}`
  const { body } = await httpsGet(`${url}${path}`, { ca: SERVER_CA, headers: { authorization } })
  return JSON.parse(body)
}

const INSIDE = 'PROMONTORY_ALERTMANAGERS_TEST'

/** In the namespaces: what each Alertmanager had while the alert fired, and after. */
async function run(binaries: readonly string[], directory: string): Promise<void> {
  const write = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text)
    return join(directory, name)
  }
  write('cert.pem', GOOD)
  write('key.pem', GOOD_KEY)
  write('ca.pem', SERVER_CA)
  write('password', 'secret\n')
  const web = write(
    'web.yml',
    `tls_server_config: {cert_file: cert.pem, key_file: key.pem}\nbasic_auth_users: {ann: ${hashSync('secret', 4)}}\n`,
  )
  const amConfig = write('alertmanager.yml', 'route: {receiver: none}\nreceivers: [{name: none}]\n')
  const ports = await Promise.all(binaries.flatMap(() => [freePort(), freePort()]))
  const alertmanager = (binary: string, index: number, isSecured: boolean): Program => {
    const flags = [
      `--config.file=${amConfig}`,
      `--storage.path=${join(directory, `am${index}`)}`,
      `--web.listen-address=127.0.0.1:${ports[index]}`,
      '--cluster.listen-address=',
      ...(isSecured ? [`--web.config.file=${web}`] : ['--web.route-prefix=/am']),
    ]
    return new Program(binary, flags, isSecured ? `https://127.0.0.1:${ports[index]}` : `http://127.0.0.1:${ports[index]}/am`)
  }
  // Of each version one that is plain, and one that asks who it is by TLS and a password.
  const members = binaries.flatMap((binary, index) => [alertmanager(binary, 2 * index, false), alertmanager(binary, 2 * index + 1, true)])
  const dns = await startDnsServer(
    { '_am._tcp.x.y': { SRV: [`${ports[2]} am.x.y`] }, 'am.x.y': { A: ['127.0.0.1'] } },
    { host: '127.0.0.1', port: 53 },
  )
  write('rules.yml', RULES)
  write('secured.json', JSON.stringify([{ targets: [`127.0.0.1:${ports[1]}`, `127.0.0.1:${ports[3]}`], labels: { __scheme__: 'https' } }]))
  const config = {
    global: { external_labels: { region: 'eu', replica: 'a' } },
    rule_files: ['rules.yml'],
    alerting: {
      alert_relabel_configs: [{ action: 'labeldrop', regex: 'replica' }],
      alertmanagers: [
        { path_prefix: '/am', static_configs: [{ targets: [`127.0.0.1:${ports[0]}`] }] },
        { path_prefix: '/am', dns_sd_configs: [{ names: ['_am._tcp.x.y'] }] },
        {
          tls_config: { ca_file: 'ca.pem' },
          basic_auth: { username: 'ann', password_file: 'password' },
          file_sd_configs: [{ files: ['secured.json'] }],
        },
      ],
    },
  }
  mkdirSync(join(directory, 'data'))
  const server = await startServer({
    configFile: write('prometheus.json', JSON.stringify(config)),
    dataDir: join(directory, 'data'),
    flags: ['--rules.alert.resend-delay=2s', '--web.external-url=http://p.example', '--web.enable-remote-write-receiver'],
  })
  const firing: (readonly AlertmanagerAlert[])[] = []
  const after: (readonly AlertmanagerAlert[])[] = []
  for (const member of members) {
    await until(`${member.url} has the alert`, 60_000, async () => {
      const alerts = await alertsOf(member)
      firing.push(alerts)
      if (alerts.length === 2) return true
      firing.pop()
      return false
    })
  }
  const found = await server.api('alertmanagers')
  const notified = async () => (await server.text('/metrics')).split('\n').filter((line) => line.startsWith('prometheus_notifications_'))
  await until('all are sent the alerts again', 60_000, async () => {
    const sent = (await notified()).filter((line) => line.startsWith('prometheus_notifications_sent_total'))
    return sent.length === members.length && sent.every((line) => Number(line.split(' ')[1]) > 4)
  })
  const over = remoteWriteBody([{ name: 'over', isFloat: true, samples: [{ t: Date.now(), value: 1 }] }])
  assert.equal((await sendRemoteWrite(server.url, over)).status, 204)
  for (const member of members) {
    await until(`${member.url} has its end`, 60_000, async () => {
      const alerts = await alertsOf(member)
      if (alerts.length !== 1) return false
      after.push(alerts)
      return true
    })
  }
  const metrics = await notified()
  await Promise.all([server.stop(), ...members.map((member) => member.stop())])
  await dns.close()
  process.stdout.write(JSON.stringify({ firing, after, found, metrics, ports }))
}

interface Outcome {
  readonly firing: readonly (readonly AlertmanagerAlert[])[]
  readonly after: readonly (readonly AlertmanagerAlert[])[]
  readonly found: { readonly activeAlertmanagers: readonly { url: string }[] }
  readonly metrics: readonly string[]
  readonly ports: readonly number[]
}

const inside = process.env[INSIDE]
if (inside !== undefined) await run(...(JSON.parse(inside) as [readonly string[], string]))
else {
  test('Alertmanagers 0.25 and 0.33 get every alert and its end: by static, DNS and file discovery, plain and over TLS with a password', (t) => {
    const binaries = [peer(t, 'alertmanager 0.25'), peer(t, 'alertmanager 0.33')]
    if (binaries.includes(undefined)) return
    if (spawnSync('unshare', ['-rmn', 'ip', 'link', 'set', 'lo', 'up']).status !== 0) return t.skip('no namespaces here')
    const directory = mkdtempSync(join(tmpdir(), 'promontory-alertmanagers-'))
    t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }))
    const resolvConf = join(directory, 'resolv.conf')
    writeFileSync(resolvConf, 'nameserver 127.0.0.1\n')
    const script = 'mount --bind "$0" /etc/resolv.conf && ip link set lo up && exec "$1" "$2"'
    const { stdout, stderr } = spawnSync(
      'unshare',
      ['-rmn', 'sh', '-c', script, resolvConf, process.execPath, fileURLToPath(import.meta.url)],
      { encoding: 'utf8', env: { ...process.env, [INSIDE]: JSON.stringify([binaries, directory]) } },
    )
    assert.notEqual(stdout, '', stderr)
    const { firing, after, found, metrics, ports } = JSON.parse(stdout) as Outcome
    const url = (index: number) =>
      index % 2 === 0 ? `http://HOST:${ports[index]}/am/api/v2/alerts` : `https://127.0.0.1:${ports[index]}/api/v2/alerts`
    const urls = ports.map((_, index) => url(index).replace('HOST', index === 2 ? 'am.x.y' : '127.0.0.1'))
    assert.deepEqual(found.activeAlertmanagers.map(({ url }) => url).sort(), [...urls].sort())
    for (const alerts of firing) {
      const down = alerts.find(({ labels }) => labels.alertname === 'Down')
      assert.deepEqual(down?.labels, { alertname: 'Down', region: 'eu', severity: 'page' })
      assert.deepEqual(down?.annotations, { summary: 'it is <down>' })
      assert.match(down?.generatorURL ?? '', /^http:\/\/p\.example\/graph\?g0\.expr=vector%28time%28%29%29/)
      assert.ok(Date.parse(down?.endsAt ?? '') > Date.parse(down?.startsAt ?? ''))
    }
    // The same alert to all: they are one for a cluster.
    assert.equal(new Set(firing.map((alerts) => JSON.stringify(alerts.map(({ labels, startsAt }) => [labels, startsAt]).sort()))).size, 1)
    for (const alerts of after)
      assert.deepEqual(
        alerts.map(({ labels }) => labels.alertname),
        ['Stays'],
      )
    const counts = (name: string) => metrics.filter((line) => line.startsWith(`prometheus_notifications_${name}_total`))
    assert.equal(counts('sent').length, 4)
    for (const line of counts('sent')) assert.ok(Number(line.split(' ')[1]) > 4, line)
  })
}
