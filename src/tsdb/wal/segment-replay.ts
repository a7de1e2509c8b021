import { Breather, doAtOnce, doInTurns } from '../../base/breather.ts'
import { type Env, type File, sleep } from '../../base/env.ts'
import type { Exemplar } from '../../model/exemplar.ts'
import type { Histogram } from '../../model/histogram.ts'
import type { Labels } from '../../model/labels.ts'
import type { Metadata } from '../../model/metadata.ts'
import type { Timestamp } from '../../model/time.ts'
import { ByteReader } from './byte-writer.ts'
import {
  decodeDeletionsRecord,
  decodeExemplarsRecord,
  decodeHistogramsRecord,
  decodeMetadataRecord,
  decodeSamplesFromRecord,
  decodeSeriesRecord,
} from './decode.ts'
import type { GatheredSamples } from './gathered-samples.ts'
import { setDamageAside } from './log-damage.ts'
import { RECORD_HEADER_BYTES, RecordType } from './record.ts'
import type { ReplayReport, ReplayStart, ReplayTarget, RestOfLog } from './replay.ts'
import type { SampleSlices } from './sample-slices.ts'
import { type Damage, type SegmentPlace, scanSegment } from './scan-segment.ts'
import type { Segment } from './segment.ts'
import { readWanted } from './wanted-samples.ts'

/** Queries wait for it: scrapes that come meanwhile take up to half of what it takes. */
export const REPLAY_WEIGHT = 2

/** So often is the rest of a segment looked through for some series; who comes then waits until all of it is applied. */
const LOOKS_MAX = 8

/** So long nobody asks, or has been asking, before it goes on, and so long at most; not where it takes no longer than that. */
const ASKERS_MS = 12
const ASKERS_MS_MAX = 250
const ASKERS_LOOK_MS = 4
const SOON_READ_BYTES = 8 * 1024 * 1024

const OF_SAMPLES: ReadonlySet<number> = new Set([RecordType.samples, RecordType.samplesFrom, RecordType.histograms])

/** Of all segments of a replay. */
export interface SegmentSurroundings {
  readonly env: Pick<Env, 'fs' | 'log' | 'clock'>
  readonly quarantineDir: string
  readonly target: ReplayTarget
  readonly gathered: GatheredSamples
  readonly slices: SampleSlices
  readonly report: ReplayReport
  readonly bytesTotal: number
  readonly signal: AbortSignal | undefined
}

/** Reads one segment into a target. */
export class SegmentReplay implements RestOfLog {
  readonly #around: SegmentSurroundings
  readonly #file: File
  readonly #number: number
  readonly #start: SegmentPlace
  readonly #breather: Breather
  /** By the number in the segment; 0 where nothing is known, else the ref + 1. */
  refs: Float64Array
  #maxTime: Timestamp
  #deletionsEnd = 0
  #samplesLost = 0
  /** Where damage was found, as offset and size. */
  readonly #damages = new Set<string>()
  /** All that is said of series was read up to the end; samples were taken up to the place. */
  #rest: SegmentPlace
  #end = 0
  #state: 'reading' | 'resting' | 'over' | 'failed' = 'reading'
  #looksLeft = LOOKS_MAX
  /**
   * The look that is being taken, and who the next one is for. Nothing is gathered while one is: whoever waits for its end goes on, or looks again, in the
   * same turn in which it finds that there is none.
   */
  #look: Promise<boolean> | undefined
  #nextLook: { readonly numbers: Set<number>; readonly done: Promise<boolean> } | undefined

  constructor(around: SegmentSurroundings, file: File, number: number, from: ReplayStart | undefined) {
    this.#around = around
    this.#file = file
    this.#number = number
    this.#start = from?.position ?? { offset: 0, recordCount: 0 }
    this.#rest = this.#start
    this.refs = from?.refs ?? new Float64Array(1024)
    this.#maxTime = from?.segments.find((segment) => segment.number === number)?.maxTime ?? Number.NEGATIVE_INFINITY
    const { env, target, signal } = around
    this.#breather = new Breather(env.clock, signal, REPLAY_WEIGHT, () => this.#state === 'resting' && target.isAsked())
  }

  /** All of it, in order. */
  async readAll(): Promise<Segment> {
    const { gathered, slices } = this.#around
    await scanSegment(
      this.#file,
      this.#number,
      {
        record: (type, bytes, start, end, offset) => {
          if (type === RecordType.deletions) return this.#delete(bytes, start, end, offset)
          if (type === RecordType.series) this.#mayRedefine(bytes, start, end)
          if (OF_SAMPLES.has(type)) this.#takeSamples(slices, type, bytes, start, end)
          else this.#takeSaid(type, bytes, start, end)
          this.#countRecord(start, end)
          return gathered.isFull ? this.#applyInTurns() : undefined
        },
        damage: (damage) => this.#setAside(damage),
      },
      this.#breather,
      { from: this.#start },
    )
    return this.#finish()
  }

  /**
   * First what is said of series, and checks all of it; then the samples, in their turn. In between the target is told, who can have those of
   * some series at once: where little is asked for it need not wait for what takes most of the time.
   */
  async readLast(): Promise<Segment> {
    const { target } = this.#around
    try {
      const { offset } = await scanSegment(
        this.#file,
        this.#number,
        {
          record: (type, bytes, start, end, offset) => {
            if (OF_SAMPLES.has(type)) return undefined
            if (type === RecordType.deletions || (type === RecordType.series && this.#redefines(bytes, start, end)))
              return this.#takeBehind(type, bytes, start, end, offset)
            this.#takeSaid(type, bytes, start, end)
            this.#countRecord(start, end)
            return undefined
          },
          damage: (damage) => this.#setAside(damage),
        },
        this.#breather,
        { from: this.#start },
      )
      this.#end = offset
      this.#state = 'resting'
      target.restBegins(this)
      await this.#letAskersGoFirst()
      await this.#readSamples(offset)
      const segment = await this.#finish()
      while (this.#look !== undefined) await ended(this.#look)
      this.#state = 'over'
      return segment
    } finally {
      if (this.#state !== 'over') this.#state = 'failed'
      // The file is closed next.
      while (this.#look !== undefined) await ended(this.#look)
    }
  }

  async #letAskersGoFirst(): Promise<void> {
    const { env, target } = this.#around
    const { clock } = env
    if (this.#end - this.#rest.offset < SOON_READ_BYTES) return
    const begun = clock.monotonic()
    let now = begun
    let askedAt = begun
    do {
      await sleep(clock, ASKERS_LOOK_MS)
      now = clock.monotonic()
      if (target.isAsked()) askedAt = now
    } while (now - askedAt < ASKERS_MS && now - begun < ASKERS_MS_MAX)
  }

  /** See `RestOfLog`. */
  async bring(numbers: readonly number[]): Promise<boolean> {
    if (this.#state !== 'resting') return this.#state === 'over'
    const { gathered } = this.#around
    const missing = numbers.filter((number) => !gathered.isTaken(number))
    if (missing.length === 0) return true
    if (this.#nextLook === undefined) {
      if (this.#looksLeft === 0) return false
      this.#looksLeft--
      const wanted = new Set<number>()
      this.#nextLook = { numbers: wanted, done: this.#lookFor(wanted) }
    }
    const { numbers: wanted, done } = this.#nextLook
    for (const number of missing) wanted.add(number)
    return done
  }

  async #lookFor(wanted: ReadonlySet<number>): Promise<boolean> {
    // Those who ask at the same time are answered together, and those who ask meanwhile after it.
    await Promise.resolve()
    while (this.#look !== undefined) await ended(this.#look)
    this.#nextLook = undefined
    if (this.#state !== 'resting') return this.#state === 'over'
    // The look before may have brought some of them.
    const missing = [...wanted].filter((number) => !this.#around.gathered.isTaken(number))
    if (missing.length === 0) return true
    this.#look = this.#takeEarly(Float64Array.from(missing).sort())
    try {
      return await this.#look
    } finally {
      this.#look = undefined
    }
  }

  /** Applies what is gathered and what follows of some series. Nothing is gathered meanwhile. */
  async #takeEarly(numbers: Float64Array): Promise<boolean> {
    const { env, target, gathered, signal } = this.#around
    if (!gathered.isEmpty && !gathered.isInRuns) return false
    const part = { from: this.#rest, until: this.#end, isWhole: this.#damages.size === 0 }
    const wanted = await readWanted(this.#file, this.#number, part, numbers, new Breather(env.clock, signal))
    if (wanted === undefined) return false
    gathered.applyOf(numbers, this.refs, target)
    this.#around.report.samples += wanted.apply(numbers, this.refs, target)
    return true
  }

  /** Samples from where they were taken up to an offset. */
  async #readSamples(until: number): Promise<void> {
    const { slices, gathered } = this.#around
    const take = (type: number, bytes: Uint8Array, start: number, end: number, offset: number) => {
      try {
        this.#takeSamples(slices, type, bytes, start, end)
      } finally {
        this.#rest = { offset: offset + RECORD_HEADER_BYTES + end - start, recordCount: 0 }
      }
      this.#countRecord(start, end)
      return gathered.isFull ? this.#applyInTurns() : undefined
    }
    const takeInTurn = async (type: number, bytes: Uint8Array, start: number, end: number, offset: number) => {
      while (this.#look !== undefined) await ended(this.#look)
      await take(type, bytes, start, end, offset)
    }
    await scanSegment(
      this.#file,
      this.#number,
      {
        record: (type, bytes, start, end, offset) => {
          if (!OF_SAMPLES.has(type)) return undefined
          return (this.#look === undefined ? take : takeInTurn)(type, bytes, start, end, offset)
        },
        damage: async (damage) => {
          // All else was found before.
          if (damage.sizeBytes > 0 && !this.#damages.has(placeOf(damage))) await this.#setAside(damage)
        },
      },
      this.#breather,
      { from: this.#rest, until },
    )
  }

  /** A record that comes behind all samples that stand before it. */
  async #takeBehind(type: number, bytes: Uint8Array, start: number, end: number, offset: number): Promise<void> {
    await this.#readSamples(offset)
    this.#rest = { offset: offset + RECORD_HEADER_BYTES + end - start, recordCount: 0 }
    if (type === RecordType.deletions) return this.#delete(bytes, start, end, offset)
    await this.#applyInTurns()
    this.#takeSaid(type, bytes, start, end)
    this.#countRecord(start, end)
  }

  async #delete(bytes: Uint8Array, start: number, end: number, offset: number): Promise<void> {
    const { target, report } = this.#around
    const deletions = decodeDeletionsRecord(bytes, start, end)
    this.#countRecord(start, end)
    this.#deletionsEnd = offset + RECORD_HEADER_BYTES + end - start
    await this.#applyInTurns()
    for (const deletion of deletions) {
      // The segment stays as long as one before it, where what was deleted is.
      this.#maxTime = Math.max(this.#maxTime, deletion.maxTime, ...report.segments.map((segment) => segment.maxTime))
      await target.deletion(deletion)
    }
  }

  /** Whether a record says a number of a series that has one. */
  #redefines(bytes: Uint8Array, start: number, end: number): boolean {
    reader.open(bytes, start, end)
    const first = reader.varint()
    const last = Math.min(first + reader.varint(), this.refs.length)
    for (let index = first; index < last; index++) if (this.refs[index] !== 0) return true
    return false
  }

  /** What is gathered of series that a record may say something else of is applied. */
  #mayRedefine(bytes: Uint8Array, start: number, end: number): void {
    const { gathered, target } = this.#around
    reader.open(bytes, start, end)
    if (reader.varint() < gathered.seriesEnd) doAtOnce(gathered.apply(this.refs, target))
  }

  /** A record of other things than samples. Throws `RangeError` for one that is not known. */
  #takeSaid(type: number, bytes: Uint8Array, start: number, end: number): void {
    if (type === RecordType.series) decodeSeriesRecord(bytes, start, end, this.#onSeries)
    else if (type === RecordType.exemplars) decodeExemplarsRecord(bytes, start, end, this.#onExemplar)
    else if (type === RecordType.metadata) decodeMetadataRecord(bytes, start, end, this.#onMetadata)
    else throw new RangeError(`type ${type} is not known`)
  }

  #takeSamples(slices: SampleSlices, type: number, bytes: Uint8Array, start: number, end: number): void {
    if (type === RecordType.samples) this.#gather(slices, bytes, start, end)
    else if (type === RecordType.samplesFrom) decodeSamplesFromRecord(bytes, start, end, this.#onSampleFrom)
    else decodeHistogramsRecord(bytes, start, end, this.#onHistogram)
  }

  #gather(slices: SampleSlices, bytes: Uint8Array, start: number, end: number): void {
    const { gathered, target } = this.#around
    slices.open(bytes, start, end)
    for (let read = slices.read(); read > 0; read = slices.read()) {
      if (!gathered.hasRoom) doAtOnce(gathered.apply(this.refs, target))
      const { times, runCount } = slices
      for (let run = 0; run < runCount; run++) if (times[run] > this.#maxTime) this.#maxTime = times[run]
      gathered.add(slices, read)
    }
  }

  readonly #onSeries = (index: number, labels: Labels, time: Timestamp) => {
    if (index >= this.refs.length) {
      const larger = new Float64Array(Math.max(index + 1, 2 * this.refs.length))
      larger.set(this.refs)
      this.refs = larger
    }
    this.refs[index] = this.#around.target.series(labels, time) + 1
    this.#around.report.series++
    // A segment may have nothing but what is said of series that have samples at this time.
    if (time > this.#maxTime) this.#maxTime = time
  }

  /** The ref of a series of the segment, -1 when its record was lost. */
  #refOf(index: number): number {
    return index < this.refs.length ? this.refs[index] - 1 : -1
  }

  /** The same for a sample that is not gathered, which is counted, behind those of its series that are; -1 as well where it was applied. */
  #refOfSample(index: number, t: Timestamp): number {
    const { gathered, target, report } = this.#around
    if (t > this.#maxTime) this.#maxTime = t
    if (gathered.isTaken(index)) return -1
    if (gathered.has(index)) doAtOnce(gathered.apply(this.refs, target))
    const ref = this.#refOf(index)
    if (ref < 0) this.#samplesLost++
    else report.samples++
    return ref
  }

  readonly #onSampleFrom = (index: number, t: Timestamp, v: number, startTime: Timestamp) => {
    const ref = this.#refOfSample(index, t)
    if (ref >= 0) this.#around.target.sample(ref, t, v, startTime)
  }

  readonly #onHistogram = (index: number, t: Timestamp, isFloat: boolean, histogram: Histogram | undefined, startTime: Timestamp) => {
    const ref = this.#refOfSample(index, t)
    if (ref >= 0) this.#around.target.histogram(ref, t, isFloat, histogram, startTime)
  }

  readonly #onExemplar = (index: number, exemplar: Exemplar) => {
    const ref = this.#refOf(index)
    if (ref >= 0) this.#around.target.exemplar(ref, exemplar)
  }

  readonly #onMetadata = (index: number, metadata: Metadata) => {
    const ref = this.#refOf(index)
    if (ref >= 0) this.#around.target.metadata(ref, metadata)
  }

  #countRecord(start: number, end: number): void {
    const { report, target, bytesTotal } = this.#around
    report.bytes += RECORD_HEADER_BYTES + end - start
    target.progress(report.bytes, bytesTotal)
  }

  #applyInTurns(): Promise<void> {
    const { gathered, target } = this.#around
    return doInTurns(gathered.apply(this.refs, target), this.#breather)
  }

  #setAside(damage: Damage): Promise<void> {
    const { env, quarantineDir, report } = this.#around
    this.#damages.add(placeOf(damage))
    return setDamageAside(env, this.#file, this.#number, damage, quarantineDir, report)
  }

  async #finish(): Promise<Segment> {
    const { env, gathered, report } = this.#around
    await this.#applyInTurns()
    report.samples += gathered.applied
    this.#samplesLost += gathered.lost
    gathered.applied = 0
    gathered.lost = 0
    if (this.#samplesLost > 0) {
      report.samplesLost += this.#samplesLost
      env.log.warn('samples lost with the records of their series', { segment: this.#number, samples: this.#samplesLost })
    }
    const [number, maxTime, deletionsEnd] = [this.#number, this.#maxTime, this.#deletionsEnd]
    return { number, path: this.#file.path, sizeBytes: await this.#file.size(), maxTime, deletionsEnd }
  }
}

const reader = new ByteReader()

/** Resolves when it has ended, however. */
function ended(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch(() => {})
}

function placeOf({ offset, sizeBytes }: Damage): string {
  return `${offset} ${sizeBytes}`
}
