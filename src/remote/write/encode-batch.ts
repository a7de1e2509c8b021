import type { Exemplar } from '../../model/exemplar.ts'
import { writeHistogram } from './encode-histogram.ts'
import { type SendBatch, SendKind } from './send-batch.ts'
import { varintSize, WireWriter } from './wire-writer.ts'

// Layouts: docs/protocols/remote-write.md. Samples of a series stand together, as long as their kind does not change: its labels are written once
// for all of them.

export type MessageVersion = 1 | 2

/** What a request has. */
export interface RequestCounts {
  samples: number
  histograms: number
  exemplars: number
}

/** Turns batches into messages, one after the other, in memory that is used again. */
export class BatchEncoder {
  readonly #writer = new WireWriter()
  /** Of 2.0: the series, which come after the symbols that they name. */
  readonly #body = new WireWriter()
  /** By position in the batch: the next sample of the same series, -1: there is none. */
  #next = new Int32Array(0)
  /** By symbol of the table: its number in the request, if `#symbolStamps` says that it is of this one. */
  #symbolNumbers = new Uint32Array(0)
  #symbolStamps = new Uint32Array(0)
  #symbolStamp = 0
  /** Texts of exemplars' labels that no series has, in the request. */
  readonly #texts = new Map<string, number>()
  #symbolCount = 0

  /** The message; the encoder's own until the next call. */
  encode(batch: SendBatch, version: MessageVersion): Uint8Array {
    this.#group(batch)
    return version === 1 ? this.#encodeV1(batch) : this.#encodeV2(batch)
  }

  /** Links the samples of each series; the series begin at the positions of their first samples, whose stamp is `table.stamp`. */
  #group(batch: SendBatch): void {
    const { count, series, kinds } = batch
    const table = batch.table!
    if (this.#next.length < count) this.#next = new Int32Array(2 * count)
    const next = this.#next
    const { stamps, heads } = table
    table.stamp++
    const stamp = table.stamp
    for (let i = 0; i < count; i++) {
      next[i] = -1
      const one = series[i]
      // `heads` has the last position so far. A change of kind begins another entry: floats would go before histograms within one.
      if (stamps[one] === stamp && (kinds[heads[one]] & ~FOLLOWS) === kinds[i]) {
        next[heads[one]] = i
        kinds[i] |= FOLLOWS
      }
      stamps[one] = stamp
      heads[one] = i
    }
  }

  #encodeV1(batch: SendBatch): Uint8Array {
    const { count, kinds } = batch
    const writer = this.#writer
    writer.clear()
    const exemplars = exemplarsBySeries(batch)
    for (let i = 0; i < count; i++) {
      if ((kinds[i] & FOLLOWS) !== 0) {
        kinds[i] &= ~FOLLOWS
        continue
      }
      const start = this.#openSeriesV1(batch, batch.series[i])
      const last = this.#samples(batch, i, 1)
      const own = exemplars?.get(batch.series[i])
      // Those of the series go with the last of its entries.
      if (own !== undefined && batch.table!.heads[batch.series[i]] === last) {
        for (const exemplar of own) exemplarV1(writer, exemplar)
        exemplars!.delete(batch.series[i])
      }
      writer.closeLength(start)
    }
    for (const [series, own] of exemplars ?? []) {
      const start = this.#openSeriesV1(batch, series)
      for (const exemplar of own) exemplarV1(writer, exemplar)
      writer.closeLength(start)
    }
    return writer.bytes.subarray(0, writer.length)
  }

  #openSeriesV1(batch: SendBatch, series: number): number {
    const writer = this.#writer
    const table = batch.table!
    const { symbols, refs } = table
    writer.reserve(16)
    writer.byte(0x0a)
    const start = writer.length++
    const end = table.refStarts[series] + table.refCounts[series]
    for (let at = table.refStarts[series]; at < end; at += 2) {
      const name = refs[at]
      const value = refs[at + 1]
      const [nameSize, valueSize] = [symbols.length(name), symbols.length(value)]
      writer.reserve(32 + nameSize + valueSize)
      writer.byte(0x0a)
      writer.varint(2 + varintSize(nameSize) + nameSize + varintSize(valueSize) + valueSize)
      writer.byte(0x0a)
      writer.varint(nameSize)
      writer.copy(symbols.bytes, symbols.starts[name], symbols.starts[name + 1])
      writer.byte(0x12)
      writer.varint(valueSize)
      writer.copy(symbols.bytes, symbols.starts[value], symbols.starts[value + 1])
    }
    return start
  }

  /** Writes the samples that are linked from `first` on; the position of the last. Hot. */
  #samples(batch: SendBatch, first: number, version: MessageVersion): number {
    const { times, values, startTimes, kinds, histograms } = batch
    const next = this.#next
    const writer = version === 1 ? this.#writer : this.#body
    let last = first
    for (let i = first; i >= 0; i = next[i]) {
      last = i
      const t = times[i]
      const kind = kinds[i] & ~FOLLOWS
      if (kind !== SendKind.float) {
        const isFloat = kind === SendKind.floatHistogram
        writeHistogram(writer, version === 1 ? 0x22 : 0x1a, t, isFloat, histograms[i], version === 1 ? 0 : startTimes[i])
        continue
      }
      writer.reserve(48)
      writer.byte(0x12)
      const start = writer.length++
      writer.byte(0x09)
      writer.double(values[i])
      writer.byte(0x10)
      writer.int64(t)
      if (version === 2 && startTimes[i] !== 0) {
        writer.byte(0x18)
        writer.int64(startTimes[i])
      }
      writer.closeLength(start)
    }
    return last
  }

  #encodeV2(batch: SendBatch): Uint8Array {
    const { count, kinds } = batch
    const { symbols } = batch.table!
    const [writer, body] = [this.#writer, this.#body]
    writer.clear()
    body.clear()
    if (this.#symbolNumbers.length < symbols.count) {
      this.#symbolNumbers = new Uint32Array(2 * symbols.count)
      this.#symbolStamps = new Uint32Array(2 * symbols.count)
      this.#symbolStamp = 0
    }
    this.#symbolStamp++
    this.#symbolCount = 0
    this.#texts.clear()
    this.#symbol(batch, 0)
    const exemplars = exemplarsBySeries(batch)
    for (let i = 0; i < count; i++) {
      if ((kinds[i] & FOLLOWS) !== 0) {
        kinds[i] &= ~FOLLOWS
        continue
      }
      const start = this.#openSeriesV2(batch, batch.series[i])
      const last = this.#samples(batch, i, 2)
      const own = exemplars?.get(batch.series[i])
      if (own !== undefined && batch.table!.heads[batch.series[i]] === last) {
        for (const exemplar of own) this.#exemplarV2(batch, exemplar)
        exemplars!.delete(batch.series[i])
      }
      this.#metadata(batch, batch.series[i])
      const created = this.#commonStart(batch, i)
      if (created !== 0) {
        body.reserve(16)
        body.byte(0x30)
        body.int64(created)
      }
      body.closeLength(start)
    }
    for (const [series, own] of exemplars ?? []) {
      const start = this.#openSeriesV2(batch, series)
      for (const exemplar of own) this.#exemplarV2(batch, exemplar)
      this.#metadata(batch, series)
      body.closeLength(start)
    }
    writer.reserve(body.length)
    writer.bytes.set(body.bytes.subarray(0, body.length), writer.length)
    writer.length += body.length
    return writer.bytes.subarray(0, writer.length)
  }

  /** What all samples of the entry have as their start; else 0. It is how Prometheus took start times until 3.7. */
  #commonStart({ startTimes }: SendBatch, first: number): number {
    for (let i = first; i >= 0; i = this.#next[i]) if (startTimes[i] !== startTimes[first]) return 0
    return startTimes[first]
  }

  #openSeriesV2(batch: SendBatch, series: number): number {
    const body = this.#body
    const { refs, refStarts, refCounts } = batch.table!
    body.reserve(32 + 5 * refCounts[series])
    body.byte(0x2a)
    const start = body.length++
    body.byte(0x0a)
    const refsStart = body.length++
    const end = refStarts[series] + refCounts[series]
    for (let at = refStarts[series]; at < end; at++) body.varint(this.#symbol(batch, refs[at]))
    body.closeLength(refsStart)
    return start
  }

  #metadata(batch: SendBatch, series: number): void {
    const number = batch.table!.metadata[series]
    if (number === 0) return
    const { type, help, unit } = batch.table!.described[number]
    const body = this.#body
    body.reserve(40)
    body.byte(0x2a)
    const start = body.length++
    body.byte(0x08)
    body.varint(type)
    body.byte(0x18)
    body.varint(this.#symbol(batch, help))
    body.byte(0x20)
    body.varint(this.#symbol(batch, unit))
    body.closeLength(start)
  }

  /** The number of a symbol in the request, where it is written when it is new. */
  #symbol(batch: SendBatch, symbol: number): number {
    if (this.#symbolStamps[symbol] === this.#symbolStamp) return this.#symbolNumbers[symbol]
    const { bytes, starts } = batch.table!.symbols
    this.#symbolStamps[symbol] = this.#symbolStamp
    this.#symbolNumbers[symbol] = this.#symbolCount
    this.#symbolText(bytes, starts[symbol], starts[symbol + 1])
    return this.#symbolNumbers[symbol]
  }

  #symbolText(bytes: Uint8Array, start: number, end: number): number {
    const writer = this.#writer
    writer.reserve(16 + end - start)
    writer.byte(0x22)
    writer.varint(end - start)
    writer.copy(bytes, start, end)
    return this.#symbolCount++
  }

  /** The number of a text in the request, where it stands once: series may have it as well. */
  #textNumber(batch: SendBatch, text: string): number {
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    const ofSeries = batch.table!.symbols.find(text)
    if (ofSeries >= 0) return this.#symbol(batch, ofSeries)
    const bytes = encoder.encode(text)
    const number = this.#symbolText(bytes, 0, bytes.length)
    this.#texts.set(text, number)
    return number
  }

  #exemplarV2(batch: SendBatch, { labels, value, timestamp }: Exemplar): void {
    const body = this.#body
    body.reserve(64 + 10 * labels.size)
    body.byte(0x22)
    const start = body.length++
    body.byte(0x0a)
    const refsStart = body.length++
    for (const text of labels.pairs) body.varint(this.#textNumber(batch, text))
    body.closeLength(refsStart)
    body.byte(0x11)
    body.double(value)
    body.byte(0x18)
    body.int64(timestamp)
    body.closeLength(start)
  }
}

const encoder = new TextEncoder()

/** In `kinds`, while a batch is encoded: the sample belongs to an entry that begins before it. */
const FOLLOWS = 0x80

function exemplarsBySeries({ exemplars }: SendBatch): Map<number, Exemplar[]> | undefined {
  if (exemplars.length === 0) return undefined
  const found = new Map<number, Exemplar[]>()
  for (const { series, exemplar } of exemplars) {
    const own = found.get(series)
    if (own === undefined) found.set(series, [exemplar])
    else own.push(exemplar)
  }
  return found
}

function exemplarV1(writer: WireWriter, { labels, value, timestamp }: Exemplar): void {
  writer.reserve(48)
  writer.byte(0x1a)
  const start = writer.length++
  for (let i = 0; i < labels.pairs.length; i += 2) {
    const [name, text] = [encoder.encode(labels.pairs[i]), encoder.encode(labels.pairs[i + 1])]
    writer.reserve(96 + name.length + text.length)
    writer.byte(0x0a)
    const labelStart = writer.length++
    writer.byte(0x0a)
    writer.varint(name.length)
    writer.copy(name, 0, name.length)
    writer.byte(0x12)
    writer.varint(text.length)
    writer.copy(text, 0, text.length)
    writer.closeLength(labelStart)
  }
  writer.reserve(64)
  writer.byte(0x11)
  writer.double(value)
  writer.byte(0x18)
  writer.int64(timestamp)
  writer.closeLength(start)
}
