import { STALE_HIGH, STALE_LOW } from '../../model/staleness.ts'
import { ByteReader } from './byte-writer.ts'
import { SERIES_FOLLOWS, TIME_FOLLOWS } from './encode.ts'
import { KIND_FLOAT_MAX, KIND_STALE } from './values.ts'

/** Samples of a slice. */
export const SLICE_SAMPLES = 2048
/** The most bytes of a sample: control, series, time, value. */
const SAMPLE_BYTES_MAX = 32

const value = new Float64Array(1)
const valueWords = new Uint32Array(value.buffer)

/** Reads a samples record a slice at a time, into columns. A third of the time that `decodeSamplesRecord` takes, which shows each sample. */
export class SampleSlices {
  /** Of each sample of the slice: the number of the series in the segment, time and value. */
  readonly series = new Uint32Array(SLICE_SAMPLES)
  readonly times = new Float64Array(SLICE_SAMPLES)
  readonly values = new Float64Array(SLICE_SAMPLES)
  readonly #reader = new ByteReader()
  /** The last bytes of a record, with room behind them that may be read. */
  readonly #tail = new Uint8Array(2 * SAMPLE_BYTES_MAX)
  #bytes: Uint8Array = this.#tail
  #at = 0
  #end = 0
  #left = 0
  #lastSeries = -1
  #lastTime = 0

  /** Begins with a record, whose bytes stay where they are until it was read; how many samples it says it has. */
  open(bytes: Uint8Array, start: number, end: number): number {
    const reader = this.#reader
    reader.open(bytes, start, end)
    this.#lastTime = reader.zigzag()
    this.#left = reader.varint()
    this.#lastSeries = -1
    this.#bytes = bytes
    this.#at = reader.at
    this.#end = end
    // Less than a byte a sample there cannot be.
    if (this.#left > end - reader.at) throw new RangeError(`${this.#left} samples in ${end - reader.at} bytes`)
    return this.#left
  }

  /** The next slice; how many samples it has, 0 after the last one. Hot in replay. */
  read(): number {
    const wanted = Math.min(SLICE_SAMPLES, this.#left)
    const { series, times, values } = this
    let bytes = this.#bytes
    let at = this.#at
    let end = this.#end
    let number = this.#lastSeries
    let time = this.#lastTime
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
        const byte = bytes[at]
        if (byte < 0x80) {
          number += (byte >>> 1) ^ -(byte & 1)
          at++
        } else {
          const reader = this.#reader
          reader.open(bytes, at, end)
          number += reader.zigzag()
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
      series[i] = number
      times[i] = time
      values[i] = v
    }
    this.#bytes = bytes
    this.#at = at
    this.#end = end
    this.#left -= wanted
    this.#lastSeries = number
    this.#lastTime = time
    return wanted
  }
}
