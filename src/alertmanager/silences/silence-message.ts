import { CodedError } from '../../base/errors.ts'
import { fieldText, type MessageField, messageFields } from '../../base/message-fields.ts'
import { MessageWriter } from '../../base/message-writer.ts'
import type { MatchOperator } from '../../model/matcher.ts'
import type { Timestamp } from '../../model/time.ts'
import { preciseOf, readPreciseTime, timestampOf, writePreciseTime } from '../state/precise-time.ts'
import type { Silence, SilenceMatcher } from './silence.ts'

// Upstream's messages MeshSilence and Silence: in the file `silences`, and between members.
// Source: Alertmanager silence/silencepb/silence.proto.

/** By their number in Matcher.Type. */
const OPERATORS: readonly MatchOperator[] = ['=', '=~', '!=', '!~']

/** A silence, and when members forget it. */
export interface MeshSilence {
  readonly silence: Silence
  readonly expiresAt: Timestamp
}

/** The message behind its length. The first set stands in the field of older members as well: they know no sets. */
export function encodeMeshSilence({ silence, expiresAt }: MeshSilence): Uint8Array {
  const out = new MessageWriter()
  out.lengthBefore((mesh) => {
    mesh.message(1, (body) => {
      body.text(1, silence.id)
      for (const matcher of silence.matcherSets[0] ?? []) writeMatcher(body, 2, matcher)
      writePreciseTime(body, 3, preciseOf(silence.startsAt))
      writePreciseTime(body, 4, preciseOf(silence.endsAt))
      writePreciseTime(body, 5, silence.updatedAt)
      if (silence.createdBy !== '') body.text(8, silence.createdBy)
      if (silence.comment !== '') body.text(9, silence.comment)
      for (const [name, value] of silence.annotations) {
        body.message(10, (entry) => {
          entry.text(1, name)
          entry.text(2, value)
        })
      }
      for (const set of silence.matcherSets) {
        body.message(11, (part) => {
          for (const matcher of set) writeMatcher(part, 1, matcher)
        })
      }
    })
    writePreciseTime(mesh, 2, preciseOf(expiresAt))
  })
  return out.bytes
}

/** The id alone, of a message without its length; it stands first where a member wrote it. Empty: it does not. */
export function silenceIdOf(bytes: Uint8Array): string {
  const [body] = messageFields(bytes)
  if (body?.number !== 1) return ''
  const [id] = messageFields(body.bytes)
  return id?.number === 1 ? fieldText(id) : ''
}

/** Reads a message without its length. Throws `bad_data`. */
export function decodeMeshSilence(bytes: Uint8Array): MeshSilence {
  let silence: Silence | undefined
  let expiresAt = 0
  for (const field of messageFields(bytes)) {
    if (field.number === 1) silence = decodeSilence(field)
    else if (field.number === 2) expiresAt = timestampOf(readPreciseTime(field))
  }
  if (silence === undefined) throw new CodedError('bad_data', 'found a silence message without a silence')
  return { silence, expiresAt }
}

function decodeSilence({ bytes }: MessageField): Silence {
  const classic: SilenceMatcher[] = []
  const matcherSets: SilenceMatcher[][] = []
  const annotations = new Map<string, string>()
  const read = { id: '', startsAt: 0, endsAt: 0, updatedAt: 0n, createdBy: '', comment: '' }
  for (const field of messageFields(bytes)) {
    if (field.number === 1) read.id = fieldText(field)
    else if (field.number === 2) classic.push(decodeMatcher(field))
    else if (field.number === 3) read.startsAt = timestampOf(readPreciseTime(field))
    else if (field.number === 4) read.endsAt = timestampOf(readPreciseTime(field))
    else if (field.number === 5) read.updatedAt = readPreciseTime(field)
    else if (field.number === 7) readOldComment(field, read)
    else if (field.number === 8) read.createdBy = fieldText(field)
    else if (field.number === 9) read.comment = fieldText(field)
    else if (field.number === 10) readEntry(field, annotations)
    else if (field.number === 11) {
      matcherSets.push([...messageFields(field.bytes)].filter(({ number }) => number === 1).map(decodeMatcher))
    }
  }
  if (matcherSets.length === 0 && classic.length > 0) matcherSets.push(classic)
  return { ...read, matcherSets, annotations }
}

/** Before there was one comment there were many: the first is it. */
function readOldComment({ bytes }: MessageField, read: { createdBy: string; comment: string }): void {
  if (read.comment !== '' || read.createdBy !== '') return
  for (const field of messageFields(bytes)) {
    if (field.number === 1) read.createdBy = fieldText(field)
    else if (field.number === 2) read.comment = fieldText(field)
  }
}

function readEntry({ bytes }: MessageField, into: Map<string, string>): void {
  let [name, value] = ['', '']
  for (const field of messageFields(bytes)) {
    if (field.number === 1) name = fieldText(field)
    else if (field.number === 2) value = fieldText(field)
  }
  into.set(name, value)
}

function writeMatcher(out: MessageWriter, field: number, { operator, name, value }: SilenceMatcher): void {
  out.message(field, (body) => {
    const type = OPERATORS.indexOf(operator)
    if (type !== 0) body.integer(1, type)
    if (name !== '') body.text(2, name)
    if (value !== '') body.text(3, value)
  })
}

function decodeMatcher({ bytes }: MessageField): SilenceMatcher {
  const read = { type: 0, name: '', value: '' }
  for (const field of messageFields(bytes)) {
    if (field.number === 1) read.type = Number(field.integer)
    else if (field.number === 2) read.name = fieldText(field)
    else if (field.number === 3) read.value = fieldText(field)
  }
  const operator = OPERATORS[read.type]
  if (operator === undefined) throw new CodedError('bad_data', `found matcher type ${read.type}, want 0 to 3`)
  return { operator, name: read.name, value: read.value }
}
