import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { BudgetsData } from '../../src/api/types/budgets.ts'
import { startFarm } from '../support/farm.ts'
import { freePort, PROMONTORY, startServer, until } from '../support/program.ts'

function checkMetrics(page: string, ...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(PROMONTORY, ['check', 'metrics', ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes: Buffer) => (output += bytes))
  child.stdin.end(page)
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })))
}

test('a server with budgets refuses what is new, tells which label grew, takes new limits by a reload, and is asked before a merge', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-budgets-'))
  const [configFile, ownFile] = [join(directory, 'prometheus.yml'), join(directory, 'promontory.yml')]
  const farm = await startFarm(30)
  const port = await freePort()
  writeFileSync(
    configFile,
    `global: {scrape_interval: 500ms}\nscrape_configs: [{job_name: farm, static_configs: [{targets: ['127.0.0.1:${farm.port}'], labels: {team: a}}]}]\n`,
  )
  const limit = (hard: number) =>
    writeFileSync(ownFile, `budgets: {job: {default: {hard_limit: ${hard}}}, owner: {label: team, default: {hard_limit: 500}}}\n`)
  limit(20)
  const server = await startServer({
    configFile,
    port,
    dataDir: join(directory, 'data'),
    flags: [`--promontory.config=${ownFile}`, '--web.enable-lifecycle'],
  })
  try {
    await server.ready()
    const refused = await until('series are refused', 60_000, async () => {
      const status = await server.api<BudgetsData>('status/budgets')
      const job = status.budgets.find(({ scope, name }) => scope === 'job' && name === 'farm')
      return job !== undefined && job.refusedSeries > 0 && { status, job }
    })
    // Twenty of the page, and what tells of the scrape.
    assert.equal(refused.job.series, 25)
    assert.equal(refused.job.grown?.[0].label, 'series')
    assert.equal(refused.status.ownerLabel, 'team')
    assert.ok(refused.status.seriesBytes > 100)
    await until('what there was room for is stored', 60_000, async () => (await server.query('count(farm_value)'))[0]?.value[1] === '20')
    await until('the scrape is a good one', 60_000, async () => (await server.query('up == 1')).length === 1)

    const page = await (await fetch(`http://127.0.0.1:${farm.port}/metrics`)).text()
    const before = await checkMetrics(`${page}fresh{a="1"} 1\n`, '--budget', server.url, '--job', 'farm')
    assert.equal(before.code, 1, before.output)
    assert.match(before.output, /^Total +31 +11 +11 /m)
    assert.match(before.output, /^Budget of job "farm": 25 \+ 11 = 36 series, a limit of 20: 16 would be refused$/m)
    assert.match(before.output, /^Budget of owner "a": 25 \+ 11 = 36 series, a limit of 500: within$/m)

    limit(100)
    assert.equal((await fetch(`${server.url}/-/reload`, { method: 'POST' })).status, 200)
    await until('all are taken', 60_000, async () => (await server.query('count(farm_value)'))[0]?.value[1] === '30')
    writeFileSync(ownFile, 'budgets: {job: {defalt: {}}}\n')
    const bad = await fetch(`${server.url}/-/reload`, { method: 'POST' })
    assert.equal(bad.status, 500)
    assert.match(await bad.text(), /promontory\.yml:1:17: unknown field defalt in job_budgets, did you mean default\?/)
    const after = await checkMetrics(page, '--budget', server.url, '--job', 'farm')
    assert.equal(after.code, 0, after.output)
    assert.match(after.output, /^Total +30 +0 +0 /m)
  } finally {
    await server.stop()
    await farm.close()
    rmSync(directory, { recursive: true, force: true })
  }
})
