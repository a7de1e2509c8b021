// Proof: series that come and go leave no memory behind. Targets are scraped into a database on a real disk, on virtual time, block after block.
// node test/prove/churn.ts [--seed N] [--count SERIES]
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realEnv } from '../../src/base/env-real.ts'
import { type VirtualEnv, virtualEnv } from '../../src/base/env-virtual.ts'
import { seededRandom } from '../../src/base/virtual/random.ts'
import { compactionThread } from '../../src/roles/compaction-thread.ts'
import { createScrapeManager } from '../../src/scrape/manager.ts'
import { type RunningDb, runDb } from '../../src/tsdb/db.fixture.ts'
import { proofArguments } from '../support/arguments.ts'
import { BusyFiles } from '../support/busy-files.ts'
import { ChurningPage } from '../support/churning-page.ts'
import { fixedTargets, scrapeConfig } from '../support/scrape-config.ts'

const BLOCK_MS = 7_200_000
const INTERVAL_MS = 60_000
const LINES = 250
/** Scrapes go on in steps of time: what one has begun is on the disk before the next one. */
const STEP_MS = 500
/** Blocks are compacted to so long ones. */
const MAX_BLOCK_MS = 9 * BLOCK_MS
/** Blocks that are written before memory is what it stays: by then all has happened once, a compaction too. */
const BLOCKS_BEFORE = 5
/** Enough for a compaction of compacted ones. */
const BLOCKS = 11
/** Of what is resident then. The rest is what the engine does not always have the same. */
const GROWTH_MAX = 1.05
const GROWTH_BYTES_MAX = 8 * 2 ** 20

/** As `bin/promontory` starts the program. */
const ENGINE_FLAGS = ['--max-semi-space-size=2', '--heap-growing-percent=10', '--no-parallel-scavenge', '--expose-gc']
const ALLOCATOR = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_TRIM_THRESHOLD_: '131072' }
if (globalThis.gc === undefined) {
  const [file, ...parameters] = process.argv.slice(1)
  const { status } = spawnSync(process.execPath, [...ENGINE_FLAGS, file, ...parameters], {
    env: { ...process.env, ...ALLOCATOR },
    stdio: 'inherit',
  })
  process.exit(status ?? 1)
}

const { seed, count } = proofArguments({ count: 100_000 })

interface Load {
  readonly what: string
  readonly targetCount: number
  /** How often a series is another one. */
  readonly lifeMs: number
}

/** Of one block range. */
interface Measure {
  /** Resident at the end of the range, after a collection, and at most during it. */
  readonly residentBytes: number
  readonly residentBytesMax: number
  readonly slabBytes: number
  readonly activeSeries: number
}

const LOADS: readonly Load[] = [
  { what: '5 % of the series an hour are new', targetCount: Math.ceil(count / LINES), lifeMs: 20 * 3_600_000 },
  { what: 'all series are new each half hour', targetCount: Math.ceil(count / 5 / LINES), lifeMs: 1_800_000 },
]

const mb = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0).padStart(4)} MiB`

/** Lets time pass until the disk has nothing to do. */
async function pass(env: VirtualEnv, files: BusyFiles, byMs: number): Promise<void> {
  await env.clock.advance(byMs)
  await files.idle()
}

async function prove(load: Load, directory: string): Promise<void> {
  const start = Math.ceil(1_750_000_000_000 / MAX_BLOCK_MS) * MAX_BLOCK_MS
  const virtual = virtualEnv({ seed, startTime: start })
  const real = realEnv(virtual.log)
  const files = new BusyFiles(real.fs)
  const env: VirtualEnv = Object.assign(virtual, { fs: files.fileSystem })
  const random = seededRandom(seed)
  const addresses = Array.from({ length: load.targetCount }, (_, i) => `10.0.${i >> 8}.${i & 255}:9100`)
  for (const address of addresses) {
    const page = new ChurningPage(LINES, load.lifeMs, random)
    env.network.listenRaw(address, (peer) => ({ data: () => peer.write(page.response(env.clock.now() - start)) }))
  }
  const running: RunningDb = await runDb(env, {
    dir: directory,
    blockRangeMs: BLOCK_MS,
    maxBlockMs: MAX_BLOCK_MS,
    lateSpanMs: 600_000,
    retentionMs: 0,
    runCompaction: compactionThread(real),
  })
  const { db } = running
  const manager = createScrapeManager({ env, appendable: db, version: 'proof' })
  manager.apply([
    scrapeConfig({ scrapeIntervalMs: INTERVAL_MS, scrapeTimeoutMs: INTERVAL_MS / 2, discoverers: [fixedTargets(...addresses)] }),
  ])
  const controller = new AbortController()
  const scraped = manager.run(controller.signal, () => {})

  console.log(
    `\n${load.what}: ${load.targetCount} targets of ${LINES} series each, every ${INTERVAL_MS / 1000} s, blocks of ${BLOCK_MS / 3_600_000} h`,
  )
  const measures: Measure[] = []
  // A window becomes a block half a range after its end.
  for (let until = start + 1.5 * BLOCK_MS; measures.length < BLOCKS; until += BLOCK_MS) {
    let residentBytesMax = 0
    while (env.clock.now() < until || db.counters().cuts < measures.length + 1) {
      await pass(env, files, STEP_MS)
      const counters = db.counters()
      if (counters.cutsFailed + counters.commitsRefused > 0) throw new Error('the disk has failed')
      residentBytesMax = Math.max(residentBytesMax, process.memoryUsage.rss())
    }
    // What follows a block is a compaction, perhaps.
    await pass(env, files, STEP_MS)
    while (db.counters().isCompacting) await pass(env, files, 1)
    residentBytesMax = Math.max(residentBytesMax, process.memoryUsage.rss())
    globalThis.gc?.()
    const residentBytes = process.memoryUsage.rss()
    const { activeSeries, memoryBytes: slabBytes, blockCount } = db.stats()
    const { seriesCreated, compactions, checkpointsBegun } = db.counters()
    measures.push({ residentBytes, residentBytesMax, slabBytes, activeSeries })
    const hours = ((env.clock.now() - start) / 3_600_000).toFixed(1).padStart(4)
    console.log(
      `${hours} h: resident ${mb(residentBytes)}, at most ${mb(residentBytesMax)}; slabs ${mb(slabBytes)}; ` +
        `${activeSeries} series active of ${seriesCreated} made; ${blockCount} blocks, ${compactions} compactions, ${checkpointsBegun} checkpoints`,
    )
  }
  const { floatsAppended } = db.counters()
  controller.abort()
  const closed = scraped.then(() => running.close())
  while ((await Promise.race([closed.then(() => 'closed'), pass(env, files, STEP_MS)])) !== 'closed');

  const scrapes = (BLOCKS + 0.5) * (BLOCK_MS / INTERVAL_MS) - 1
  const wanted = load.targetCount * LINES * Math.floor(scrapes)
  if (floatsAppended < wanted) throw new Error(`${floatsAppended} samples are stored, want at least ${wanted}: scrapes were missed`)
  const [before, later] = [measures.slice(0, BLOCKS_BEFORE), measures.slice(BLOCKS_BEFORE)]
  const most = (of: readonly Measure[], name: keyof Measure) => Math.max(...of.map((measure) => measure[name]))
  for (const name of ['residentBytes', 'residentBytesMax', 'slabBytes'] as const) {
    const allowed = GROWTH_MAX * most(before, name) + GROWTH_BYTES_MAX
    if (most(later, name) > allowed) {
      throw new Error(
        `${name} was ${mb(most(before, name))} up to block ${BLOCKS_BEFORE} and ${mb(most(later, name))} later, want at most ${mb(allowed)}`,
      )
    }
  }
  console.log(
    `${floatsAppended} samples; resident at most ${mb(most(before, 'residentBytesMax'))} up to block ${BLOCKS_BEFORE}, ` +
      `${mb(most(later, 'residentBytesMax'))} later; at the end ${mb(measures[BLOCKS - 1].residentBytes)}`,
  )
}

for (const [i, load] of LOADS.entries()) {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-churn-'))
  try {
    await prove(load, join(directory, String(i)))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
process.exit(0)
