import { isUtf8 } from 'node:buffer'
import { compareStrings, isLegacyLabelName, Labels, METRIC_NAME, quote } from '../model/labels.ts'
import type { WriteSymbols } from './write-symbols.ts'

/** Bytes that are not what they should be: the request as a whole is no request. */
export class MalformedRequest extends Error {}

const NAME = 0x0a
const VALUE = 0x12

/** Most bytes of names and values of one label set, whichever version sent them. */
export const LABEL_SET_BYTES_MAX = 1024 * 1024

/** Whose labels: those of a series have a metric name. */
export type LabelOwner = 'series' | 'exemplar'

/**
 * The label set behind the label fields of one series or exemplar of 1.0, `start` inclusive, `end` exclusive. Returns what is
 * wrong with it when it is none; throws MalformedRequest. Once per new series.
 * Order does not matter and empty values mean absent, as upstream has it.
 */
export function parseLabelFields(bytes: Uint8Array, start: number, end: number, owner: LabelOwner): Labels | string {
  if (end - start > LABEL_SET_BYTES_MAX) return tooLong(end - start)
  const reader = new FieldReader(bytes, start, end)
  const pairs: string[] = []
  while (reader.position < end) {
    // The decoder has seen that these are label fields and where they end.
    if (reader.varint() !== NAME) throw new MalformedRequest('proto: TimeSeries: a field between labels')
    const labelEnd = reader.lengthEnd()
    let name = ''
    let value = ''
    while (reader.position < labelEnd) {
      const tag = reader.varint()
      if (tag === NAME) name = reader.text(labelEnd)
      else if (tag === VALUE) value = reader.text(labelEnd)
      else throw new MalformedRequest(`proto: Label: field with tag ${tag}`)
    }
    pairs.push(name, value)
  }
  return labelSet(pairs, !reader.replaced, owner)
}

/** The same for references of 2.0, from `start` up to, not including, `end`. Says what is wrong with the references as well. */
export function resolveLabelRefs(symbols: WriteSymbols, refs: Uint32Array, start: number, end: number, owner: LabelOwner): Labels | string {
  const fault = faultOfRefs(symbols, refs, start, end)
  if (fault !== undefined) return fault
  const sizeBytes = sizeOfRefs(symbols, refs, start, end)
  if (sizeBytes > LABEL_SET_BYTES_MAX) return tooLong(sizeBytes)
  const pairs: string[] = []
  let isValid = true
  for (let i = start; i < end; i++) {
    pairs.push(symbols.text(refs[i]))
    if (!symbols.isValid(refs[i])) isValid = false
  }
  return labelSet(pairs, isValid, owner)
}

/** What is wrong with references as such; undefined when each names a symbol. Hot: once a series. */
export function faultOfRefs({ count }: WriteSymbols, refs: Uint32Array, start: number, end: number): string | undefined {
  if ((end - start) % 2 !== 0) return `invalid labelRefs length ${end - start}`
  for (let i = start; i < end; i += 2) {
    if (refs[i] >= count || refs[i + 1] >= count) {
      return `labelRefs ${refs[i]} (name) = ${refs[i + 1]} (value) outside of symbols table (size ${count})`
    }
  }
  return undefined
}

/** Bytes of a label set when it is spelled out. */
export function sizeOfRefs(symbols: WriteSymbols, refs: Uint32Array, start: number, end: number): number {
  let sizeBytes = 0
  for (let i = start; i < end; i++) sizeBytes += symbols.sizeBytes(refs[i])
  return sizeBytes
}

/** A label set as Go's labels.Labels prints it: the metric's name is a label like others. */
export function upstreamText(pairs: readonly string[]): string {
  const parts: string[] = []
  for (let i = 0; i < pairs.length; i += 2) {
    parts.push(`${isLegacyLabelName(pairs[i]) ? pairs[i] : quote(pairs[i])}=${quote(pairs[i + 1])}`)
  }
  return `{${parts.join(', ')}}`
}

/** Texts: Prometheus storage/remote/write_handler.go, appendV2. */
function labelSet(pairs: readonly string[], isUtf8Text: boolean, owner: LabelOwner): Labels | string {
  const sorted = isSorted(pairs) ? pairs : sortPairs(pairs)
  if (!isUtf8Text || hasEmptyName(sorted) || (owner === 'series' && !hasMetricName(sorted)))
    return `invalid metric name or labels, got ${upstreamText(sorted)}`
  for (let i = 2; i < sorted.length; i += 2) {
    if (sorted[i] === sorted[i - 2]) return `invalid labels for series, labels ${upstreamText(sorted)}, duplicated label ${sorted[i]}`
  }
  return Labels.fromSortedPairs(sorted.includes('') ? withoutEmpty(sorted) : sorted)
}

function isSorted(pairs: readonly string[]): boolean {
  for (let i = 2; i < pairs.length; i += 2) if (compareStrings(pairs[i - 2], pairs[i]) > 0) return false
  return true
}

function sortPairs(pairs: readonly string[]): string[] {
  const entries: [string, string][] = []
  for (let i = 0; i < pairs.length; i += 2) entries.push([pairs[i], pairs[i + 1]])
  return entries.sort(([a], [b]) => compareStrings(a, b)).flat()
}

function hasEmptyName(pairs: readonly string[]): boolean {
  for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === '') return true
  return false
}

function hasMetricName(pairs: readonly string[]): boolean {
  for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === METRIC_NAME) return pairs[i + 1] !== ''
  return false
}

function withoutEmpty(pairs: readonly string[]): string[] {
  const out: string[] = []
  for (let i = 0; i < pairs.length; i += 2) if (pairs[i + 1] !== '') out.push(pairs[i], pairs[i + 1])
  return out
}

function tooLong(sizeBytes: number): string {
  return `labels have ${sizeBytes} bytes, want at most ${LABEL_SET_BYTES_MAX}`
}

class FieldReader {
  readonly #bytes: Buffer
  readonly #end: number
  position: number
  /** Whether a text was not UTF-8. */
  replaced = false

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#end = end
    this.position = start
  }

  varint(): number {
    let value = 0
    for (let scale = 1; scale <= 0x10000000; scale *= 128) {
      if (this.position >= this.#end) throw new MalformedRequest('unexpected EOF')
      const byte = this.#bytes[this.position++]
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw new MalformedRequest('proto: integer overflow')
  }

  /** Reads a length; where what has it ends. */
  lengthEnd(): number {
    const end = this.varint() + this.position
    if (end > this.#end) throw new MalformedRequest('unexpected EOF')
    return end
  }

  text(endMax: number): string {
    const end = this.lengthEnd()
    if (end > endMax) throw new MalformedRequest('unexpected EOF')
    const text = this.#bytes.toString('utf8', this.position, end)
    if (text.includes('\ufffd') && !isUtf8(this.#bytes.subarray(this.position, end))) this.replaced = true
    this.position = end
    return text
  }
}
