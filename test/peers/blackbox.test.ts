// The multi-target pattern of examples/exporters, with Debian's blackbox exporter behind it: what Prometheus finds and stores.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { copyExamples } from '../support/example-config.ts'
import { peer } from '../support/peers.ts'
import { eventually, freePort, Program, startServer, until } from '../support/program.ts'

interface Active {
  readonly labels: Record<string, string>
  readonly discoveredLabels: Record<string, string>
  readonly scrapeUrl: string
  readonly health: string
}

/** Targets, and the series of the last scrape but for how long things took. */
async function seen(server: Program): Promise<unknown> {
  const { activeTargets } = await server.api<{ activeTargets: Active[] }>('targets')
  const values = await server.query(
    '{job="web",__name__=~"up|probe_(success|http_.*|failed_due_to_regex|ip_protocol)",__name__!~".*_seconds"}',
  )
  const names = await server.query('count by (__name__, instance, team, phase) ({job="web",__name__=~"up|probe_.*"})')
  const sorted = (items: readonly unknown[]) => items.map((item) => JSON.stringify(item)).sort()
  return {
    targets: sorted(
      activeTargets.map(({ labels, discoveredLabels, scrapeUrl, health }) => ({
        labels: Object.entries(labels).sort(),
        discovered: Object.entries(discoveredLabels).sort(),
        scrapeUrl,
        health,
      })),
    ),
    values: sorted(values.map(({ metric, value }) => [Object.entries(metric).sort(), value[1]])),
    names: sorted(names.map(({ metric }) => Object.entries(metric).sort())),
  }
}

test('an exporter probes the targets that relabeling hands it, as with Prometheus', { timeout: 600_000 }, async (t) => {
  const exporter = peer(t, 'blackbox exporter')
  const prometheus = peer(t, 'prometheus 3.5')
  if (exporter === undefined || prometheus === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-blackbox-'))
  const page = createServer((_, response) => void response.end('ready\n')).listen(0, '127.0.0.1')
  await new Promise((resolve) => page.once('listening', resolve))
  const [exporterPort, closedPort, theirPort] = [await freePort(), await freePort(), await freePort()]
  const examples = join(directory, 'examples')
  const ports = { 9090: (page.address() as AddressInfo).port, 9093: closedPort, 9115: exporterPort }
  copyExamples('exporters', examples, ports, ['blackbox.yml'])
  const modules = join(directory, 'modules.yml')
  writeFileSync(modules, 'modules: {http_2xx: {prober: http, http: {preferred_ip_protocol: ip4}}}\n')
  const configFile = join(examples, 'blackbox.yml')
  const programs = [
    new Program(
      exporter,
      [`--config.file=${modules}`, `--web.listen-address=127.0.0.1:${exporterPort}`],
      `http://127.0.0.1:${exporterPort}`,
    ),
    await startServer({ configFile, dataDir: join(directory, 'ours') }),
    new Program(
      prometheus,
      [`--config.file=${configFile}`, `--storage.tsdb.path=${join(directory, 'theirs')}`, `--web.listen-address=127.0.0.1:${theirPort}`],
      `http://127.0.0.1:${theirPort}`,
    ),
  ]
  const [, ours, theirs] = programs
  try {
    await programs[0].ready('/metrics')
    await Promise.all([ours.ready(), theirs.ready()])
    for (const server of [ours, theirs])
      await until('three targets are up', 60_000, async () => (await server.query('count_over_time(up[1m]) >= 2')).length === 3)
    // A scrape that a busy machine has not made in time is made again.
    await eventually(async () => {
      const success = await ours.query('probe_success{team="platform"}')
      assert.deepEqual(Object.fromEntries(success.map(({ metric, value }) => [metric.instance, value[1]])), {
        [`http://127.0.0.1:${ports[9090]}/-/ready`]: '1',
        [`http://127.0.0.1:${closedPort}/-/ready`]: '0',
      })
      assert.deepEqual(await seen(ours), await seen(theirs))
    })
  } finally {
    for (const program of programs.reverse()) await program.stop()
    await new Promise((resolve) => page.close(resolve))
    rmSync(directory, { recursive: true, force: true })
  }
})
