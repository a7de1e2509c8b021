// What a read takes here and in a thread: node src/api/reads/read-pool.bench.ts
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Env } from '../../base/env.ts'
import { realEnv } from '../../base/env-real.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { Labels } from '../../model/labels.ts'
import { instantQuestion } from '../../promql/evaluate.ts'
import { QueryDesk } from '../../promql/query-desk.ts'
import { runDb } from '../../tsdb/db.fixture.ts'
import type { Read } from './read.ts'
import { ReadPool } from './read-pool.ts'

const SERIES = 10_000
const ROUNDS = 2000
const NOW = 1_700_000_000_000

const directory = mkdtempSync(join(tmpdir(), 'read-pool-bench-'))
const env: Env = realEnv(virtualEnv().log)
const { db, close } = await runDb(env, { dir: `${directory}/data` })
const appender = db.appender()
for (let i = 0; i < SERIES; i++) {
  const ref = appender.series(Labels.of({ __name__: 'm', i: String(i), zone: `z${i % 10}` }))
  for (let k = 0; k < 20; k++) appender.append(ref, NOW - 300_000 + k * 15_000, k)
}
await appender.commit()

async function measure(name: string, cheapMs: number, query: string, rounds: number): Promise<void> {
  env.metrics.clear()
  const pool = new ReadPool({
    env,
    desk: new QueryDesk({ env }),
    db,
    settings: () => ({}),
    samplesMax: 50_000_000,
    bytesMax: 2 ** 30,
    bytesMaxTogether: 2 ** 31,
    threadsMax: 1,
    entry: { file: 'roles/query-worker', load: () => import('../../roles/query-worker.ts') },
    cacheBytes: 2 ** 20,
    cheapMs,
    splitMs: Infinity,
    rehearsalRounds: 0,
    maxConcurrency: 20,
  })
  const stop = new AbortController()
  const ended = pool.run(stop.signal, () => {})
  const read: Read = { kind: 'query', question: instantQuestion(query, NOW, {}), timeoutMs: undefined, limit: 0, stats: false }
  const asker = { signal: new AbortController().signal, client: undefined }
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const began = performance.now()
    const { body } = await pool.answer(read, asker)
    if (!(body instanceof Uint8Array)) for await (const _ of body);
    if (round >= rounds / 10) times.push(performance.now() - began)
  }
  times.sort((a, b) => a - b)
  const at = (q: number) => times[Math.floor(q * times.length)].toFixed(3)
  console.log(`${name.padEnd(34)} median ${at(0.5)} ms, fastest tenth ${at(0.1)} ms`)
  stop.abort()
  await ended
}

await measure('one series, here', Number.POSITIVE_INFINITY, 'm{i="1"}', ROUNDS)
await measure('one series, in a thread', 0, 'm{i="1"}', ROUNDS)
await measure(`sum of ${SERIES} series, here`, Number.POSITIVE_INFINITY, 'sum by (zone) (m)', ROUNDS / 20)
await measure(`sum of ${SERIES} series, in a thread`, 0, 'sum by (zone) (m)', ROUNDS / 20)
await close()
rmSync(directory, { recursive: true })
