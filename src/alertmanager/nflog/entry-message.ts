import { CodedError } from '../../base/errors.ts'
import { fieldText, type MessageField, messageFields, packedIntegers } from '../../base/message-fields.ts'
import { MessageWriter } from '../../base/message-writer.ts'
import type { Timestamp } from '../../model/time.ts'
import { type PreciseTime, preciseOf, readPreciseTime, timestampOf, writePreciseTime } from '../state/precise-time.ts'
import type { Telling } from './tellings.ts'

// Upstream's messages MeshEntry and Entry: in the file `nflog`, and between members. Source: Alertmanager nflog/nflogpb/nflog.proto.

/** An entry of a receiver. */
export interface LogReceiver {
  readonly name: string
  /** `webhook`, `email` … */
  readonly integration: string
  readonly index: number
}

/** What a receiver was last told of a group. */
export interface LogEntry {
  readonly groupKey: string
  readonly receiver: LogReceiver
  readonly time: PreciseTime
  /** Hashes of the alerts that fired (stages/alert-hash.ts). */
  readonly firing: readonly bigint[]
  readonly resolved: readonly bigint[]
  /** What an entry of a receiver keeps from one notification to the next, encoded; handed on as it is. */
  readonly receiverData: readonly Uint8Array[]
  /** Names the news that was told; empty: by a member that does not say. A field of our own, which upstream's members hand on or drop. */
  readonly idempotencyKey: string
  /** The name of the member that told it; empty: it does not say. Ours, as the next one. */
  readonly sender: string
  /** What was told before, by whomever, as far as the sender knew: the newest few. */
  readonly earlier: readonly Telling[]
}

const KEY_FIELD = 1001
const SENDER_FIELD = 1002
const EARLIER_FIELD = 1003

export interface MeshEntry {
  readonly entry: LogEntry
  readonly expiresAt: Timestamp
}

/** The message behind its length. */
export function encodeMeshEntry({ entry, expiresAt }: MeshEntry): Uint8Array {
  const out = new MessageWriter()
  out.lengthBefore((mesh) => {
    mesh.message(1, (body) => {
      body.text(1, entry.groupKey)
      body.message(2, (receiver) => {
        receiver.text(1, entry.receiver.name)
        receiver.text(2, entry.receiver.integration)
        if (entry.receiver.index !== 0) receiver.integer(3, entry.receiver.index)
      })
      writePreciseTime(body, 5, entry.time)
      writeHashes(body, 6, entry.firing)
      writeHashes(body, 7, entry.resolved)
      for (const data of entry.receiverData) body.raw(8, data)
      if (entry.idempotencyKey !== '') body.text(KEY_FIELD, entry.idempotencyKey)
      if (entry.sender !== '') body.text(SENDER_FIELD, entry.sender)
      for (const { key, time, sender } of entry.earlier) {
        body.message(EARLIER_FIELD, (telling) => {
          telling.text(1, key)
          writePreciseTime(telling, 2, time)
          telling.text(3, sender)
        })
      }
    })
    writePreciseTime(mesh, 2, preciseOf(expiresAt))
  })
  return out.bytes
}

function writeHashes(out: MessageWriter, field: number, hashes: readonly bigint[]): void {
  if (hashes.length === 0) return
  out.message(field, (packed) => {
    for (const hash of hashes) packed.varint(hash)
  })
}

/** Reads a message without its length. Throws `bad_data`. */
export function decodeMeshEntry(bytes: Uint8Array): MeshEntry {
  let entry: LogEntry | undefined
  let expiresAt = 0
  for (const field of messageFields(bytes)) {
    if (field.number === 1) entry = decodeEntry(field)
    else if (field.number === 2) expiresAt = timestampOf(readPreciseTime(field))
  }
  if (entry === undefined) throw new CodedError('bad_data', 'found a notification log message without an entry')
  return { entry, expiresAt }
}

function decodeEntry({ bytes }: MessageField): LogEntry {
  const read = { groupKey: '', receiver: { name: '', integration: '', index: 0 }, time: 0n, idempotencyKey: '', sender: '' }
  const firing: bigint[] = []
  const resolved: bigint[] = []
  const receiverData: Uint8Array[] = []
  const earlier: Telling[] = []
  for (const field of messageFields(bytes)) {
    if (field.number === 1) read.groupKey = fieldText(field)
    else if (field.number === 2) read.receiver = decodeReceiver(field)
    else if (field.number === 5) read.time = readPreciseTime(field)
    else if (field.number === 6) readHashes(field, firing)
    else if (field.number === 7) readHashes(field, resolved)
    else if (field.number === 8) receiverData.push(field.bytes)
    else if (field.number === KEY_FIELD) read.idempotencyKey = fieldText(field)
    else if (field.number === SENDER_FIELD) read.sender = fieldText(field)
    else if (field.number === EARLIER_FIELD) earlier.push(decodeTelling(field))
  }
  return { ...read, firing, resolved, receiverData, earlier }
}

function decodeTelling({ bytes }: MessageField): Telling {
  const read = { key: '', time: 0n, sender: '' }
  for (const field of messageFields(bytes)) {
    if (field.number === 1) read.key = fieldText(field)
    else if (field.number === 2) read.time = readPreciseTime(field)
    else if (field.number === 3) read.sender = fieldText(field)
  }
  return read
}

/** Packed, or each in a field of its own: a reader takes both. */
function readHashes({ bytes, integer }: MessageField, into: bigint[]): void {
  if (bytes.length === 0) into.push(integer)
  else into.push(...packedIntegers(bytes))
}

function decodeReceiver({ bytes }: MessageField): LogReceiver {
  const read = { name: '', integration: '', index: 0 }
  for (const field of messageFields(bytes)) {
    if (field.number === 1) read.name = fieldText(field)
    else if (field.number === 2) read.integration = fieldText(field)
    else if (field.number === 3) read.index = Number(field.integer)
  }
  return read
}
