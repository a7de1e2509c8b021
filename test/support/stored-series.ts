import assert from 'node:assert/strict'
import { virtualEnv } from '../../src/base/env-virtual.ts'
import { AppendStatus } from '../../src/storage/appender.ts'
import type { MemorySeries } from '../../src/storage/memory-source.ts'
import { type RunningDb, runDb } from '../../src/tsdb/db.fixture.ts'

/** A database that has taken the samples of some series, in order of time. */
export async function storeSeries(all: readonly MemorySeries[]): Promise<RunningDb> {
  const stored = await runDb(virtualEnv())
  const appender = stored.db.appender()
  for (const { labels, timestamps, values, histograms, startTimes } of all) {
    const ref = appender.series(labels)
    for (let i = 0; i < timestamps.length; i++) {
      const histogram = histograms?.[i]
      const startTime = startTimes?.[i] ?? 0
      const status =
        histogram === undefined
          ? appender.append(ref, timestamps[i], values[i], startTime)
          : appender.appendHistogram(ref, timestamps[i], histogram, startTime)
      assert.equal(status, AppendStatus.ok, `${labels} at ${timestamps[i]}: ${appender.refusal}`)
    }
  }
  await appender.commit()
  return stored
}
