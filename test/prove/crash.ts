// Proof: what was acknowledged survives kill -9, and damage to the log costs what it touches and nothing before it.
// node test/prove/crash.ts [--seed N] [--count N]
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { Breather } from '../../src/base/breather.ts'
import { type Env, sleep } from '../../src/base/env.ts'
import { realEnv } from '../../src/base/env-real.ts'
import { type VirtualEnv, virtualEnv } from '../../src/base/env-virtual.ts'
import { seededRandom } from '../../src/base/virtual/random.ts'
import { runDb } from '../../src/tsdb/db.fixture.ts'
import { restarted } from '../../src/tsdb/ending-disk.fixture.ts'
import { slowFor } from '../../src/tsdb/slow-disk.fixture.ts'
import { RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES } from '../../src/tsdb/wal/record.ts'
import { type SegmentVisitor, scanSegment } from '../../src/tsdb/wal/scan-segment.ts'
import { segmentNumber } from '../../src/tsdb/wal/segment.ts'
import { appendBatch, EXEMPLARS_MAX, isMetadataKnown, missingOf, SHORT_RANGE_MS } from './crash-load.ts'

export interface ProofOptions {
  readonly seed: number
  readonly count: number
  print(line: string): void
}

/** Kills a process that writes, and makes blocks, at `count` random moments, one after the other on the same directory. Throws when anything is missing. */
export async function proveKills({ seed, count, print }: ProofOptions): Promise<void> {
  const random = seededRandom(seed)
  const dir = await mkdtemp(join(tmpdir(), 'promontory-crash-'))
  const acknowledged: number[] = []
  let [torn, halfMade, blockCount, loaded] = [0, 0, 0, 0]
  let first = 10
  for (let round = 0; round < count; round++) {
    const delayMs = random.next() * 150
    const numbers = await killedChild(dir, first, delayMs)
    acknowledged.push(...numbers)
    // Past what was under way, whether or not any of it was acknowledged.
    first = Math.max(first, ...numbers.slice(-1)) + 10
    const env = realEnv(virtualEnv().log)
    halfMade += (await env.fs.readDir(dir)).filter((name) => name.endsWith('.tmp-for-creation')).length
    halfMade += (await checkpointFiles(env, dir)).filter((name) => name.endsWith('.tmp')).length
    const { db, close } = await runDb(env, { dir, exemplarsMax: EXEMPLARS_MAX, blockRangeMs: SHORT_RANGE_MS })
    if (db.recovery()?.checkpoint !== undefined) loaded++
    // Every other time all that can be a block becomes one, so that the next process begins with many.
    for (let turn = 0; round % 2 === 1 && turn < 500 && db.stats().windowCount > 2; turn++) await sleep(env.clock, 10)
    const missing = await missingOf(db, acknowledged)
    blockCount = db.stats().blockCount
    const failed = db.counters().blockLoadFailures + db.counters().cutsFailed
    if (acknowledged.length > 0 && !isMetadataKnown(db)) throw new Error(`seed ${seed}, kill ${round}, ${dir}: metadata is not there`)
    const { damages, corruptions } = db.replayReport()!
    torn += damages.length
    await close()
    if (failed > 0) throw new Error(`seed ${seed}, kill ${round}, ${dir}: ${failed} blocks were not opened or not written`)
    if (missing.length > 0)
      throw new Error(`seed ${seed}, kill ${round}, ${dir}: ${missing.length} samples are not there: ${missing.slice(0, 3).join('; ')}`)
    if (corruptions > 0)
      throw new Error(`seed ${seed}, kill ${round}, ${dir}: ${corruptions} places with damage, want none: ${JSON.stringify(damages[0])}`)
  }
  await rm(dir, { recursive: true })
  print(
    `${count} kills, ${acknowledged.length} acknowledged batches, ${torn} torn ends, ${blockCount} blocks, ${loaded} checkpoints, ${halfMade} half made, nothing missing`,
  )
}

async function checkpointFiles({ fs }: Env, dir: string): Promise<readonly string[]> {
  return (await fs.stat(`${dir}/checkpoint`)) === null ? [] : fs.readDir(`${dir}/checkpoint`)
}

/**
 * Ends a process at `count` random moments while it writes checkpoints to a slow disk, samples and windows coming meanwhile, one after the other on
 * the same disk; every fourth time the power goes with it, and now and then the disk does not do. Throws when anything is missing.
 */
export async function proveCheckpoints({ seed, count, print }: ProofOptions): Promise<void> {
  const random = seededRandom(seed)
  const below = (limit: number) => Math.floor(random.next() * limit)
  let disk = virtualEnv({ seed })
  let acknowledged: { batch: number; time: number }[] = []
  let batch = 0
  let [loaded, written, blockCount] = [0, 0, 0]
  for (let round = 0; round < count; round++) {
    if (round % 30 === 0) {
      disk = virtualEnv({ seed: seed + round })
      acknowledged = []
      batch = 0
    }
    const what = `seed ${seed}, checkpoint ${round}`
    const env = slowFor(disk, '/checkpoint/', () => below(40))
    const checkpoints = { logBytes: 1 + below(20_000), lookMs: 1 + below(400) }
    const walFsync = below(2) === 0 ? 'always' : 'interval'
    const options = {
      walFsync,
      exemplarsMax: EXEMPLARS_MAX,
      blockRangeMs: SHORT_RANGE_MS,
      segmentBytes: 2000 + below(60_000),
      checkpoints,
    } as const
    const { db, close } = await runDb(env, options)
    const { corruptions, samplesLost } = db.replayReport()!
    if (corruptions > 0 || samplesLost > 0) throw new Error(`${what}: ${corruptions} places with damage, ${samplesLost} samples lost`)
    if (db.recovery()?.checkpoint !== undefined) loaded++
    const missing = await missingOf(
      db,
      acknowledged.map((one) => one.batch),
    )
    if (missing.length > 0) throw new Error(`${what}: ${missing.length} samples are not there: ${missing.slice(0, 3).join('; ')}`)
    if (acknowledged.length > 0 && db.stats().sampleCount > 0 && !isMetadataKnown(db)) throw new Error(`${what}: metadata is not there`)
    const firstBatch = batch
    for (let left = below(25); left > 0; left--) {
      if (below(25) === 0) disk.fs.failing = { [below(2) === 0 ? 'write' : 'sync']: below(2) === 0 ? 'EIO' : 'ENOSPC' }
      const number = ++batch
      await appendBatch(db, number).then(
        () => acknowledged.push({ batch: number, time: disk.clock.now() }),
        () => {},
      )
      disk.fs.failing = {}
      await disk.clock.advance(below(60))
    }
    // Exemplars of a batch that was not written are not there, and neither is the rest: numbers of batches leave room.
    batch += 3
    written += db.counters().checkpointsBegun - db.counters().checkpointsFailed
    blockCount = db.stats().blockCount
    const losesPower = below(4) === 0
    if (below(4) === 0) {
      const closing = close()
      for (let turn = 0; turn < 200; turn++) await disk.clock.advance(40)
      await closing
      if (!losesPower) {
        disk.metrics.clear()
        continue
      }
    }
    if (losesPower) {
      // What an earlier process acknowledged was synced when this one began.
      const isSafe = (one: { batch: number; time: number }) => one.batch < firstBatch || one.time <= disk.clock.now() - 1000
      if (walFsync === 'interval') acknowledged = acknowledged.filter(isSafe)
      disk.fs.losePower()
    }
    disk = restarted(disk)
  }
  print(
    `${count} ends while checkpoints were written, ${loaded} of ${written} checkpoints used, ${blockCount} blocks at last, nothing missing`,
  )
}

/** The batches that a child acknowledged before it was killed, `delayMs` after it began. */
async function killedChild(dir: string, first: number, delayMs: number): Promise<number[]> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('crash-child.ts', import.meta.url)), dir, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  let timer: NodeJS.Timeout | undefined
  let killed = false
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (part: string) => {
    text += part
    timer ??= setTimeout(() => {
      killed = true
      child.kill('SIGKILL')
    }, delayMs)
  })
  await new Promise<void>((resolve) => child.once('close', () => resolve()))
  clearTimeout(timer)
  if (!killed) throw new Error(`the writing process ended by itself after ${text.length} bytes of output, want it killed`)
  // Without a newline at its end the last number may have been cut.
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => /^\d+$/.test(line))
    .map(Number)
}

const BATCHES = 120

/** Damages a log at `count` random places. Throws when it does not open, says nothing, or lacks what the damage did not touch. */
export async function proveDamage({ seed, count, print }: ProofOptions): Promise<void> {
  const random = seededRandom(seed)
  const below = (limit: number) => Math.floor(random.next() * limit)
  const origin = virtualEnv({ seed })
  const written = await runDb(origin, { segmentBytes: 30_000, exemplarsMax: EXEMPLARS_MAX })
  /** Where each batch ends in the log, all segments one after the other. */
  const ends: number[] = []
  for (let batch = 0; batch < BATCHES; batch++) {
    await appendBatch(written.db, batch)
    ends.push(written.db.stats().logBytes)
  }
  await written.close()
  const names = await origin.fs.readDir('/data/log')
  const segments = await Promise.all(names.map((name) => origin.fs.readFile(`/data/log/${name}`)))
  const boundaries = await Promise.all(names.map((name) => recordBoundaries(origin, `/data/log/${name}`)))
  let [lostBatches, quarantined] = [0, 0]

  for (let round = 0; round < count; round++) {
    const index = below(segments.length)
    const bytes = segments[index].slice()
    const offset = below(bytes.length)
    const kinds = ['cut', 'bit', 'zeros', 'noise'] as const
    const kind = kinds[below(kinds.length)]
    let damaged = bytes
    let damageEnd = offset + 1
    if (kind === 'cut') {
      damaged = bytes.slice(0, offset)
      damageEnd = bytes.length
    } else if (kind === 'bit') bytes[offset] ^= 1 << below(8)
    else {
      damageEnd = Math.min(bytes.length, offset + 1 + below(5000))
      if (kind === 'zeros') bytes.fill(0, offset, damageEnd)
      else bytes.set(random.bytes(damageEnd - offset), offset)
    }
    const what = `seed ${seed}, damage ${round}: ${kind} at ${offset}…${damageEnd} of segment ${names[index]}`

    const env = virtualEnv({ seed })
    await env.fs.mkdir('/data/log')
    for (const [i, name] of names.entries()) await env.fs.writeFile(`/data/log/${name}`, i === index ? damaged : segments[i])
    const { db, close } = await runDb(env, { exemplarsMax: EXEMPLARS_MAX })
    const { damages, samplesLost } = db.replayReport()!

    const segmentStart = segments.slice(0, index).reduce((sum, segment) => sum + segment.length, 0)
    const segmentEnd = segmentStart + segments[index].length
    const batches = Array.from({ length: BATCHES }, (_, batch) => batch)
    const untouched = batches.filter((batch) => ends[batch] <= segmentStart + offset || (ends[batch - 1] ?? 0) >= segmentEnd)
    const missing = await missingOf(db, untouched)
    if (missing.length > 0) throw new Error(`${what}: ${missing.length} samples are not there: ${missing.slice(0, 3).join('; ')}`)
    const lost = new Set((await missingOf(db, batches)).map((line) => line.split(':')[0])).size
    // A cut between two records leaves a log that was simply never longer.
    const unseen = kind === 'cut' && boundaries[index].has(offset)
    if (lost > 0 && damages.length === 0 && samplesLost === 0 && !unseen) {
      throw new Error(`${what}: ${lost} batches are not whole and nothing was reported`)
    }
    // It goes on: what is written now is there after the next start.
    await appendBatch(db, BATCHES + 1)
    await close()
    env.metrics.clear()
    const again = await runDb(env, { exemplarsMax: EXEMPLARS_MAX })
    const missingAfter = await missingOf(again.db, [...untouched, BATCHES + 1])
    if (missingAfter.length > 0) throw new Error(`${what}: after a second start ${missingAfter[0]}`)
    if (again.db.replayReport()!.corruptions > 0) throw new Error(`${what}: a second start reports the damage as new`)
    await again.close()
    lostBatches += lost
    quarantined += damages.filter((damage) => damage.quarantine !== undefined).length
  }
  print(
    `${count} damaged logs opened, ${quarantined} places quarantined, ${(lostBatches / count).toFixed(1)} of ${BATCHES} batches touched each`,
  )
}

async function recordBoundaries(env: VirtualEnv, path: string): Promise<ReadonlySet<number>> {
  let offset = SEGMENT_HEADER_BYTES
  const boundaries = new Set([0, offset])
  const number = segmentNumber(path.slice(path.lastIndexOf('/') + 1))!
  const visitor: SegmentVisitor = {
    record(_type, _bytes, start, end) {
      offset += RECORD_HEADER_BYTES + end - start
      boundaries.add(offset)
    },
    async damage(damage) {
      throw new Error(`scan ${path}: damage at ${damage.offset} before any was done`)
    },
  }
  await scanSegment(await env.fs.open(path, 'read'), number, visitor, new Breather(env.clock))
  return boundaries
}

/** Takes the power away at `count` random moments. Throws when anything is missing that was durable by what `--storage.wal.fsync` says. */
export async function provePowerLoss({ seed, count, print }: ProofOptions): Promise<void> {
  const random = seededRandom(seed)
  let [durable, blockCount] = [0, 0]
  for (let round = 0; round < count; round++) {
    const walFsync = round % 2 === 0 ? 'interval' : 'always'
    const options = { walFsync, exemplarsMax: EXEMPLARS_MAX, ...(round % 4 < 2 ? { blockRangeMs: SHORT_RANGE_MS } : {}) } as const
    const env = virtualEnv({ seed: seed + round })
    const { db } = await runDb(env, { ...options, segmentBytes: 30_000 })
    const acknowledged: { batch: number; time: number }[] = []
    const batchCount = Math.floor(random.next() * 100)
    for (let batch = 0; batch < batchCount; batch++) {
      await appendBatch(db, batch)
      acknowledged.push({ batch, time: env.clock.now() })
      await env.clock.advance(Math.floor(random.next() * 300))
    }
    const safe = acknowledged.filter(({ time }) => walFsync === 'always' || time <= env.clock.now() - 1000).map(({ batch }) => batch)
    env.fs.losePower()
    env.metrics.clear()
    const again = await runDb(env, options)
    blockCount += again.db.stats().blockCount
    const missing = await missingOf(again.db, safe)
    const isKnown = isMetadataKnown(again.db)
    await again.close()
    if (safe.length > 0 && !isKnown) throw new Error(`seed ${seed}, power loss ${round}, fsync ${walFsync}: metadata is not there`)
    if (missing.length > 0)
      throw new Error(`seed ${seed}, power loss ${round}, fsync ${walFsync}: ${missing.length} samples are not there: ${missing[0]}`)
    durable += safe.length
  }
  print(`${count} power losses, ${durable} durable batches, ${blockCount} blocks, nothing missing`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { seed: { type: 'string' }, count: { type: 'string' } } })
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9))
  const count = Number(values.count ?? 50)
  console.log(`seed ${seed}`)
  const print = (line: string) => console.log(line)
  await proveKills({ seed, count, print })
  await proveDamage({ seed, count: count * 10, print })
  await provePowerLoss({ seed, count: count * 4, print })
  await proveCheckpoints({ seed, count: count * 10, print })
}
