import { ChunkWriter } from '../../base/chunk-writer.ts'
import type { Answer } from '../../base/http-answer.ts'
import type { ErrorEnvelope } from '../types/envelope.ts'
import { LabelSetWriter, labelSetBytes } from './label-set-writer.ts'
import { jsonText } from './text.ts'

export const JSON_CONTENT_TYPE = 'application/json'
export const JSON_HEADERS: Readonly<Record<string, string>> = { 'content-type': JSON_CONTENT_TYPE }

/** Remarks beside the data. */
export interface Remarks {
  readonly warnings?: readonly string[]
  readonly infos?: readonly string[]
}

/** Upstream shows this many of each kind and counts the rest. Source: Prometheus util/annotations, AsStrings as the API calls it. */
const REMARKS_MAX = 10

/** Characters that are encoded at once. */
const TEXT_LENGTH = 4096
/** What stands around a list, at most about. */
const ENVELOPE_BYTES = 100
/** Texts that are. */
const TEXTS_AT_ONCE = 512

/** What follows the data, from the comma before `warnings` to the last brace. */
export function envelopeEnd({ warnings = [], infos = [] }: Remarks): string {
  return `${remarkField('warnings', 'warning', warnings)}${remarkField('infos', 'info', infos)}}`
}

function remarkField(field: string, kind: string, remarks: readonly string[]): string {
  if (remarks.length === 0) return ''
  const more = remarks.length - REMARKS_MAX
  const shown = more > 0 ? [...remarks.slice(0, REMARKS_MAX), `${more} more ${kind} annotations omitted`] : remarks
  return `,"${field}":${jsonText(shown)}`
}

/** Data that is small or a record. */
export function dataAnswer(data: unknown, remarks: Remarks = {}): Answer {
  return { status: 200, headers: JSON_HEADERS, body: Buffer.from(`{"status":"success","data":${jsonText(data)}${envelopeEnd(remarks)}`) }
}

/** Data that is a list, each element given as JSON text; sent while it is made. */
export function listAnswer(elements: Iterable<string>, remarks: Remarks = {}): Answer {
  return { status: 200, headers: JSON_HEADERS, body: encodeList(elements, remarks) }
}

/** The same without its head. */
export function* encodeList(elements: Iterable<string>, remarks: Remarks): Generator<Uint8Array> {
  const writer = new ChunkWriter()
  writer.ascii('{"status":"success","data":[')
  // A call of the encoder costs as much as some hundred characters.
  let text = ''
  let separator = ''
  for (const element of elements) {
    text += separator
    text += element
    separator = ','
    if (text.length < TEXT_LENGTH) continue
    writer.text(text)
    text = ''
    if (writer.hasFull) yield* writer.take()
  }
  writer.text(`${text}]${envelopeEnd(remarks)}`)
  yield* writer.end()
}

/** A list of texts, the same way. */
export function* encodeTexts(texts: readonly string[], remarks: Remarks): Generator<Uint8Array> {
  const writer = new ChunkWriter()
  writer.ascii('{"status":"success","data":[')
  for (let from = 0; from < texts.length; from += TEXTS_AT_ONCE) {
    if (from > 0) writer.byte(0x2c)
    writer.text(jsonText(texts.slice(from, from + TEXTS_AT_ONCE)).slice(1, -1))
    if (writer.hasFull) yield* writer.take()
  }
  writer.text(`]${envelopeEnd(remarks)}`)
  yield* writer.end()
}

/** A list of label sets, which come in order and flat, written while they come. */
export class LabelSetList {
  readonly #writer: ChunkWriter
  readonly #sets: LabelSetWriter
  /** Those written. */
  count = 0

  /** `expectedBytes`: of all of it, about. */
  constructor(expectedBytes = 0) {
    this.#writer = new ChunkWriter(expectedBytes)
    this.#sets = new LabelSetWriter(this.#writer)
    this.#writer.ascii('{"status":"success","data":[')
  }

  add(pairs: readonly string[]): void {
    this.#sets.write(this.count > 0 ? ',' : '', pairs, '')
    this.count++
  }

  /** Whether `take` has something to give. */
  get hasFull(): boolean {
    return this.#writer.hasFull
  }

  /** What is written so far and was not taken. */
  take(): readonly Uint8Array[] {
    return this.#writer.take()
  }

  /** All that was not taken, with what follows the list. */
  end(remarks: Remarks): readonly Uint8Array[] {
    this.#writer.text(`]${envelopeEnd(remarks)}`)
    return this.#writer.end()
  }
}

/** Label sets in order, sent while they are written. */
export function* encodeLabelSets(sets: readonly { readonly pairs: readonly string[] }[], remarks: Remarks): Generator<Uint8Array> {
  const list = new LabelSetList(sets.length * (sets.length === 0 ? 0 : labelSetBytes(sets[0].pairs)) + ENVELOPE_BYTES)
  for (let i = 0; i < sets.length; i++) {
    list.add(sets[i].pairs)
    if (list.hasFull) yield* list.take()
  }
  yield* list.end(remarks)
}

export function failureAnswer(status: number, errorType: ErrorEnvelope['errorType'], error: string): Answer {
  const envelope: ErrorEnvelope = { status: 'error', errorType, error }
  return { status, headers: JSON_HEADERS, body: Buffer.from(jsonText(envelope)) }
}
