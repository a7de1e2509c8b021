// examples/mission-alerting, run with short times: two servers and three Alertmanagers, of which a server and two Alertmanagers are killed. Who is paged
// hears of everything once: of what was told before, of what was about to be told, and of the death itself.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { clusterStatus, membersOf, type RunningAlertmanager, startAlertmanager } from '../support/alertmanagers.ts'
import { listenLocally } from '../support/local-server.ts'
import { delay, freePort, PROMONTORY, Program, ROOT, startServer, until } from '../support/program.ts'

const EXAMPLE = join(ROOT, 'examples/mission-alerting')
const RECORDED = ['requests:rate5m', 'errors:rate5m', 'latency:p95']
  .flatMap((name) => [`shard:api_${name}`, `region:api_${name}`])
  .concat('shard:db_connections:current', 'shard:node_cpu:avg')
const SERVICES = ['pay', 'shop']
/** Long enough for a busy machine to bring an alert to all and to kill who is to tell of it, before that is told. */
const GROUP_WAIT_S = 10

interface Page {
  readonly status: string
  readonly groupLabels: Readonly<Record<string, string>>
  readonly externalURL: string
  readonly alerts: readonly { readonly status: string; readonly labels: Readonly<Record<string, string>> }[]
  /** Of the header. */
  readonly key: string
}

/** A service's page, of which requests can be made to fail. */
async function startService() {
  const requests: Record<string, number> = { pay: 0, shop: 0 }
  const errors: Record<string, number> = { pay: 0, shop: 0 }
  const page = (): string =>
    SERVICES.flatMap((service) => {
      requests[service] += 10
      return [
        `http_requests_total{service="${service}",status="200"} ${requests[service]}`,
        `http_requests_total{service="${service}",status="500"} ${errors[service]}`,
        ...['0.1', '+Inf'].map((le) => `http_request_duration_seconds_bucket{service="${service}",le="${le}"} ${requests[service]}`),
      ]
    })
      .concat('mysql_global_status_threads_connected 3', `node_cpu_seconds_total{cpu="0",mode="user"} ${requests.pay / 100}`, '')
      .join('\n')
  const server = await listenLocally(
    createServer((_, response) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(page())),
  )
  return {
    ...server,
    // So many at once that every query sees all of it or nothing.
    fail: (service: string) => void (errors[service] += 1e9),
    recover: () => SERVICES.forEach((service) => void (requests[service] += 1e15)),
  }
}

/** Slack and the pager. */
async function startPager() {
  const pages: Page[] = []
  const messages: string[] = []
  const server = await listenLocally(
    createServer(async (request, response) => {
      let body = ''
      for await (const part of request) body += part
      if (request.url === '/slack') {
        const [{ title, text }] = (JSON.parse(body) as { attachments: readonly { title: string; text: string }[] }).attachments
        messages.push(`${title}: ${text.trim()}`)
      } else pages.push({ ...(JSON.parse(body) as Page), key: String(request.headers['idempotency-key']) })
      response.end('ok')
    }),
  )
  return { ...server, pages, messages }
}

test('a killed server and two killed Alertmanagers of three: each page comes once, and each end', { timeout: 600_000 }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-mission-'))
  const programs: Program[] = []
  const service = await startService()
  const pager = await startPager()
  t.after(async () => {
    await Promise.all(programs.map((program) => program.stop('SIGKILL')))
    await Promise.all([service.close(), pager.close()])
    rmSync(directory, { recursive: true, force: true })
  })
  const example = ['9090', '9091', '9093', '9193', '9293']
  const free = new Map<string, number>([
    ['8080', service.port],
    ['5001', pager.port],
  ])
  for (const port of example) free.set(port, await freePort())
  const shortened = (file: string): string =>
    readFileSync(join(EXAMPLE, file), 'utf8')
      .replaceAll(/localhost:(\d+)/g, (_, port: string) => `127.0.0.1:${free.get(port)}`)
      .replaceAll(/\b((?:scrape_|evaluation_)?interval): \d+s/g, '$1: 1s')
      // A scrape that a busy machine has not made in time is no dead server.
      .replace(/(alert: PrometheusScrapeFailing\n(?:.*\n)*?\s+)for: \d+m/, '$1for: 10s')
      .replaceAll(/for: \d+m/g, 'for: 2s')
      .replace('group_wait: 30s', `group_wait: ${GROUP_WAIT_S}s`)
      .replace('group_interval: 5m', 'group_interval: 2s')
  for (const file of ['prometheus-1.yml', 'prometheus-2.yml', 'rules.yml']) writeFileSync(join(directory, file), shortened(file))

  const check = new Program(PROMONTORY, ['check', 'rules', join(EXAMPLE, 'rules.yml')], '')
  assert.equal((await check.exited).code, 0, check.output)

  const servers = await Promise.all(
    [1, 2].map((replica) =>
      startServer({
        configFile: join(directory, `prometheus-${replica}.yml`),
        dataDir: join(directory, `server-${replica}`),
        port: free.get(example[replica - 1]),
        flags: ['--rules.alert.resend-delay=2s'],
      }),
    ),
  )
  programs.push(...servers)
  for (const server of servers) await server.ready('/-/ready', 60_000)
  // A server that is up before the other is misses it: Alertmanagers come when that is over.
  for (const server of servers) {
    await until('both are seen, and nothing fires', 60_000, async () => {
      const [up, alerts] = await Promise.all([server.query('up{job="prometheus"} == 1'), server.query('ALERTS')])
      return up.length === 2 && alerts.length === 0
    })
    for (const name of RECORDED) {
      const labels = await until(name, 60_000, async () => {
        const series = await server.query(name)
        return series.length > 0 && series.map(({ metric }) => Object.keys(metric).sort().join())
      })
      const by = name.includes(':api_') ? 'region,service' : 'instance,region'
      assert.deepEqual([...new Set(labels)], [`__name__,${by}${/^shard:api_.*:rate5m$/.test(name) ? ',shard' : ''}`])
    }
  }

  const members: RunningAlertmanager[] = []
  for (const port of example.slice(2)) {
    const member = await startAlertmanager({
      command: 'ours',
      directory,
      config: shortened('alertmanager.yml'),
      peers: members.map(({ clusterPort }) => clusterPort),
      // Less than 15 s for each member before, so that the test ends.
      flags: ['--cluster.peer-timeout=4s'],
      ports: { web: free.get(port)!, cluster: await freePort() },
    })
    members.push(member)
    programs.push(member.program)
    await member.program.ready('/-/healthy')
  }
  const urls = members.map(({ program }) => program.url)
  await until('a cluster of three', 60_000, async () => {
    const states = await Promise.all(urls.map(async (url) => [(await membersOf(url)).length, await clusterStatus(url)].join()))
    return states.every((state) => state === '3,ready')
  })
  const order = (await membersOf(urls[0]))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ address }) => members.find(({ clusterPort }) => address.endsWith(`:${clusterPort}`))!)
  const pagesOf = (service: string): readonly Page[] => pager.pages.filter(({ groupLabels }) => groupLabels.service === service)

  service.fail('pay')
  await until('a page of what fails first', 60_000, async () => pagesOf('pay').length > 0)
  assert.ok(pagesOf('pay')[0].externalURL.endsWith(`:${new URL(order[0].program.url).port}`), 'the first in order tells')
  await until('all know that it was told on both ways', 60_000, async () =>
    members.every(({ program }) => {
      const log = readFileSync(join(directory, `data-${new URL(program.url).port}`, 'nflog.log'), 'latin1')
      return log.includes('slack') && log.includes('webhook')
    }),
  )

  service.fail('shop')
  await until('each Alertmanager has the next', 60_000, async () => {
    const query = 'filter=service%3D%22shop%22&filter=severity%3D%22critical%22'
    const alerts = await Promise.all(urls.map(async (url) => (await fetch(`${url}/api/v2/alerts?${query}`)).json()))
    return alerts.every((found) => (found as readonly unknown[]).length === 1)
  })
  // The last in order is left: it was to wait for both others.
  await Promise.all([servers[0], order[0].program, order[1].program].map((program) => program.stop('SIGKILL')))
  assert.deepEqual(pagesOf('shop'), [], 'they died before it was told')

  // Longer than an alert is believed without news.
  await delay(10_000)
  await until('pages of what came next and of the dead server', 60_000, async () =>
    ['shop', 'monitoring'].every((service) => pagesOf(service).length > 0),
  )
  service.recover()
  await until('both ends', 60_000, async () => SERVICES.every((service) => pagesOf(service).length > 1))
  await delay(4000)

  const told = (service: string) => pagesOf(service).map(({ status, groupLabels }) => [status, groupLabels])
  for (const name of SERVICES) {
    const group = { alertname: 'HighErrorRate', cluster: 'production', service: name }
    assert.deepEqual(told(name), [
      ['firing', group],
      ['resolved', group],
    ])
    // Of the warning nobody is told while it goes on.
    assert.deepEqual(
      pagesOf(name)[0].alerts.map(({ labels }) => labels),
      [{ alertname: 'HighErrorRate', cluster: 'production', region: 'us-east', service: name, severity: 'critical' }],
    )
  }
  assert.deepEqual(told('monitoring'), [['firing', { alertname: 'PrometheusScrapeFailing', cluster: 'production', service: 'monitoring' }]])
  assert.deepEqual(
    pagesOf('monitoring')[0].alerts.map(({ labels }) => labels.instance),
    [`127.0.0.1:${free.get('9090')}`],
  )
  assert.deepEqual(
    new Set(['shop', 'monitoring'].flatMap((name) => pagesOf(name).map(({ externalURL }) => new URL(externalURL).port))),
    new Set([new URL(order[2].program.url).port]),
    'who is left tells',
  )
  assert.equal(pager.pages.length, 5)
  assert.equal(new Set(pager.pages.map(({ key }) => key)).size, 5)
  assert.deepEqual(pager.messages.toSorted(), [
    'Alert: HighErrorRate: pay in us-east: 100% of requests fail.',
    'Alert: HighErrorRate: shop in us-east: 100% of requests fail.',
    `Alert: PrometheusScrapeFailing: 127.0.0.1:${free.get('9090')} is not scraped.`,
  ])
})
