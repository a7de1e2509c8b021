import { isUtf8 } from 'node:buffer'
import { quote } from '../base/go-quote.ts'
import { compareStrings, isLegacyLabelName, Labels, METRIC_NAME } from '../model/labels.ts'
import type { MessageShape, WireReader } from './wire-reader.ts'
import type { WriteSymbols } from './write-symbols.ts'

/** Bytes that are not what they should be: the request as a whole is no request. */
export class MalformedRequest extends Error {}

const LABEL = 0x0a
const NAME = 0x0a
const VALUE = 0x12
const LABEL_SHAPE: MessageShape = { name: 'Label', fields: { 1: 'Name', 2: 'Value' } }

/** Most bytes of names and values of one label set, whichever version sent them. */
export const LABEL_SET_BYTES_MAX = 1024 * 1024

/** Whose labels: those of a series have a metric name. */
export type LabelOwner = 'series' | 'exemplar'

/**
 * The label set behind the label fields of one series or exemplar of 1.0, `start` inclusive, `end` exclusive. Returns what is
 * wrong with it when it is none; throws MalformedRequest. Once per new series.
 * Order does not matter and empty values mean absent, as upstream has it.
 */
export function parseLabelFields(reader: WireReader, start: number, end: number, owner: LabelOwner): Labels | string {
  if (end - start > LABEL_SET_BYTES_MAX) return tooLong(end - start)
  reader.position = start
  const { bytes } = reader
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const pairs: string[] = []
  let isValid = true
  const text = (labelEnd: number) => {
    const textEnd = reader.fieldEnd(labelEnd)
    const textStart = reader.position
    reader.position = textEnd
    const decoded = buffer.toString('utf8', textStart, textEnd)
    if (decoded.includes('\ufffd') && !isUtf8(buffer.subarray(textStart, textEnd))) isValid = false
    return decoded
  }
  while (reader.position < end && reader.fault === undefined) {
    // The decoder has seen that these are label fields and where they end.
    if (reader.varint(end) !== LABEL) reader.fail('proto: TimeSeries: a field between labels')
    const labelEnd = reader.fieldEnd(end)
    let name = ''
    let value = ''
    while (reader.position < labelEnd && reader.fault === undefined) {
      const tag = reader.varint(labelEnd)
      if (tag === NAME) name = text(labelEnd)
      else if (tag === VALUE) value = text(labelEnd)
      else reader.skip(tag, labelEnd, LABEL_SHAPE)
    }
    pairs.push(name, value)
  }
  if (reader.fault !== undefined) throw new MalformedRequest(reader.fault)
  return labelSet(pairs, isValid, owner)
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
