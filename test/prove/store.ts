// Proof: a disk that tears writes, drops what was not synced and refuses any call costs nothing that was promised.
// node test/prove/store.ts [--seed N] [--count N] [--minutes N] [--jobs N]
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { type VirtualEnv, virtualEnv } from '../../src/base/env-virtual.ts'
import { errorMessage } from '../../src/base/errors.ts'
import type { DiskCall } from '../../src/base/virtual/file-system.ts'
import { seededRandom } from '../../src/base/virtual/random.ts'
import { histogram } from '../../src/chunkenc/samples.fixture.ts'
import type { Histogram } from '../../src/model/histogram.ts'
import { Labels } from '../../src/model/labels.ts'
import { Matcher } from '../../src/model/matcher.ts'
import { isStaleMarker, STALE_MARKER } from '../../src/model/staleness.ts'
import { type Appendable, type Appender, AppendStatus } from '../../src/storage/appender.ts'
import { unlimitedContext } from '../../src/storage/query-context.ts'
import { readAll } from '../../src/storage/series-source.contract.ts'
import { type RunningDb, runDb } from '../../src/tsdb/db.fixture.ts'
import type { Db } from '../../src/tsdb/db.ts'
import { MortalProcess } from './store-disk.ts'

export interface StoreProofOptions {
  readonly seed: number
  readonly count: number
  readonly first?: number
  readonly step?: number
  readonly deadlineMs?: number | undefined
  print(line: string): void
}

/** What is known of a sample that was sent. */
const Fate = {
  /** Not refused, but not acknowledged: it may be there or not. */
  sent: 0,
  /** Survives the process. */
  acknowledged: 1,
  /** Survives power loss. */
  durable: 2,
} as const
type Fate = (typeof Fate)[keyof typeof Fate]

interface Sent {
  fate: Fate
  acknowledgedAt: number
  /** What is known of a deletion of it that came after it; undefined: there was none. */
  deletion: Fate | undefined
  /** It was not durable when a process ended whose disk had failed an fsync: the next process cannot know that it has to write it anew. */
  isDoubtful: boolean
}

const RANGE_MS = 60_000
const SERIES = 7
/** An acknowledged sample is durable a second later. */
const DURABLE_MS = 1000

/** What a series has at a time, always the same. */
function sampleOf(i: number, t: number): { readonly text: string; append(appender: Appender, ref: number): AppendStatus } {
  const n = Math.floor(t / 7) % 50
  if (n === 3) return { text: 'stale', append: (appender, ref) => appender.append(ref, t, STALE_MARKER) }
  if (i % 3 < 2) return { text: String(n), append: (appender, ref) => appender.append(ref, t, n, i % 4 === 1 ? t - (t % 1000) : 0) }
  const h = histogram({ isFloat: i % 2 === 0, schema: 2, spans: [n % 3, 3], buckets: [n, n + 1, 2], sum: n })
  return { text: textOf(h.sum, h), append: (appender, ref) => appender.appendHistogram(ref, t, h) }
}

function textOf(value: number, h: Histogram | undefined): string {
  if (h === undefined) return isStaleMarker(value) ? 'stale' : String(value)
  return `count ${h.count} sum ${h.sum} [${h.positiveBuckets.filter((count) => count !== 0)}]`
}

const labelsOf = (i: number) => Labels.of({ __name__: `m${i % 3}`, i: String(i) })

/** What is counted over all seeds. */
class Tally {
  seeds = 0
  starts = 0
  kills = 0
  powerLosses = 0
  ends = 0
  faults = 0
  acknowledged = 0
  refusedCommits = 0
  blocks = 0
  compactions = 0
  checkpoints = 0
  late = 0
  early = 0
  repairs = 0
  deletions = 0
  deletionsRefused = 0

  /** Adds what was counted elsewhere. */
  add(other: Tally): void {
    const counts = this as unknown as Record<string, number>
    for (const [name, count] of Object.entries(other)) counts[name] += count
  }

  text(): string {
    return [
      `${this.seeds} seeds: ${this.starts} starts after ${this.kills} kills, ${this.powerLosses} power losses and ${this.ends} ends in order;`,
      `${this.faults} calls refused by the disk, ${this.refusedCommits} batches refused, ${this.repairs} times repaired;`,
      `${this.acknowledged} acknowledged samples, ${this.late} of them late, ${this.early} before the log was read, ${this.blocks} blocks, ${this.compactions} compactions, ${this.checkpoints} checkpoints;`,
      `${this.deletions} deletions, ${this.deletionsRefused} more refused;`,
      'nothing missing, nothing foreign, nothing twice',
    ].join(' ')
  }
}

/** One seed: some lives of a database on one disk. Throws when a promise is broken. */
class StoreWorld {
  readonly #below: (limit: number) => number
  readonly #disk: VirtualEnv
  readonly #tally: Tally
  readonly #what: string
  readonly #sent = new Map<number, Map<number, Sent>>()
  readonly #options: { readonly walFsync: 'interval' | 'always'; readonly retentionMs: number; readonly segmentBytes: number }
  /** Long pauses are one in so many. */
  readonly #pace: number
  #now = 1_700_000_000_000
  /** What happened, for who looks into a failure. */
  readonly #trail: string[] = []
  #newest = Number.NEGATIVE_INFINITY
  /** Since the disk did for the log. */
  #hasFailedSync = false

  constructor(seed: number, tally: Tally) {
    const random = seededRandom(seed)
    this.#below = (limit) => Math.floor(random.next() * limit)
    this.#what = `seed ${seed}`
    this.#tally = tally
    this.#disk = virtualEnv({ seed })
    this.#disk.fs.hasShortReads = this.#below(2) === 0
    this.#disk.fs.hasTornSectors = this.#below(2) === 0
    this.#pace = this.#below(3) === 0 ? 2 : 5
    this.#options = {
      walFsync: this.#below(3) === 0 ? 'always' : 'interval',
      retentionMs: this.#below(3) === 0 ? 10 * RANGE_MS : 0,
      segmentBytes: 400 + this.#below(4000),
    }
  }

  async run(): Promise<void> {
    const lives = 2 + this.#below(2)
    for (let life = 0; life < lives; life++) await this.#live(`${this.#what}, life ${life}`)
    this.#disk.fs.fault = undefined
    this.#disk.fs.freeBytes = Number.POSITIVE_INFINITY
    const process = new MortalProcess(this.#disk, this.#now)
    const running = await this.#start(process, `${this.#what}, end`)
    await this.#check(running!.db, `${this.#what}, end`)
    await process.outcome(running!.close())
  }

  /** Starts, works, and ends in one way or another. */
  async #live(what: string): Promise<void> {
    const { fs } = this.#disk
    if (this.#below(4) === 0) await this.#startInVain()
    const process = new MortalProcess(this.#disk, this.#now)
    const running = await this.#start(process, what)
    if (running === undefined) throw new Error(`${what}: it does not start`)
    await this.#check(running.db, `${what}, after the start`)
    const way = this.#below(5)
    if (way > 0) process.callsLeft = this.#below(way === 1 ? 30 : 400)
    const refs = new Map<number, number>()
    let reader: AsyncIterator<unknown> | undefined
    for (let step = 0; step < 18 && !process.hasEnded; step++) {
      if (this.#below(8) === 0) this.#breakDisk()
      else if (this.#below(4) === 0) this.#mendDisk()
      if (this.#below(3) > 0) await this.#append(process, running.db, refs)
      if (this.#below(9) === 0) await this.#delete(process, running.db)
      if (this.#below(12) === 0) reader ??= await this.#beginReading(process, running.db)
      else if (this.#below(6) === 0) reader = await this.#endReading(process, reader)
      await this.#pass(process, running.db, this.#below(this.#pace) === 0 ? this.#below(40_000) : this.#below(700))
      const isWell = fs.fault === undefined && running.db.health.state('log') === 'normal'
      if (isWell && this.#below(10) === 0 && !process.hasEnded) await this.#check(running.db, `${what}, step ${step}`, process)
    }
    this.#count(running.db)
    if (way === 0) {
      await this.#endReading(process, reader)
      // An end in order, of a disk that may not do.
      if (this.#below(2) === 0) this.#mendDisk()
      await process.outcome(running.close())
      this.#tally.ends++
    } else this.#tally.kills++
    this.#end(process, running)
    this.#note(`life ends, way ${way}`)
    this.#mendDisk()
    if (way > 0 && this.#below(2) === 0) {
      this.#tally.kills--
      this.#tally.powerLosses++
      this.#note('power loss')
      fs.losePower()
      for (const samples of this.#sent.values()) {
        for (const one of samples.values()) {
          if (one.fate !== Fate.durable) one.fate = Fate.sent
          if (one.deletion === Fate.acknowledged) one.deletion = Fate.sent
        }
      }
    }
  }

  /** Lets a start meet a disk that refuses some calls; whether it comes up or not, the next one must. */
  async #startInVain(): Promise<void> {
    this.#disk.fs.fault =
      this.#below(2) === 0 ? this.#randomFault(0.05, undefined, 'EIO') : this.#randomFault(0.2 + this.#below(70) / 100, ['read'], 'EIO')
    const process = new MortalProcess(this.#disk, this.#now)
    if (this.#below(3) > 0) process.callsLeft = this.#below(400)
    const starting = this.#starting(process).catch(() => undefined)
    await process.outcome(starting)
    const running = process.hasEnded ? undefined : await starting
    if (running !== undefined) {
      // What it does when the disk does again must not cost what it could not read.
      this.#mendDisk()
      const refs = new Map<number, number>()
      for (let step = this.#below(8); step > 0 && !process.hasEnded; step--) {
        await this.#append(process, running.db, refs)
        await this.#pass(process, running.db, this.#below(60_000))
      }
      if (!process.hasEnded) await process.outcome(running.close())
    }
    this.#end(process, running)
    this.#mendDisk()
  }

  #end(process: MortalProcess, running: RunningDb | undefined): void {
    process.end()
    // It reaches no disk any more; but what it waits for would be kept for ever by the signals that could end the waiting.
    void running?.close().catch(() => {})
    if (!this.#hasFailedSync) return
    this.#hasFailedSync = false
    for (const samples of this.#sent.values()) {
      for (const one of samples.values()) {
        const isDeletionOpen = one.deletion !== undefined && one.deletion !== Fate.durable
        if (one.fate !== Fate.durable || isDeletionOpen) one.isDoubtful = true
        // If it is there again, it may be by what was sent after the deletion.
        if (isDeletionOpen && one.fate === Fate.durable) one.fate = Fate.acknowledged
      }
    }
  }

  async #start(process: MortalProcess, what: string): Promise<RunningDb | undefined> {
    this.#tally.starts++
    this.#note('start')
    try {
      return await process.answer(this.#starting(process))
    } catch (cause) {
      throw new Error(`${what}: it does not start: ${errorMessage(cause)}`, { cause })
    }
  }

  /** Samples may come before the log was read. */
  async #starting(process: MortalProcess): Promise<RunningDb> {
    let early = Promise.resolve()
    const appendEarly = async (db: Db) => {
      const refs = new Map<number, number>()
      for (let n = this.#below(8); n > 0 && !process.hasEnded; n--) {
        const before = this.#tally.acknowledged
        await this.#append(process, db.early, refs)
        if (!db.replayStatus().done) this.#tally.early += this.#tally.acknowledged - before
        for (let turn = this.#below(10); turn > 0; turn--) await Promise.resolve()
      }
    }
    const onTakes = (db: Db) => {
      if (this.#below(2) === 0) early = appendEarly(db)
    }
    const running = await runDb(process.env, { ...this.#dbOptions(), onTakes })
    await early
    return running
  }

  #dbOptions() {
    const spans = [0, 10_000, 90_000]
    const checkpoints = { logBytes: this.#below(2) === 0 ? 800 + this.#below(3000) : 1e9, lookMs: 2000 }
    return { ...this.#options, blockRangeMs: RANGE_MS, lateSpanMs: spans[this.#below(3)], checkpoints }
  }

  async #append(process: MortalProcess, db: Appendable, refs: Map<number, number>): Promise<void> {
    const taken: Sent[] = []
    let appender: Appender
    try {
      appender = db.appender()
    } catch {
      return
    }
    for (let n = 1 + this.#below(12); n > 0; n--) {
      const i = this.#below(SERIES)
      // Some are sent again, the newest of their series more often than others.
      const again = this.#below(8) === 0 ? this.#newestOf(i) : undefined
      const t = again ?? this.#now - (this.#below(4) === 0 ? this.#below(100_000) : this.#below(300))
      const sample = sampleOf(i, t)
      let ref = refs.get(i) ?? appender.series(labelsOf(i))
      let status = sample.append(appender, ref)
      if (status === AppendStatus.unknownSeries) {
        ref = appender.series(labelsOf(i))
        status = sample.append(appender, ref)
      }
      refs.set(i, ref)
      if (status === AppendStatus.duplicateTimestamp) throw new Error(`${this.#what}: ${i} at ${t} has another value, want ${sample.text}`)
      if (status !== AppendStatus.ok) continue
      const samples = this.#sent.get(i) ?? new Map<number, Sent>()
      this.#sent.set(i, samples)
      const sent = samples.get(t) ?? { fate: Fate.sent, acknowledgedAt: 0, deletion: undefined, isDoubtful: false }
      samples.set(t, sent)
      taken.push(sent)
      this.#newest = Math.max(this.#newest, t)
    }
    if (this.#below(15) === 0) {
      appender.rollback()
      return
    }
    const committed = appender.commit().then(
      () => 'acknowledged' as const,
      () => 'refused' as const,
    )
    const outcome = await process.answer(committed)
    if (outcome === 'refused') this.#tally.refusedCommits++
    this.#note(`batch ${outcome}`)
    if (outcome !== 'acknowledged') {
      // It may be there again.
      for (const one of taken) if (one.deletion !== undefined) one.deletion = Fate.sent
      return
    }
    for (const one of taken) {
      if (one.deletion !== undefined) {
        // It was sent anew.
        one.deletion = undefined
        one.fate = Fate.sent
      }
      if (one.fate === Fate.sent) {
        this.#tally.acknowledged++
        one.acknowledgedAt = process.env.clock.now()
      }
      if (this.#options.walFsync === 'always' && !one.isDoubtful) one.fate = Fate.durable
      else if (one.fate === Fate.sent) one.fate = Fate.acknowledged
    }
  }

  /** Somebody reads, and takes their time: what they read stays. */
  async #beginReading(process: MortalProcess, db: Db): Promise<AsyncIterator<unknown>> {
    const all = { minTime: Number.NEGATIVE_INFINITY, maxTime: Number.POSITIVE_INFINITY, matchers: [] }
    const reader = db.select(all, unlimitedContext())[Symbol.asyncIterator]()
    await process.outcome(reader.next())
    return reader
  }

  async #endReading(process: MortalProcess, reader: AsyncIterator<unknown> | undefined): Promise<undefined> {
    if (reader !== undefined && !process.hasEnded) await process.outcome(reader.return!())
  }

  #newestOf(i: number): number | undefined {
    const times = this.#sent.get(i)?.keys()
    const newest = times === undefined ? Number.NEGATIVE_INFINITY : Math.max(...times)
    return Number.isFinite(newest) ? newest : undefined
  }

  /** Deletes a stretch of one series, or of all. */
  async #delete(process: MortalProcess, db: Db): Promise<void> {
    if (process.hasEnded) return
    const only = this.#below(3) === 0 ? undefined : this.#below(SERIES)
    const minTime = this.#now - this.#below(150_000)
    const maxTime = minTime + this.#below(this.#below(2) === 0 ? 1000 : 100_000)
    const matchers = only === undefined ? [] : [new Matcher('=', 'i', String(only))]
    const deleting = db.deleteSamples(matchers, minTime, maxTime, new AbortController().signal).then(
      () => 'done' as const,
      () => 'refused' as const,
    )
    await process.outcome(deleting)
    const outcome = process.hasEnded ? undefined : await deleting
    this.#now = process.env.clock.now()
    this.#note(`deletion of ${only ?? 'all'} from ${minTime} to ${maxTime} ${outcome}`)
    if (outcome === 'done') this.#tally.deletions++
    if (outcome === 'refused') this.#tally.deletionsRefused++
    for (const [i, samples] of this.#sent) {
      if (only !== undefined && i !== only) continue
      for (const [t, one] of samples) {
        if (t < minTime || t > maxTime) continue
        // What was refused is not in memory, where it would be deleted: the disk may have it nevertheless, beyond all that the deletion is about.
        if (outcome !== 'done' || one.fate === Fate.sent) one.deletion ??= Fate.sent
        else if (one.deletion === undefined || one.deletion === Fate.sent) {
          const isDurable = this.#options.walFsync === 'always' && !one.isDoubtful
          one.deletion = isDurable ? Fate.durable : Fate.acknowledged
          one.acknowledgedAt = process.env.clock.now()
        }
      }
    }
  }

  /** Lets time pass; what was acknowledged long enough before its end is durable, unless the disk does not do. */
  async #pass(process: MortalProcess, db: Db, ms: number): Promise<void> {
    const { clock } = process.env
    await process.answer(clock.advance(ms))
    this.#now += ms
    if (process.hasEnded || db.health.state('log') !== 'normal') return
    this.#hasFailedSync = false
    for (const samples of this.#sent.values()) {
      for (const one of samples.values()) {
        if (one.isDoubtful || one.acknowledgedAt > clock.now() - DURABLE_MS) continue
        if (one.fate === Fate.acknowledged) one.fate = Fate.durable
        if (one.deletion === Fate.acknowledged) one.deletion = Fate.durable
      }
    }
  }

  #breakDisk(): void {
    const { fs } = this.#disk
    this.#note('the disk breaks')
    const kind = this.#below(4)
    if (kind === 0) fs.freeBytes = this.#below(20_000)
    else if (kind === 1) fs.fault = this.#randomFault(1, ['write', 'open'], this.#below(2) === 0 ? 'EROFS' : 'ENOSPC')
    else if (kind === 2) fs.fault = this.#randomFault(this.#below(2) === 0 ? 1 : 0.3, ['sync', 'syncDir'], 'EIO')
    else fs.fault = this.#randomFault(0.02 + this.#below(40) / 100, undefined, 'EIO')
  }

  #mendDisk(): void {
    this.#note('the disk does')
    this.#disk.fs.fault = undefined
    this.#disk.fs.freeBytes = Number.POSITIVE_INFINITY
  }

  #randomFault(share: number, calls: readonly DiskCall[] | undefined, code: string) {
    return (call: DiskCall): string | undefined => {
      if (calls !== undefined && !calls.includes(call)) return undefined
      if (share < 1 && this.#below(1000) >= share * 1000) return undefined
      this.#tally.faults++
      if (call === 'sync') this.#hasFailedSync = true
      return code
    }
  }

  /** Compares what is there with what was sent. */
  async #check(db: Db, what: string, process?: MortalProcess): Promise<void> {
    const reading = readAll(db, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, [])
    const found = process === undefined ? await reading : await process.answer(reading)
    if (found === undefined) return
    const keptFrom =
      this.#options.retentionMs === 0 ? Number.NEGATIVE_INFINITY : Math.max(this.#newest, this.#now) - this.#options.retentionMs
    const bySeries = new Map(found.map((one) => [one.labels.get('i'), one]))
    for (let i = 0; i < SERIES; i++) {
      const samples = this.#sent.get(i) ?? new Map<number, Sent>()
      const one = bySeries.get(String(i))
      bySeries.delete(String(i))
      const there = new Set<number>()
      for (let at = 0; at < (one?.timestamps.length ?? 0); at++) {
        const t = one!.timestamps[at]
        const text = textOf(one!.values[at], one!.histograms?.[at])
        if (there.has(t)) throw new Error(`${what}: ${one!.labels} at ${t} is there twice`)
        there.add(t)
        const sent = samples.get(t)
        if (sent === undefined) throw new Error(`${what}: ${one!.labels} at ${t} is ${text}, and was never sent`)
        if (sent.deletion === Fate.acknowledged || sent.deletion === Fate.durable)
          throw new Error(`${what}: ${one!.labels} at ${t} is there, and was deleted${sent.deletion === Fate.durable ? ' for good' : ''}`)
        if (text !== sampleOf(i, t).text) throw new Error(`${what}: ${one!.labels} at ${t} is ${text}, want ${sampleOf(i, t).text}`)
      }
      for (const [t, sent] of samples) {
        if (there.has(t)) {
          // What a new process finds is acknowledged by that, and made durable by it where the one before did not come to it.
          if (process === undefined && sent.fate !== Fate.durable) {
            sent.fate = Fate.acknowledged
            sent.acknowledgedAt = this.#now
          }
          if (process === undefined) sent.deletion = undefined
          continue
        }
        const isPromised = sent.fate !== Fate.sent && t >= keptFrom && sent.deletion === undefined
        if (isPromised)
          throw new Error(
            `${what}: ${labelsOf(i)} at ${t} is not there, and was ${sent.fate === Fate.durable ? 'durable' : 'acknowledged'}`,
          )
        // A deletion that was refused may hold until the power goes, and not after that.
        if (process === undefined && sent.deletion === undefined) samples.delete(t)
      }
    }
    if (bySeries.size > 0) throw new Error(`${what}: series ${[...bySeries.keys()]} were never sent`)
  }

  /** The end of what happened. */
  story(): string {
    this.#note('the promise is broken')
    return this.#trail.slice(-120).join('\n')
  }

  #note(text: string): void {
    for (const { level, message, fields } of this.#disk.lines.splice(0)) {
      if (message === 'samples are taken again') this.#tally.repairs++
      if (message === 'blocks compacted') this.#tally.compactions++
      if (message === 'checkpoint written') this.#tally.checkpoints++
      this.#trail.push(`  ${level} ${message} ${JSON.stringify(fields)}`)
    }
    this.#trail.push(`${this.#now}: ${text}`)
  }

  #count(db: Db): void {
    this.#tally.late += db.counters().lateAppended.float + db.counters().lateAppended.histogram
    this.#tally.blocks += db.counters().cuts
  }
}

/** Throws at the first seed that breaks a promise. Of the seeds every `step`-th, beginning with the one at `first`. */
export async function proveStore({
  seed,
  count,
  first = 0,
  step = 1,
  deadlineMs = Number.POSITIVE_INFINITY,
  print,
}: StoreProofOptions): Promise<Tally> {
  const tally = new Tally()
  const begin = performance.now()
  for (let i = first; i < count && performance.now() - begin < deadlineMs; i += step) {
    const world = new StoreWorld(seed + i, tally)
    try {
      await world.run()
    } catch (cause) {
      print(world.story())
      throw new Error(`seed ${seed + i}: ${errorMessage(cause)}`, { cause })
    }
    tally.seeds++
    if (tally.seeds % 1000 === 0) print(`${tally.seeds} seeds, ${((performance.now() - begin) / tally.seeds).toFixed(0)} ms each`)
  }
  return tally
}

type Work = Omit<StoreProofOptions, 'print'>

/** Proves in threads, each its part of the seeds. */
async function proveInThreads(work: Work, jobs: number): Promise<void> {
  const sum = new Tally()
  const parts = Array.from({ length: jobs }, (_, first) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: { ...work, first, step: jobs } satisfies Work })
    worker.on('message', (message: string | { readonly tally: Tally }) => {
      if (typeof message === 'string') console.log(message)
      else sum.add(message.tally)
    })
    return new Promise<void>((resolve, reject) => {
      worker.once('error', reject).once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a thread ended with ${code}`))))
    })
  })
  await Promise.all(parts)
  console.log(sum.text())
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort
  const tally = await proveStore({ ...(workerData as Work), print: (line) => port.postMessage(line) })
  port.postMessage({ tally: { ...tally } })
} else if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = { seed: { type: 'string' }, count: { type: 'string' }, minutes: { type: 'string' }, jobs: { type: 'string' } } as const
  const { values } = parseArgs({ options })
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9))
  console.log(`seed ${seed}`)
  const deadlineMs = values.minutes === undefined ? undefined : Number(values.minutes) * 60_000
  const count = Number(values.count ?? 10_000)
  await proveInThreads({ seed, count, deadlineMs }, Number(values.jobs ?? Math.min(availableParallelism(), Math.ceil(count / 50))))
}
