import assert from 'node:assert/strict'
import { type Appender, AppendStatus } from '../storage/appender.ts'
import type { MemorySeries } from '../storage/memory-source.ts'
import type { Db } from './db.ts'

/** Adds all samples of a series, of whatever kind. */
export function appendAll(appender: Appender, { labels, timestamps, values, histograms, startTimes }: MemorySeries): void {
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

/** Stores series in one batch. */
export async function storeSeries(db: Db, all: readonly MemorySeries[]): Promise<void> {
  const appender = db.appender()
  for (const series of all) appendAll(appender, series)
  await appender.commit()
}
