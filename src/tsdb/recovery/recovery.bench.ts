// What a restart costs, from the log alone and from a checkpoint, and what a checkpoint costs those who append meanwhile.
// node src/tsdb/recovery/recovery.bench.ts [SERIES [SAMPLES]]
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realEnv } from '../../base/env-real.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { Labels } from '../../model/labels.ts'
import type { SeriesRef } from '../../storage/appender.ts'
import { runDb } from '../db.fixture.ts'
import type { Db } from '../db.ts'

const seriesCount = Number(process.argv[2] ?? 300_000)
const rounds = Number(process.argv[3] ?? 6)
const TARGET_SERIES = 500
const BASE = Date.now() - rounds * 15_000

const dir = await mkdtemp(join(tmpdir(), 'promontory-recovery-'))
const env = () => realEnv(virtualEnv().log)
const MB = 1024 * 1024

function labelsOf(i: number): Labels {
  const target = Math.floor(i / TARGET_SERIES)
  return Labels.of({
    __name__: `metric_${i % 50}_total`,
    instance: `10.0.${target >> 8}.${target & 255}:9100`,
    job: `job-${target % 20}`,
    env: 'production',
    region: `region-${target % 3}`,
    path: `/api/v1/thing/${i % TARGET_SERIES}`,
    method: ['GET', 'PUT', 'POST'][i % 3],
    code: String(200 + (i % 5)),
  })
}

async function append(db: Db, refs: SeriesRef[], round: number): Promise<void> {
  for (let from = 0; from < seriesCount; from += TARGET_SERIES) {
    const appender = db.appender()
    for (let i = from; i < Math.min(seriesCount, from + TARGET_SERIES); i++) {
      refs[i] ??= appender.series(labelsOf(i))
      appender.append(refs[i], BASE + round * 15_000, round * (i % 17) + (i % 3) / 3)
    }
    await appender.commit()
  }
}

async function timed<T>(what: string, run: () => Promise<T>): Promise<T> {
  const start = performance.now()
  const cpuStart = process.cpuUsage()
  const rssBefore = process.memoryUsage.rss()
  const result = await run()
  const rss = process.memoryUsage.rss()
  const { user, system } = process.cpuUsage(cpuStart)
  const durationMs = Math.round(performance.now() - start)
  const cpuMs = Math.round((user + system) / 1000)
  console.log(`${what}: ${durationMs} ms, ${cpuMs} ms of CPU, ${Math.round((rss - rssBefore) / MB)} MB more`)
  return result
}

/** The longest time that the event loop did not turn meanwhile. */
async function longestHold<T>(run: () => Promise<T>): Promise<{ result: T; holdMs: number }> {
  let holdMs = 0
  let last = performance.now()
  let over = false
  const look = () => {
    holdMs = Math.max(holdMs, performance.now() - last)
    last = performance.now()
    if (!over) setImmediate(look)
  }
  setImmediate(look)
  const result = await run()
  over = true
  return { result, holdMs }
}

const refs: SeriesRef[] = []
const options = { dir, checkpoints: { logBytes: Number.POSITIVE_INFINITY, lookMs: 2 ** 30 } }
{
  const { db, close } = await runDb(env(), options)
  await timed(`${seriesCount} series made`, () => append(db, refs, 0))
  await timed(`${rounds - 1} samples each`, async () => {
    for (let round = 1; round < rounds; round++) await append(db, refs, round)
  })
  console.log(`${Math.round(db.stats().memoryBytes / MB)} MB of memory, ${Math.round(db.stats().logBytes / MB)} MB of log`)
  await close()
}
await rm(`${dir}/checkpoint`, { recursive: true })
{
  const { close } = await timed('start from the log', () => runDb(env(), options))
  const { holdMs } = await longestHold(() => timed('orderly end', close))
  console.log(`longest hold of the event loop: ${holdMs.toFixed(1)} ms`)
}
await rm(`${dir}/checkpoint`, { recursive: true })
{
  const { db, close } = await runDb(env(), { ...options, checkpoints: { logBytes: 1, lookMs: 1 } })
  const { holdMs } = await longestHold(async () => {
    const again: SeriesRef[] = []
    for (let round = rounds; db.counters().checkpointBytes === 0; round++) await append(db, again, round)
  })
  console.log(`checkpoint of ${Math.round(db.counters().checkpointBytes / MB)} MB, beside appending: longest hold ${holdMs.toFixed(1)} ms`)
  await close()
}
{
  const { close } = await timed('start from a checkpoint', () => runDb(env(), options))
  await close()
}
await rm(dir, { recursive: true })
