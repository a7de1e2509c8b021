// Source: Prometheus prompb/types.proto and prompb/io/prometheus/write/v2/types.proto (Exemplar).

import { EXEMPLAR_LABELS_LENGTH_MAX } from '../model/exemplar.ts'
import type { Labels } from '../model/labels.ts'
import type { Timestamp } from '../model/time.ts'
import type { MessageShape, WireReader } from './wire-reader.ts'
import { faultOfRefs, parseLabelFields, resolveLabelRefs, sizeOfRefs } from './write-labels.ts'
import { SYMBOL_REF_MAX, type WriteSymbols } from './write-symbols.ts'

const LABELS = 0x0a
const LABEL_REF = 0x08
const VALUE = 0x11
const TIMESTAMP = 0x18

const SHAPE_V1: MessageShape = { name: 'Exemplar', fields: { 1: 'Labels', 2: 'Value', 3: 'Timestamp' } }
const SHAPE_V2: MessageShape = { name: 'Exemplar', fields: { 1: 'LabelsRefs', 2: 'Value', 3: 'Timestamp' } }

/** A character has at most four bytes: with more the labels are too long, whatever they are. */
const LABELS_BYTES_MAX = EXEMPLAR_LABELS_LENGTH_MAX * 4
const FRAMING_BYTES = 12
/** References of more labels than those bytes can spell out. Even: a name and a value. */
const REFS_MAX = LABELS_BYTES_MAX * 2

/** An exemplar as it was sent. */
export interface SentExemplar {
  /** `refs`: its references are wrong, `fault` says how. `unfit`: no store takes such labels. */
  readonly labels: Labels | 'refs' | 'unfit'
  readonly fault: string
  readonly value: number
  /** 0: none. */
  readonly timestamp: Timestamp
}

/** Reads an exemplar of 1.0 from the reader's position up to `end`. The reader's fault says when its bytes are none. */
export function readExemplarV1(reader: WireReader, end: number): SentExemplar {
  let value = 0
  let timestamp = 0
  let labelsStart = reader.position
  let labelsEnd = labelsStart
  while (reader.position < end && reader.fault === undefined) {
    const fieldStart = reader.position
    const tag = reader.varint(end)
    if (tag === LABELS) {
      reader.position = reader.fieldEnd(end)
      if (labelsEnd === labelsStart) labelsStart = fieldStart
      else if (labelsEnd !== fieldStart) reader.fail('proto: Exemplar: labels are not in one run')
      labelsEnd = reader.position
    } else if (tag === VALUE) value = reader.double(end)
    else if (tag === TIMESTAMP) timestamp = reader.int64(end)
    else reader.skip(tag, end, SHAPE_V1)
  }
  const isShort = labelsEnd - labelsStart <= LABELS_BYTES_MAX * FRAMING_BYTES
  const labels = isShort && reader.fault === undefined ? parseLabelFields(reader, labelsStart, labelsEnd, 'exemplar') : ''
  return { labels: typeof labels === 'string' ? 'unfit' : labels, fault: '', value, timestamp }
}

/** The same of 2.0. */
export function readExemplarV2(reader: WireReader, end: number, symbols: WriteSymbols): SentExemplar {
  let value = 0
  let timestamp = 0
  const refs: number[] = []
  let refCount = 0
  // All count, but nobody needs more than tell that they are too many.
  const take = (ref: number) => {
    if (++refCount <= REFS_MAX) refs.push(Math.min(ref, SYMBOL_REF_MAX))
  }
  while (reader.position < end && reader.fault === undefined) {
    const tag = reader.varint(end)
    if (tag === LABELS) {
      const refsEnd = reader.fieldEnd(end)
      while (reader.position < refsEnd && reader.fault === undefined) take(reader.varint(refsEnd))
    } else if (tag === LABEL_REF) take(reader.varint(end))
    else if (tag === VALUE) value = reader.double(end)
    else if (tag === TIMESTAMP) timestamp = reader.int64(end)
    else reader.skip(tag, end, SHAPE_V2)
  }
  const column = Uint32Array.from(refs)
  const fault = faultOfRefs(symbols, column, 0, column.length)
  if (fault !== undefined) return { labels: 'refs', fault, value, timestamp }
  const isShort = refCount <= REFS_MAX && sizeOfRefs(symbols, column, 0, column.length) <= LABELS_BYTES_MAX
  const labels = isShort ? resolveLabelRefs(symbols, column, 0, column.length, 'exemplar') : ''
  return { labels: typeof labels === 'string' ? 'unfit' : labels, fault: '', value, timestamp }
}
