import { WASM_PAGE_BYTES, type WasmMemory, WasmProgram } from '../../base/wasm-instance.ts'
import { STALE_HIGH, STALE_LOW } from '../../model/staleness.ts'
import { ByteReader } from './byte-writer.ts'
import { SERIES_FOLLOWS, TIME_FOLLOWS } from './encode.ts'
import { SLICE_KERNEL, SLICE_NOTES, SliceFailure } from './slice-kernel.ts'
import { KIND_FLOAT_MAX, KIND_STALE } from './values.ts'

/** Samples of a slice. */
export const SLICE_SAMPLES = 2048
/** The most bytes of a sample: control, series, time, value. */
const SAMPLE_BYTES_MAX = 32

/** No segment has more series. */
const SERIES_MAX = 2 ** 31 - 1
const NO_SERIES = 'a sample of no series'

/** Some samples of a record, as columns: runs of series that follow each other, of one time each. */
export interface SampleSlice {
  /** Of each sample. */
  readonly values: Float64Array
  readonly runCount: number
  /** Of each run: the number of its first series in the segment, the place of its first sample in the slice, and its time. */
  readonly firstSeries: Uint32Array
  readonly starts: Uint32Array
  readonly times: Float64Array
  /** No series here has a higher number, or this one. */
  readonly seriesEnd: number
}

/** Reads a samples record a slice at a time. */
export interface SampleSlices extends SampleSlice {
  /** Begins with a record, whose bytes stay where they are until it was read; how many samples it says it has. */
  open(bytes: Uint8Array, start: number, end: number): number
  /** The next slice; how many samples it has, 0 after the last one. Throws `RangeError` for what is no record. */
  read(): number
}

/** By compiled code, where that is to be had: less than half of the time. */
export function sampleSlices(): SampleSlices {
  const started = program.start(COMPILED_PAGES)
  return started === undefined ? new PlainSlices() : new CompiledSlices(started.memory, started.exports)
}

/** What a record begins with. */
class RecordStart {
  readonly #reader = new ByteReader()
  time = 0
  count = 0
  /** Where its samples begin. */
  at = 0

  read(bytes: Uint8Array, start: number, end: number): void {
    const reader = this.#reader
    reader.open(bytes, start, end)
    this.time = reader.zigzag()
    this.count = reader.varint()
    this.at = reader.at
    // Less than a byte a sample there cannot be.
    if (this.count > end - reader.at) throw new RangeError(`${this.count} samples in ${end - reader.at} bytes`)
  }
}

const value = new Float64Array(1)
const valueWords = new Uint32Array(value.buffer)

export class PlainSlices implements SampleSlices {
  readonly values = new Float64Array(SLICE_SAMPLES)
  readonly firstSeries = new Uint32Array(SLICE_SAMPLES)
  readonly starts = new Uint32Array(SLICE_SAMPLES)
  readonly times = new Float64Array(SLICE_SAMPLES)
  runCount = 0
  seriesEnd = 0
  readonly #begin = new RecordStart()
  readonly #reader = new ByteReader()
  /** The last bytes of a record, with room behind them that may be read. */
  readonly #tail = new Uint8Array(2 * SAMPLE_BYTES_MAX)
  #bytes: Uint8Array = this.#tail
  #at = 0
  #end = 0
  #left = 0
  #lastSeries = -1
  #lastTime = 0

  open(bytes: Uint8Array, start: number, end: number): number {
    this.#begin.read(bytes, start, end)
    this.#lastTime = this.#begin.time
    this.#left = this.#begin.count
    this.#lastSeries = -1
    this.#bytes = bytes
    this.#at = this.#begin.at
    this.#end = end
    return this.#left
  }

  /** Hot in replay. */
  read(): number {
    const wanted = Math.min(SLICE_SAMPLES, this.#left)
    const { firstSeries, starts, times, values } = this
    let bytes = this.#bytes
    let at = this.#at
    let end = this.#end
    let number = this.#lastSeries
    let time = this.#lastTime
    let runs = 0
    let runTime = 0
    let next = -1
    let seriesEnd = 0
    for (let i = 0; i < wanted; i++) {
      if (end - at < SAMPLE_BYTES_MAX && bytes !== this.#tail) {
        this.#tail.fill(0)
        this.#tail.set(bytes.subarray(at, end))
        bytes = this.#tail
        end -= at
        at = 0
      }
      const control = bytes[at++]
      number++
      if ((control & SERIES_FOLLOWS) !== 0) {
        if (number > SERIES_MAX) throw new RangeError(NO_SERIES)
        const byte = bytes[at]
        if (byte < 0x80) {
          number += (byte >>> 1) ^ -(byte & 1)
          at++
        } else {
          const reader = this.#reader
          reader.open(bytes, at, end)
          const skipped = reader.zigzag()
          if (skipped !== (skipped | 0)) throw new RangeError(NO_SERIES)
          number += skipped
          at = reader.at
        }
      }
      if ((control & TIME_FOLLOWS) !== 0) {
        const reader = this.#reader
        reader.open(bytes, at, end)
        time += reader.zigzag()
        at = reader.at
      }
      const kind = control & 0x0f
      let v = 0
      if (kind > KIND_FLOAT_MAX && kind !== KIND_STALE) {
        v = bytes[at]
        if (kind > 9) v += bytes[at + 1] * 0x100
        if (kind > 10) v += bytes[at + 2] * 0x10000
        if (kind > 11) v += bytes[at + 3] * 0x1000000
        if (kind > 12) v += bytes[at + 4] * 0x100000000
        if (kind > 13) v += bytes[at + 5] * 0x10000000000
        at += kind - KIND_FLOAT_MAX
      } else if (kind !== 0) {
        let high = STALE_HIGH
        let low = STALE_LOW
        if (kind !== KIND_STALE) {
          high = 0
          low = 0
          for (let b = 0; b < kind; b++) {
            if (b < 4) high |= bytes[at + b] << (24 - 8 * b)
            else low |= bytes[at + b] << (56 - 8 * b)
          }
          at += kind
        }
        valueWords[0] = low
        valueWords[1] = high
        v = value[0]
      }
      if (at > end) throw new RangeError('bytes end too early')
      values[i] = v
      if (number !== next || time !== runTime) {
        if (number < 0 || number > SERIES_MAX) throw new RangeError(NO_SERIES)
        if (next > seriesEnd) seriesEnd = next
        runTime = time
        firstSeries[runs] = number
        starts[runs] = i
        times[runs++] = time
      }
      next = number + 1
    }
    this.runCount = runs
    this.seriesEnd = Math.max(seriesEnd, next)
    this.#bytes = bytes
    this.#at = at
    this.#end = end
    this.#left -= wanted
    this.#lastSeries = number
    this.#lastTime = time
    return wanted
  }
}

interface Kernel {
  readSlice(
    at: number,
    end: number,
    count: number,
    series: number,
    time: number,
    values: number,
    firsts: number,
    starts: number,
    times: number,
  ): number
}

const program = new WasmProgram<Kernel>([SLICE_KERNEL])

const VALUES_AT = 64
const TIMES_AT = VALUES_AT + 8 * SLICE_SAMPLES
const FIRSTS_AT = TIMES_AT + 8 * SLICE_SAMPLES
const STARTS_AT = FIRSTS_AT + 4 * SLICE_SAMPLES
const RECORD_AT = STARTS_AT + 4 * SLICE_SAMPLES
const COMPILED_PAGES = 8

/** The same by code that is fast from its first call on: most of a log was read before the engine has compiled the other. */
class CompiledSlices implements SampleSlices {
  readonly #memory: WasmMemory
  readonly #kernel: Kernel
  values = new Float64Array(0)
  times = new Float64Array(0)
  firstSeries = new Uint32Array(0)
  starts = new Uint32Array(0)
  runCount = 0
  seriesEnd = 0
  #bytes = new Uint8Array(0)
  #notes = new DataView(new ArrayBuffer(0))
  readonly #begin = new RecordStart()
  #at = 0
  #end = 0
  #left = 0
  #lastSeries = -1
  #lastTime = 0

  constructor(memory: WasmMemory, kernel: Kernel) {
    this.#memory = memory
    this.#kernel = kernel
    this.#view()
  }

  open(bytes: Uint8Array, start: number, end: number): number {
    this.#begin.read(bytes, start, end)
    const { at, count, time } = this.#begin
    // Behind a record it may look at some bytes more.
    const missing = RECORD_AT + end - at + SAMPLE_BYTES_MAX - this.#bytes.length
    if (missing > 0) {
      this.#memory.grow(Math.ceil(missing / WASM_PAGE_BYTES))
      this.#view()
    }
    this.#bytes.set(bytes.subarray(at, end), RECORD_AT)
    this.#at = RECORD_AT
    this.#end = RECORD_AT + end - at
    this.#left = count
    this.#lastSeries = -1
    this.#lastTime = time
    return count
  }

  read(): number {
    const wanted = Math.min(SLICE_SAMPLES, this.#left)
    const end = this.#kernel.readSlice(
      this.#at,
      this.#end,
      wanted,
      this.#lastSeries,
      this.#lastTime,
      VALUES_AT,
      FIRSTS_AT,
      STARTS_AT,
      TIMES_AT,
    )
    if (end === SliceFailure.endsEarly) throw new RangeError('bytes end too early')
    if (end === SliceFailure.noSeries) throw new RangeError(NO_SERIES)
    if (end === SliceFailure.longVarint) throw new RangeError('a varint is longer than 8 bytes')
    const notes = this.#notes
    this.runCount = notes.getInt32(SLICE_NOTES.runs, true)
    this.seriesEnd = notes.getUint32(SLICE_NOTES.seriesEnd, true)
    this.#lastSeries = notes.getInt32(SLICE_NOTES.series, true)
    this.#lastTime = notes.getFloat64(SLICE_NOTES.time, true)
    this.#at = end
    this.#left -= wanted
    return wanted
  }

  #view(): void {
    const { buffer } = this.#memory
    this.#bytes = new Uint8Array(buffer)
    this.#notes = new DataView(buffer, 0, SLICE_NOTES.bytes)
    this.values = new Float64Array(buffer, VALUES_AT, SLICE_SAMPLES)
    this.times = new Float64Array(buffer, TIMES_AT, SLICE_SAMPLES)
    this.firstSeries = new Uint32Array(buffer, FIRSTS_AT, SLICE_SAMPLES)
    this.starts = new Uint32Array(buffer, STARTS_AT, SLICE_SAMPLES)
  }
}
