// Measures how the cost of a query grows, and writes the tables of docs/operating/query-cost.md: node tools/query-cost.ts
// A database on the disk, with blocks and windows as a server has them; CPU time of this process, the least of some rounds, since a machine
// that does other things as well makes any time longer and none shorter.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { encodeQuery } from '../src/api/json/encode-query.ts'
import { realEnv } from '../src/base/env-real.ts'
import { virtualEnv } from '../src/base/env-virtual.ts'
import { Labels } from '../src/model/labels.ts'
import { createEngine } from '../src/promql/engine.ts'
import { runDb } from '../src/tsdb/db.fixture.ts'
import { ROOT } from '../test/support/program.ts'

const FILE = join(ROOT, 'docs/operating/query-cost.md')
const [OPEN, CLOSE] = ['<!-- query-cost -->\n', '<!-- /query-cost -->']

const SERIES_MAX = 3200
const HOURS_MAX = 24
const INTERVAL_MS = 30_000
const STEP_MS = 60_000
const HOUR_MS = 3_600_000
const ROUNDS = 12
const QUERIES = [
  { name: 'a rate, summed by a label', text: (matcher: string) => `sum by (group) (rate(requests_total{${matcher}}[5m]))` },
  { name: 'what is stored, as it is', text: (matcher: string) => `requests_total{${matcher}}` },
]

const dir = await mkdtemp(join(tmpdir(), 'promontory-query-cost-'))
const env = { ...realEnv(virtualEnv().log), metrics: new Registry() }
const { db, close } = await runDb(env, { dir })
const end = Math.floor(Date.now() / (2 * HOUR_MS)) * 2 * HOUR_MS
try {
  await load()
  await writeTables()
} finally {
  await close()
  await rm(dir, { recursive: true })
}

async function load(): Promise<void> {
  const labels = Array.from({ length: SERIES_MAX }, (_, i) =>
    Labels.of({ __name__: 'requests_total', group: `g${i % 16}`, instance: `host-${i}:9100`, job: 'api', part: `${partOf(i)}` }),
  )
  const sampleCount = (HOURS_MAX * HOUR_MS) / INTERVAL_MS
  for (let k = sampleCount; k >= 0; k--) {
    const batch = db.appender()
    for (let i = 0; i < SERIES_MAX; i++) {
      const value = 1000 + (sampleCount - k) * (20 + (i % 200)) + ((k * 7919 + i) % 31)
      batch.append(batch.series(labels[i]), end - k * INTERVAL_MS, value)
    }
    await batch.commit()
  }
}

/** By the part of a series a query asks for the first so many: 0 of the first hundred, 1 of the next, 2 of the next two, 3 of the next four. */
function partOf(i: number): number {
  return i < 100 ? 0 : Math.floor(Math.log2(i / 100)) + 1
}

interface Measured {
  readonly series: number
  readonly hours: number
  readonly samples: number
  readonly cpuMs: number
}

async function measure(query: (matcher: string) => string, series: number, hours: number): Promise<Measured> {
  const engine = createEngine({ env, source: db })
  const matcher = `part=~"[0-${partOf(series - 1)}]"`
  let cpuMs = Number.POSITIVE_INFINITY
  let samples = 0
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage()
    const result = await engine.range(query(matcher), end - hours * HOUR_MS + 5 * STEP_MS, end, STEP_MS, {
      signal: new AbortController().signal,
    })
    for (const _ of encodeQuery(result, { stats: false }));
    const { user, system } = process.cpuUsage(before)
    cpuMs = Math.min(cpuMs, (user + system) / 1000)
    samples = result.stats.samplesRead
  }
  return { series, hours, samples, cpuMs }
}

async function writeTables(): Promise<void> {
  const lines = [
    `${cpus().length} x ${cpus()[0].model}, node ${process.version}, commit ${git('rev-parse', '--short', 'HEAD')}, ${new Date().toISOString().slice(0, 10)};`,
    `${SERIES_MAX} series, a sample every ${INTERVAL_MS / 1000} s, ${HOURS_MAX} hours of them. Steps of ${STEP_MS / 1000} s.`,
  ]
  for (const { name, text } of QUERIES) {
    const bySeries: Measured[] = []
    for (let series = 100; series <= SERIES_MAX; series *= 2) bySeries.push(await measure(text, series, 6))
    const byRange: Measured[] = []
    for (const hours of [1.5, 3, 6, 12, 24]) byRange.push(await measure(text, 800, hours))
    lines.push('', `### ${name}`, '', `\`${text('part=~"[0-N]"')}\``, '', ...table(bySeries), '', ...table(byRange))
  }
  const before = readFileSync(FILE, 'utf8')
  const after = `${before.slice(0, before.indexOf(OPEN) + OPEN.length)}\n${lines.join('\n')}\n\n${before.slice(before.indexOf(CLOSE))}`
  writeFileSync(FILE, after)
  console.log(lines.join('\n'))
}

function table(rows: readonly Measured[]): readonly string[] {
  return [
    '| series | hours | samples read | CPU ms | ns a sample |',
    '|---:|---:|---:|---:|---:|',
    ...rows.map(
      ({ series, hours, samples, cpuMs }) =>
        `| ${series} | ${hours} | ${samples} | ${cpuMs.toFixed(1)} | ${((cpuMs * 1e6) / samples).toFixed(0)} |`,
    ),
  ]
}

function git(...words: string[]): string {
  return execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' }).trim()
}
