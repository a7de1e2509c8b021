// What a late sample costs: node src/tsdb/late-samples.bench.ts

import { virtualEnv } from '../base/env-virtual.ts'
import { seededRandom } from '../base/virtual/random.ts'
import { Labels } from '../model/labels.ts'
import { runDb } from './db.fixture.ts'

const BASE = 1_700_000_000_000 - (1_700_000_000_000 % 7_200_000) + 3_600_000
const STEP_MS = 1000
const SERIES = 500
const SAMPLES = 240

/** Appends samples of the minutes before the newest, in the order of `order`, a batch a series and 60 samples. */
async function measure(what: string, order: readonly number[]): Promise<void> {
  const { db, close } = await runDb(virtualEnv(), { lateSpanMs: 600_000 })
  const begin = db.appender()
  const refs = Array.from({ length: SERIES }, (_, i) => begin.series(Labels.of({ __name__: 'm', i: String(i) })))
  for (const ref of refs) begin.append(ref, BASE, 1)
  await begin.commit()
  const before = db.stats().memoryBytes
  const start = process.cpuUsage()
  for (let from = 0; from < SAMPLES; from += 60) {
    for (const ref of refs) {
      const appender = db.appender()
      for (const k of order.slice(from, from + 60)) appender.append(ref, BASE - 1 - k * STEP_MS, k)
      await appender.commit()
    }
  }
  const count = SERIES * SAMPLES
  const { user, system } = process.cpuUsage(start)
  const ns = ((user + system) * 1e3) / count
  const bytes = (db.stats().memoryBytes - before) / count
  console.log(`${what}: ${ns.toFixed(0)} ns of CPU a sample, checked, logged and stored; ${bytes.toFixed(1)} bytes a sample`)
  await close()
}

const numbers = Array.from({ length: SAMPLES }, (_, i) => i)
const random = seededRandom(1)
const shuffled = numbers.map((n) => [random.next(), n]).sort(([a], [b]) => a - b)
await measure('oldest first', numbers.toReversed())
await measure('newest first', numbers)
await measure(
  'in any order',
  shuffled.map(([, n]) => n),
)
