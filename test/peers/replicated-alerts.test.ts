// Two replicas of a server with the same rules, and Alertmanager 0.33 behind them: who is paged hears of an alert once, whichever dies.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startAlertReceiver } from '../support/alert-receiver.ts'
import { listenLocally } from '../support/local-server.ts'
import { peer } from '../support/peers.ts'
import { delay, freePort, Program, startServer, until } from '../support/program.ts'

const RULES = `groups:
- name: federation_rules
  interval: 1s
  rules:
  - record: region:api_requests:rate5m
    expr: sum(rate(http_requests_total[5m])) by (region, service)
  - record: region:api_errors:rate5m
    expr: sum(rate(http_requests_total{status=~"5.."}[5m])) by (region, service)
- name: alerts
  interval: 1s
  rules:
  - alert: HighErrorRate
    expr: region:api_errors:rate5m / region:api_requests:rate5m > 0.3
    for: 2s
    labels: {severity: critical}
    annotations: {summary: '{{ $labels.service }} in {{ $labels.region }}: {{ $value | humanizePercentage }}'}
`

const ALERTMANAGER = (port: number) => `route:
  group_by: [alertname, cluster, service]
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 4h
  receiver: page
receivers:
- name: page
  webhook_configs: [{url: 'http://127.0.0.1:${port}/'}]
`

test('two replicas page once, go on when one is killed, and tell the end', async (t) => {
  const binary = peer(t, 'alertmanager 0.33')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-replicas-'))
  let isFailing = false
  let requests = 0
  let errors = 0
  const ticker = setInterval(() => {
    requests += 10
    if (isFailing) errors += 30
  }, 200)
  const target = await listenLocally(
    createServer((_, response) =>
      response
        .writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
        .end(
          `http_requests_total{region="eu",service="pay",status="200"} ${requests}\nhttp_requests_total{region="eu",service="pay",status="500"} ${errors}\n`,
        ),
    ),
  )
  const pages: { readonly status: string; readonly alerts: readonly { readonly fingerprint: string }[] }[] = []
  const pager = await listenLocally(
    createServer(async (request, response) => {
      let body = ''
      for await (const part of request) body += part
      pages.push(JSON.parse(body))
      response.end()
    }),
  )
  const recorder = await startAlertReceiver()
  const programs: Program[] = []
  t.after(async () => {
    clearInterval(ticker)
    await Promise.all(programs.map((program) => program.stop('SIGKILL')))
    await Promise.all([target.close(), pager.close(), recorder.close()])
    rmSync(directory, { recursive: true, force: true })
  })
  const write = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text)
    return join(directory, name)
  }
  const port = await freePort()
  const alertmanager = new Program(
    binary,
    [
      `--config.file=${write('alertmanager.yml', ALERTMANAGER(pager.port))}`,
      `--storage.path=${join(directory, 'am')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ],
    `http://127.0.0.1:${port}`,
  )
  programs.push(alertmanager)
  const rules = write('rules.yml', RULES)
  const replica = (name: string): Promise<Program> => {
    const config = {
      global: { scrape_interval: '1s', external_labels: { cluster: 'production', replica: name } },
      alerting: {
        alert_relabel_configs: [{ action: 'labeldrop', regex: 'replica' }],
        alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${port}`, `127.0.0.1:${recorder.port}`] }] }],
      },
      rule_files: [rules],
      scrape_configs: [{ job_name: 'api', static_configs: [{ targets: [`127.0.0.1:${target.port}`] }] }],
    }
    const configFile = write(`${name}.json`, JSON.stringify(config))
    return startServer({ configFile, dataDir: join(directory, name), flags: ['--rules.alert.resend-delay=2s'] })
  }
  const [a, b] = await Promise.all(['a', 'b'].map(replica))
  programs.push(a, b)
  for (const program of programs) await program.ready()
  isFailing = true
  await until('a page', 60_000, async () => pages.length > 0)
  await until('both have sent it', 60_000, async () => {
    const counts = await Promise.all([a, b].map((server) => server.text('/metrics')))
    return counts.every((text) => /^prometheus_notifications_sent_total\{[^}]*\} [1-9]/m.test(text))
  })
  const sent = recorder.posts.flatMap(({ alerts }) => alerts)
  // Both call it the same; since when may differ by what each saw first.
  assert.equal(new Set(sent.map(({ labels }) => JSON.stringify(labels))).size, 1)
  assert.deepEqual(sent[0].labels, {
    alertname: 'HighErrorRate',
    cluster: 'production',
    region: 'eu',
    service: 'pay',
    severity: 'critical',
  })
  await a.stop('SIGKILL')
  // Longer than an alert is believed without news.
  await delay(12_000)
  assert.deepEqual(
    pages.map(({ status, alerts }) => [status, alerts.length]),
    [['firing', 1]],
  )
  isFailing = false
  requests += 1e9
  await until('the end', 60_000, async () => pages.length > 1)
  const [{ fingerprint }] = pages[0].alerts
  assert.deepEqual(
    pages.map(({ status, alerts }) => [status, alerts.map((alert) => alert.fingerprint)]),
    [
      ['firing', [fingerprint]],
      ['resolved', [fingerprint]],
    ],
  )
})
