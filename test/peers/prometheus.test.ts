import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { peer } from '../support/peers.ts'
import { freePort, Program, startServer, until } from '../support/program.ts'

function config(directory: string, name: string, lines: readonly string[]): string {
  const path = join(directory, name)
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

test('node_exporter is a target like any other', async (t) => {
  const binary = peer(t, 'debian node_exporter')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-peer-'))
  const port = await freePort()
  const exporter = new Program(binary, [`--web.listen-address=127.0.0.1:${port}`], `http://127.0.0.1:${port}`)
  const server = await startServer({
    configFile: config(directory, 'a.yml', [
      'global: {scrape_interval: 1s}',
      `scrape_configs: [{job_name: node, static_configs: [{targets: ['127.0.0.1:${port}']}]}]`,
    ]),
    dataDir: join(directory, 'data'),
  })
  try {
    await exporter.ready('/metrics')
    await server.ready()
    await until(
      'the second scrape',
      60_000,
      async () => Number((await server.query('count_over_time(up{job="node"}[1m])'))[0]?.value[1]) >= 2,
    )
    const page = (await exporter.text('/metrics')).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    // Of one scrape: the next one may bring others.
    const at = Number((await server.query('timestamp(up{job="node"} == 1)'))[0].value[1])
    const stored = Number((await server.query('count({job="node",__name__!~"up|scrape_.*"})', at))[0].value[1])
    const scraped = Number((await server.query('scrape_samples_scraped{job="node"}', at))[0].value[1])
    assert.equal(stored, scraped)
    assert.ok(Math.abs(stored - page.length) < page.length * 0.05, `${stored} series of a page with ${page.length} lines`)
    const total = page.find((line) => line.startsWith('node_memory_MemTotal_bytes '))!.split(' ')[1]
    assert.equal(Number((await server.query('node_memory_MemTotal_bytes'))[0].value[1]), Number(total))
  } finally {
    await server.stop()
    await exporter.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})

test('Prometheus scrapes us and federates from us', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-peer-'))
  const ourPort = await freePort()
  const ours = await startServer({
    port: ourPort,
    configFile: config(directory, 'ours.yml', [
      'global: {scrape_interval: 1s, external_labels: {region: eu}}',
      `scrape_configs: [{job_name: self, static_configs: [{targets: ['127.0.0.1:${ourPort}']}]}]`,
    ]),
    dataDir: join(directory, 'ours'),
  })
  const port = await freePort()
  const theirConfig = config(directory, 'theirs.yml', [
    'global: {scrape_interval: 1s}',
    'scrape_configs:',
    `  - {job_name: promontory, static_configs: [{targets: ['127.0.0.1:${ourPort}']}]}`,
    `  - {job_name: federate, honor_labels: true, metrics_path: /federate, params: {'match[]': ['{job="self"}']}, static_configs: [{targets: ['127.0.0.1:${ourPort}']}]}`,
  ])
  const theirs = new Program(
    binary,
    [`--config.file=${theirConfig}`, `--storage.tsdb.path=${join(directory, 'theirs')}`, `--web.listen-address=127.0.0.1:${port}`],
    `http://127.0.0.1:${port}`,
  )
  try {
    await ours.ready()
    await theirs.ready()
    await until('both jobs up', 60_000, async () => (await theirs.query('up{job=~"promontory|federate"} == 1')).length === 2)
    const names = async (program: Program, query: string) =>
      (await program.query(query)).map(({ metric }) => JSON.stringify(Object.entries(metric).sort())).sort()
    const here = await names(ours, '{job="self"}')
    await until('the same federated series', 60_000, async () => {
      const there = (await names(theirs, '{job="self",region="eu"}')).map((key) =>
        JSON.stringify((JSON.parse(key) as [string, string][]).filter(([name]) => name !== 'region')),
      )
      return here.every((key) => there.includes(key))
    })
  } finally {
    await theirs.stop()
    await ours.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})

test('promtool finds nothing in our /metrics that it does not find in upstream pages', async (t) => {
  const promtool = peer(t, 'promtool 3.5')
  const prometheus = peer(t, 'prometheus 3.5')
  const nodeExporter = peer(t, 'node_exporter 1.11')
  if (promtool === undefined || prometheus === undefined || nodeExporter === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-peer-'))
  const [port, exporterPort, theirPort, theirExporterPort] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const configFile = config(directory, 'a.yml', [
    'global: {scrape_interval: 1s}',
    `scrape_configs: [{job_name: self, static_configs: [{targets: ['127.0.0.1:${port}']}]}]`,
  ])
  const programs = [
    await startServer({ port, configFile, dataDir: join(directory, 'ours') }),
    new Program(
      join(import.meta.dirname, '../../bin/promontory'),
      ['exporter', `--web.listen-address=127.0.0.1:${exporterPort}`],
      `http://127.0.0.1:${exporterPort}`,
    ),
    new Program(
      prometheus,
      [`--config.file=${configFile}`, `--storage.tsdb.path=${join(directory, 'theirs')}`, `--web.listen-address=127.0.0.1:${theirPort}`],
      `http://127.0.0.1:${theirPort}`,
    ),
    new Program(nodeExporter, [`--web.listen-address=127.0.0.1:${theirExporterPort}`], `http://127.0.0.1:${theirExporterPort}`),
  ]
  try {
    for (const program of programs) await program.ready('/metrics')
    await until('a scrape', 60_000, async () => (await programs[0].query('up == 1')).length === 1)
    const [ours, ourExporter, theirs, theirExporter] = await Promise.all(
      programs.map(async (program) => complaints(promtool, await program.text('/metrics'))),
    )
    const kinds = new Set([...theirs, ...theirExporter].map(kindOf))
    const names = new Set([...theirs, ...theirExporter])
    for (const complaint of [...ours, ...ourExporter]) {
      assert.ok(names.has(complaint) || kinds.has(kindOf(complaint)), `promtool: ${complaint}`)
    }
  } finally {
    for (const program of programs) await program.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})

/** What `promtool check metrics` says of a page, a line a complaint; throws when it cannot parse the page. */
function complaints(promtool: string, page: string): string[] {
  const run = spawnSync(promtool, ['check', 'metrics'], { input: page, encoding: 'utf8' })
  assert.ok(run.status === 0 || run.status === 3, `promtool: ${run.status} ${run.stderr}`)
  return `${run.stdout}${run.stderr}`.split('\n').filter((line) => line !== '')
}

/** The complaint without the metric's name. */
function kindOf(complaint: string): string {
  return complaint.replace(/^\S+ /, '').replace(/"[^"]*"/g, '…')
}
