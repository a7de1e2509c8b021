import assert from 'node:assert/strict'
import type { VirtualEnv } from '../base/env-virtual.ts'
import { Labels } from '../model/labels.ts'
import { Matcher } from '../model/matcher.ts'
import { AppendStatus } from '../storage/appender.ts'
import { MemorySource } from '../storage/memory-source.ts'
import { readAll } from '../storage/series-source.contract.ts'
import { everything } from './block/block.fixture.ts'
import { BlockWriter } from './block/block-writer.ts'
import type { Db } from './db.ts'

// Samples of a few series whose values follow from series and time, for tests of what becomes of windows and blocks.

export const MINUTE = 60_000

/** What selects all of them. */
export const ALL = [new Matcher('=~', '__name__', '.+')]

/** A sample of each series at a time. */
export async function write(db: Db, t: number, seriesCount = 3): Promise<void> {
  const appender = db.appender()
  for (let i = 0; i < seriesCount; i++) {
    const ref = appender.series(Labels.of({ __name__: `m${i % 2}`, i: String(i) }))
    assert.equal(appender.append(ref, t, t + i), AppendStatus.ok)
  }
  await appender.commit()
}

/** Samples as texts, in order; throws when one is there twice. */
export async function samplesOf(db: Db): Promise<readonly string[]> {
  const texts: string[] = []
  for (const { labels, timestamps, values } of await readAll(db, -Infinity, Infinity, ALL)) {
    for (let i = 0; i < timestamps.length; i++) texts.push(`${labels} ${timestamps[i]} ${values[i]}`)
  }
  assert.equal(new Set(texts).size, texts.length, 'a sample is there once')
  return texts.sort()
}

/** What `samplesOf` answers of samples of every `stepMs`. */
export function written(from: number, to: number, stepMs: number, seriesCount = 3): readonly string[] {
  const texts: string[] = []
  for (let t = from; t < to; t += stepMs) for (let i = 0; i < seriesCount; i++) texts.push(`m${i % 2}{i="${i}"} ${t} ${t + i}`)
  return texts.sort()
}

/** A block as another program leaves it in /data, of a sample a minute whose value is its time; its directory. */
export async function foreignBlock(
  env: VirtualEnv,
  from: number,
  to: number,
  labels: Readonly<Record<string, string>> = { __name__: 'm0', i: '0' },
): Promise<string> {
  await env.fs.mkdir('/data')
  const writer = await BlockWriter.create(env, '/data')
  const timestamps = Array.from({ length: (to - from) / MINUTE }, (_, i) => from + i * MINUTE)
  for await (const batch of everything(new MemorySource([{ labels: Labels.of(labels), timestamps, values: timestamps }])))
    await writer.add(batch)
  return `/data/${(await writer.finish()).ulid}`
}
