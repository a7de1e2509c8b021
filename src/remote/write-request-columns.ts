// A remote write request as columns. Hot: once a series, label and sample of everything that is pushed to us; allocates
// nothing but room to grow. Earned by write-request.bench.ts.
// Source: Prometheus prompb/remote.proto (WriteRequest) and prompb/types.proto (TimeSeries, Label, Sample); Protocol
// Buffers' wire format. docs/protocols/remote-write.md has the layout.

const UNEXPECTED_END = 'unexpected EOF'
const INTEGER_OVERFLOW = 'proto: integer overflow'
const ILLEGAL_TAG = 'proto: illegal tag 0'
const WIRE_TYPE_BYTES = [-1, 8, -1, -1, -1, 4] as const

const TIMESERIES = 0x0a
const METADATA = 0x1a
const LABEL = 0x0a
const SAMPLE = 0x12
const EXEMPLAR = 0x1a
const HISTOGRAM = 0x22
const SAMPLE_VALUE = 0x09
const SAMPLE_TIMESTAMP = 0x10

/**
 * Where the series of the last decoded request lie in its bytes, and its samples. Series `i` has the samples from
 * `samplesEnd[i - 1]` (0 for the first) up to, not including, `samplesEnd[i]`. Valid until the next `decode`.
 */
export class WriteRequestColumns {
  seriesCount = 0
  /** The label fields of each series, one after the other as sent. */
  labelsStart: Uint32Array = new Uint32Array(256)
  labelsEnd: Uint32Array = new Uint32Array(256)
  samplesEnd: Uint32Array = new Uint32Array(256)
  sampleCount = 0
  timestamps: Float64Array = new Float64Array(1024)
  values: Float64Array = new Float64Array(1024)
  exemplarCount = 0
  histogramCount = 0
  metadataCount = 0
  #bytes: Uint8Array = new Uint8Array(0)
  #view = new DataView(this.#bytes.buffer)
  #position = 0
  #fault: string | undefined

  /** Reads a request; undefined when it is whole, else what is wrong with it. Never throws for what the bytes are. */
  decode(bytes: Uint8Array): string | undefined {
    this.seriesCount = 0
    this.sampleCount = 0
    this.exemplarCount = 0
    this.histogramCount = 0
    this.metadataCount = 0
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#position = 0
    this.#fault = undefined
    const end = bytes.length
    while (this.#position < end && this.#fault === undefined) {
      const tag = this.#varint(end)
      if (tag === TIMESERIES) {
        const length = this.#varint(end)
        const seriesEnd = this.#position + length
        if (seriesEnd > end) return (this.#fault ??= UNEXPECTED_END)
        this.#series(seriesEnd)
      } else {
        if (tag === METADATA) this.metadataCount++
        this.#skip(tag, end)
      }
    }
    return this.#fault
  }

  #series(end: number): void {
    this.#reserveSeries()
    const index = this.seriesCount
    let labelsStart = this.#position
    let labelsEnd = labelsStart
    while (this.#position < end && this.#fault === undefined) {
      const fieldStart = this.#position
      const tag = this.#varint(end)
      if (tag === SAMPLE) {
        const length = this.#varint(end)
        const sampleEnd = this.#position + length
        if (sampleEnd > end) {
          this.#fault ??= UNEXPECTED_END
          return
        }
        this.#sample(sampleEnd)
      } else if (tag === LABEL) {
        const length = this.#varint(end)
        this.#position += length
        if (this.#position > end) {
          this.#fault ??= UNEXPECTED_END
          return
        }
        // Everybody writes the labels in one run at the beginning; what lies between them otherwise would be read as labels.
        if (labelsEnd === labelsStart) labelsStart = fieldStart
        else if (labelsEnd !== fieldStart) this.#fault ??= 'proto: TimeSeries: labels are not in one run'
        labelsEnd = this.#position
      } else {
        if (tag === EXEMPLAR) this.exemplarCount++
        else if (tag === HISTOGRAM) this.histogramCount++
        this.#skip(tag, end)
      }
    }
    this.labelsStart[index] = labelsStart
    this.labelsEnd[index] = labelsEnd
    this.samplesEnd[index] = this.sampleCount
    this.seriesCount = index + 1
  }

  #sample(end: number): void {
    let value = 0
    let timestamp = 0
    while (this.#position < end && this.#fault === undefined) {
      const tag = this.#varint(end)
      if (tag === SAMPLE_VALUE) {
        if (this.#position + 8 > end) {
          this.#fault ??= UNEXPECTED_END
          return
        }
        value = this.#view.getFloat64(this.#position, true)
        this.#position += 8
      } else if (tag === SAMPLE_TIMESTAMP) timestamp = this.#int64(end)
      else this.#skip(tag, end)
    }
    if (this.sampleCount === this.timestamps.length) this.#growSamples()
    this.timestamps[this.sampleCount] = timestamp
    this.values[this.sampleCount] = value
    this.sampleCount++
  }

  /** A varint of at most 32 bits: a tag or a length. 0 after a fault. */
  #varint(end: number): number {
    const bytes = this.#bytes
    let position = this.#position
    if (position < end && bytes[position] < 0x80) {
      this.#position = position + 1
      return bytes[position]
    }
    let value = 0
    for (let scale = 1; scale <= 0x10000000; scale *= 128) {
      if (position >= end) {
        this.#fault ??= UNEXPECTED_END
        return 0
      }
      const byte = bytes[position++]
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        this.#position = position
        return value
      }
    }
    this.#fault ??= INTEGER_OVERFLOW
    return 0
  }

  /** A signed varint of 64 bits. Beyond 2^53 it is off by a rounding: such times are refused anyway. */
  #int64(end: number): number {
    const bytes = this.#bytes
    let position = this.#position
    // 28 bits, 28 bits and the last 8, so that each part is an integer of the fast kind.
    let low = 0
    let middle = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (position >= end) {
        this.#fault ??= UNEXPECTED_END
        return 0
      }
      const byte = bytes[position++]
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift < 56) middle |= bits << (shift - 28)
      else high |= bits << (shift - 56)
      if (byte < 0x80) {
        this.#position = position
        const top = (high << 24) >> 24
        return top * 2 ** 56 + middle * 2 ** 28 + low
      }
    }
    this.#fault ??= INTEGER_OVERFLOW
    return 0
  }

  /** Steps over a field that is not ours. */
  #skip(tag: number, end: number): void {
    if (this.#fault !== undefined) return
    const wireType = tag & 7
    if (tag < 8) this.#fault = ILLEGAL_TAG
    else if (wireType === 0) this.#int64(end)
    else if (wireType === 2) {
      const length = this.#varint(end)
      this.#position += length
    } else if (wireType === 1 || wireType === 5) this.#position += WIRE_TYPE_BYTES[wireType]
    else this.#fault = `proto: illegal wireType ${wireType}`
    if (this.#position > end) this.#fault ??= UNEXPECTED_END
  }

  #reserveSeries(): void {
    if (this.seriesCount < this.labelsStart.length) return
    this.labelsStart = grown(this.labelsStart)
    this.labelsEnd = grown(this.labelsEnd)
    this.samplesEnd = grown(this.samplesEnd)
  }

  #growSamples(): void {
    const timestamps = new Float64Array(this.timestamps.length * 2)
    const values = new Float64Array(this.values.length * 2)
    timestamps.set(this.timestamps)
    values.set(this.values)
    this.timestamps = timestamps
    this.values = values
  }
}

function grown(column: Uint32Array): Uint32Array {
  const larger = new Uint32Array(column.length * 2)
  larger.set(column)
  return larger
}
