import type { CounterResetHint, Histogram, Spans } from '../../model/histogram.ts'
import type { ByteReader, ByteWriter } from './byte-writer.ts'
import { readNumber, writeNumber } from './values.ts'

// What the log has of a histogram besides series and times. Format: docs/formats/wal.md, type 4.

/** Buckets, spans and custom bounds of one histogram together: it must fit into a record. */
export const HISTOGRAM_PARTS_MAX = 65_536

/** Spans count twice as numbers go: an offset and a length each. */
export function histogramParts(h: Histogram): number {
  return (
    h.positiveSpans.length / 2 + h.negativeSpans.length / 2 + h.positiveBuckets.length + h.negativeBuckets.length + h.customValues.length
  )
}

/** What histograms of one shape share. */
export type Layout = Pick<Histogram, 'schema' | 'zeroThreshold' | 'positiveSpans' | 'negativeSpans' | 'customValues'>

/** The layouts of the record being written. */
export class LayoutDictionary {
  readonly #layouts: Layout[] = []
  /** Places in `#layouts` + 1 by hash: the newest of a hash only. */
  readonly #byHash = new Map<number, number>()

  clear(): void {
    this.#layouts.length = 0
    this.#byHash.clear()
  }

  /** Writes the number of the layout, or the layout itself when it is new. There is room. */
  write(writer: ByteWriter, layout: Layout): void {
    const hash = hashLayout(layout)
    const known = this.#byHash.get(hash) ?? 0
    if (known > 0 && sameLayout(this.#layouts[known - 1], layout)) {
      writer.varint(known)
      return
    }
    this.#byHash.set(hash, this.#layouts.push(layout))
    writer.varint(0)
    writer.zigzag(layout.schema)
    writeNumber(writer, layout.zeroThreshold)
    writeSpans(writer, layout.positiveSpans)
    writeSpans(writer, layout.negativeSpans)
    writer.varint(layout.customValues.length)
    for (let i = 0; i < layout.customValues.length; i++) writeNumber(writer, layout.customValues[i])
  }
}

/** Writes layout and counts. */
export function writeHistogram(writer: ByteWriter, h: Histogram, layouts: LayoutDictionary): void {
  writer.reserve(128 + 18 * histogramParts(h))
  layouts.write(writer, h)
  if (h.isFloat) {
    writeNumber(writer, h.count)
    writeNumber(writer, h.zeroCount)
    writeNumber(writer, h.sum)
    for (let i = 0; i < h.positiveBuckets.length; i++) writeNumber(writer, h.positiveBuckets[i])
    for (let i = 0; i < h.negativeBuckets.length; i++) writeNumber(writer, h.negativeBuckets[i])
    return
  }
  writer.varint(h.count)
  writer.varint(h.zeroCount)
  writeNumber(writer, h.sum)
  for (let i = 0; i < h.positiveBuckets.length; i++) writer.varint(h.positiveBuckets[i])
  for (let i = 0; i < h.negativeBuckets.length; i++) writer.varint(h.negativeBuckets[i])
}

/** Reads what `writeHistogram` writes. `layouts` has those of the record so far. Throws `RangeError` on what makes no sense. */
export function readHistogram(reader: ByteReader, isFloat: boolean, counterResetHint: CounterResetHint, layouts: Layout[]): Histogram {
  const layout = readLayout(reader, layouts)
  const count = isFloat ? readNumber(reader) : reader.varint()
  const zeroCount = isFloat ? readNumber(reader) : reader.varint()
  const sum = readNumber(reader)
  const positiveBuckets = readBuckets(reader, isFloat, layout.positiveSpans)
  const negativeBuckets = readBuckets(reader, isFloat, layout.negativeSpans)
  return { ...layout, isFloat, counterResetHint, count, zeroCount, sum, positiveBuckets, negativeBuckets }
}

function readLayout(reader: ByteReader, layouts: Layout[]): Layout {
  const number = reader.varint()
  if (number > layouts.length) throw new RangeError(`layout ${number} of ${layouts.length}`)
  if (number > 0) return layouts[number - 1]
  const schema = reader.zigzag()
  const zeroThreshold = readNumber(reader)
  const positiveSpans = readSpans(reader)
  const negativeSpans = readSpans(reader)
  const customValues = new Float64Array(partCount(reader.varint()))
  for (let i = 0; i < customValues.length; i++) customValues[i] = readNumber(reader)
  const layout = { schema, zeroThreshold, positiveSpans, negativeSpans, customValues }
  layouts.push(layout)
  return layout
}

function writeSpans(writer: ByteWriter, spans: Spans): void {
  writer.varint(spans.length / 2)
  for (let i = 0; i < spans.length; i += 2) {
    writer.zigzag(spans[i])
    writer.varint(spans[i + 1])
  }
}

function readSpans(reader: ByteReader): Spans {
  const spans = new Int32Array(2 * partCount(reader.varint()))
  for (let i = 0; i < spans.length; i += 2) {
    spans[i] = reader.zigzag()
    spans[i + 1] = partCount(reader.varint())
  }
  return spans
}

function readBuckets(reader: ByteReader, isFloat: boolean, spans: Spans): Float64Array {
  let count = 0
  for (let i = 1; i < spans.length; i += 2) count += spans[i]
  const buckets = new Float64Array(partCount(count))
  for (let i = 0; i < count; i++) buckets[i] = isFloat ? readNumber(reader) : reader.varint()
  return buckets
}

function partCount(count: number): number {
  if (count > HISTOGRAM_PARTS_MAX) throw new RangeError(`${count} parts of a histogram, want at most ${HISTOGRAM_PARTS_MAX}`)
  return count
}

function hashLayout({ schema, zeroThreshold, positiveSpans, negativeSpans, customValues }: Layout): number {
  let hash = Math.imul(schema, 0x9e3779b1) ^ (zeroThreshold * 0x100000000)
  for (let i = 0; i < positiveSpans.length; i++) hash = Math.imul(hash ^ positiveSpans[i], 0x01000193)
  hash ^= 0x5bd1e995
  for (let i = 0; i < negativeSpans.length; i++) hash = Math.imul(hash ^ negativeSpans[i], 0x01000193)
  for (let i = 0; i < customValues.length; i++) hash = Math.imul(hash ^ (customValues[i] * 4096), 0x01000193)
  return hash | 0
}

function sameLayout(a: Layout, b: Layout): boolean {
  return (
    a.schema === b.schema &&
    Object.is(a.zeroThreshold, b.zeroThreshold) &&
    sameNumbers(a.positiveSpans, b.positiveSpans) &&
    sameNumbers(a.negativeSpans, b.negativeSpans) &&
    sameNumbers(a.customValues, b.customValues)
  )
}

function sameNumbers(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false
  return true
}
