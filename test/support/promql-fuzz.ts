// Random queries over random series, in a thread of its own: what a query does to it is for the thread that started it to see.
import { parentPort, workerData } from 'node:worker_threads'
import fc from 'fast-check'
import { virtualEnv } from '../../src/base/env-virtual.ts'
import type { QueryEngine } from '../../src/promql/query-engine.ts'
import { runDb } from '../../src/tsdb/db.fixture.ts'
import { storeSeries } from '../../src/tsdb/store-series.fixture.ts'
import { DATA_LABELS, DATA_METRICS, randomSeries } from './promql-data.ts'
import { engineOver, signal } from './promql-engine.ts'
import { EXPERIMENTAL_FEATURES, expressions } from './promql-generator.ts'
import { hostileQueries, judgeHostile } from './promql-hostile.ts'
import { checkStepIsInstant, plans } from './promql-plans.ts'

/** What the thread says: what it is about to ask, and what came of a round. */
export type FuzzNews =
  | { readonly asking: string }
  | { readonly queries: number; readonly withSeries: number; readonly bounded: number; readonly hostile: number }

const QUERIES_A_ROUND = 500
/** More than most queries need, so that few answers are not compared. */
const TIMEOUT_MS = 1000
const BYTES_MAX = 256 * 2 ** 20
/** Rounds. They take as long as a round of queries. */
const HOSTILE_EVERY = 10
const STEPS_MS = [1000, 7000, 15_000, 60_000, 100_000]
const STEP_COUNT = 9

const { any } = expressions({ experimental: true, depthMax: 4, metrics: DATA_METRICS, labels: DATA_LABELS })

/** One round: series, and queries over them, that follow from its seed. A failure names the query, made as small as it can be. */
async function round(seed: number): Promise<FuzzNews> {
  const options = { features: EXPERIMENTAL_FEATURES, delayedNameRemoval: seed % 2 === 0, maxBytes: BYTES_MAX }
  const data = randomSeries(seed)
  const stored = await runDb(virtualEnv())
  await storeSeries(stored.db, data)
  const engines = plans(data, options, stored.db)
  const engine = engineOver(stored.db, options)
  let [queries, withSeries, bounded] = [0, 0, 0]
  const time = fc.integer({ min: 0, max: 900_000 })
  await fc.assert(
    fc.asyncProperty(any, time, fc.constantFrom(...STEPS_MS), fc.nat(STEP_COUNT), async (query, end, stepMs, step) => {
      const asked = { signal: signal(), timeoutMs: TIMEOUT_MS }
      // The last step is not where the range ends.
      const start = end - STEP_COUNT * stepMs - 500
      const range = (engine: QueryEngine) => engine.range(query, start, end, stepMs, asked)
      say({ asking: `${query} at ${end} every ${stepMs}` })
      const found = [await engines.checkEqual((engine) => engine.instant(query, end, asked)), await engines.checkEqual(range)]
      if (await checkStepIsInstant(engine, query, { start, end, stepMs, at: start + step * stepMs, asked })) withSeries++
      queries++
      bounded += found.filter((areAll) => !areAll).length
    }),
    { numRuns: QUERIES_A_ROUND, seed },
  )
  await stored.close()
  const hostile = seed % HOSTILE_EVERY === 0 ? hostileQueries(seed) : []
  for (const text of hostile) {
    say({ asking: `${text.length} characters that begin with ${JSON.stringify(text.slice(0, 200))}` })
    judgeHostile(text)
  }
  return { queries, withSeries, bounded, hostile: hostile.length }
}

function say(news: FuzzNews): void {
  parentPort?.postMessage(news)
}

for (let seed: number = workerData.seed; ; seed++) say(await round(seed))
