import { Labels } from '../../src/model/labels.ts'
import { STALE_MARKER } from '../../src/model/staleness.ts'
import { AppendStatus } from '../../src/storage/appender.ts'
import { readAll } from '../../src/storage/series-source.contract.ts'
import type { Db } from '../../src/tsdb/db.ts'

// The load of the crash proofs: a batch is a number, and everything in it follows from the number, so a batch that was
// acknowledged can be checked by whoever knows its number.

const BASE = 1_700_000_000_000
const STEP_MS = 5_000
/** Series that every batch has, and series that only some batches have, as targets that come and go. */
const STEADY = 40
const CHURNING = 10

/** Every sample of a batch: labels, time, value. */
export function batchSamples(batch: number): readonly (readonly [labels: Labels, t: number, v: number])[] {
  const t = BASE + batch * STEP_MS
  const samples: [Labels, number, number][] = []
  for (let i = 0; i < STEADY; i++) samples.push([Labels.of({ __name__: 'steady', i: String(i), job: 'crash' }), t, sampleValue(batch, i)])
  const generation = Math.floor(batch / 25)
  for (let i = 0; i < CHURNING; i++)
    samples.push([Labels.of({ __name__: 'churning', i: String(i), pod: `pod-${generation}` }), t, sampleValue(batch, i)])
  return samples
}

function sampleValue(batch: number, i: number): number {
  const n = batch * 31 + i * 7
  return n % 11 === 0 ? STALE_MARKER : n % 3 === 0 ? n : Math.sin(n)
}

/** Appends a batch and resolves once it is acknowledged. */
export async function appendBatch(db: Db, batch: number): Promise<void> {
  const appender = db.appender()
  for (const [labels, t, v] of batchSamples(batch)) {
    const status = appender.append(appender.series(labels), t, v)
    if (status !== AppendStatus.ok) throw new Error(`append sample of batch ${batch}: status ${status}, want ok`)
  }
  await appender.commit()
}

/** What is missing or wrong of the batches, as one line each; empty when all is there. */
export async function missingOf(db: Db, batches: Iterable<number>): Promise<readonly string[]> {
  const found = new Map<string, Map<number, number>>()
  for (const { labels, timestamps, values } of await readAll(db, -Infinity, Infinity, [])) {
    const byTime = new Map<number, number>()
    for (let i = 0; i < timestamps.length; i++) byTime.set(timestamps[i], values[i])
    found.set(labels.toString(), byTime)
  }
  const missing: string[] = []
  for (const batch of batches) {
    for (const [labels, t, v] of batchSamples(batch)) {
      const got = found.get(labels.toString())?.get(t)
      if (!Object.is(got, v)) missing.push(`batch ${batch}: ${labels} at ${t} is ${got}, want ${v}`)
    }
  }
  return missing
}
