// What goes around messages in a datagram, and comes off again: label, checksum, compression, several in one. docs/protocols/memberlist.md.
import { crc32 } from 'node:zlib'
import { compressLzw, decompressLzw } from './lzw.ts'
import { decodeMessage, type Message, TYPE, typed } from './messages.ts'
import { bytesField, type MsgpackMap, MsgpackReader, numberField } from './msgpack.ts'

/** Source: Alertmanager cluster/cluster.go, MaxGossipPacketSize. */
export const PACKET_BYTES_MAX = 1400
export const COMPOUND_OVERHEAD = 2
export const COMPOUND_OVERHEAD_EACH = 2
/** All that one datagram may unpack to. */
const UNPACKED_BYTES_MAX = 1024 * 1024
const DEPTH_MAX = 4
const COMPOUND_COUNT_MAX = 255
const LABEL_BYTES_MAX = 255
const LZW = 0
const utf8 = new TextEncoder()
const text = new TextDecoder()

/** The header that says a label; empty for none. */
export function labelHeader(label: string): Uint8Array {
  if (label === '') return new Uint8Array(0)
  const bytes = utf8.encode(label)
  if (bytes.length > LABEL_BYTES_MAX) throw new Error(`cluster label: found ${bytes.length} bytes, want ${LABEL_BYTES_MAX} at most`)
  return Buffer.concat([Uint8Array.of(TYPE.label, bytes.length), bytes])
}

/** Several encoded messages as one, or as few as the count of a compound allows. */
export function compounds(messages: readonly Uint8Array[]): Uint8Array[] {
  if (messages.length === 1) return [messages[0]]
  const out: Uint8Array[] = []
  for (let i = 0; i < messages.length; i += COMPOUND_COUNT_MAX) {
    const part = messages.slice(i, i + COMPOUND_COUNT_MAX)
    const head = Buffer.alloc(2 + part.length * 2)
    head[0] = TYPE.compound
    head[1] = part.length
    for (const [at, message] of part.entries()) head.writeUInt16BE(message.length, 2 + at * 2)
    out.push(Buffer.concat([head, ...part]))
  }
  return out
}

export function compressed(message: Uint8Array): Uint8Array {
  return typed(TYPE.compressed, { Algo: LZW, Buf: compressLzw(message) })
}

/** What is in a compressed message, without its type. */
export function decompressed(fields: MsgpackMap, bytesMax: number): Uint8Array {
  const algorithm = numberField(fields, 'Algo')
  if (algorithm !== LZW) throw new Error(`found compression ${algorithm}, want ${LZW}`)
  const inner = decompressLzw(bytesField(fields, 'Buf'), bytesMax)
  if (inner.length === 0) throw new Error('found an empty compressed message')
  return inner
}

export interface Sealing {
  readonly label: string
  /** Whether it is for one who understands checksums: version 5 of the protocol. */
  readonly hasChecksum: boolean
}

/** An encoded message as a datagram: compressed where that helps. */
export function sealPacket(message: Uint8Array, { label, hasChecksum }: Sealing): Uint8Array {
  const smaller = compressed(message)
  const body = smaller.length < message.length ? smaller : message
  if (!hasChecksum) return Buffer.concat([labelHeader(label), body])
  const head = Buffer.alloc(5)
  head[0] = TYPE.checksum
  head.writeUInt32BE(crc32(body), 1)
  return Buffer.concat([labelHeader(label), head, body])
}

export interface OpenedPacket {
  readonly messages: readonly Message[]
  /** Why some of it could not be read; the rest counts. */
  readonly faults: readonly string[]
}

/** The messages of a datagram. Throws when nothing of it is for us. */
export function openPacket(bytes: Uint8Array, label: string): OpenedPacket {
  let body = withoutLabel(bytes, label)
  if (body.length >= 5 && body[0] === TYPE.checksum) {
    const [found, want] = [crc32(body.subarray(5)), Buffer.from(body.buffer, body.byteOffset + 1, 4).readUInt32BE()]
    if (found !== want) throw new Error(`checksum is ${found.toString(16)}, want ${want.toString(16)}`)
    body = body.subarray(5)
  }
  const into = { messages: [] as Message[], faults: [] as string[], room: UNPACKED_BYTES_MAX }
  unpack(body, into, 0)
  return { messages: into.messages, faults: into.faults }
}

function unpack(message: Uint8Array, into: { messages: Message[]; faults: string[]; room: number }, depth: number): void {
  try {
    if (message.length === 0) throw new Error('found an empty message')
    if (depth > DEPTH_MAX) throw new Error(`messages are more than ${DEPTH_MAX} deep in each other`)
    into.room -= message.length
    if (into.room < 0) throw new Error(`unpacks to more than ${UNPACKED_BYTES_MAX} bytes`)
    const body = message.subarray(1)
    if (message[0] === TYPE.compound) for (const part of compoundParts(body, into.faults)) unpack(part, into, depth + 1)
    else if (message[0] === TYPE.compressed) unpack(decompressed(new MsgpackReader(body).map(), into.room), into, depth + 1)
    else into.messages.push(decodeMessage(message[0], body))
  } catch (error) {
    into.faults.push((error as Error).message)
  }
}

/** Messages that are cut off are left out. */
function compoundParts(body: Uint8Array, faults: string[]): Uint8Array[] {
  const count = body[0] ?? 0
  let at = 1 + count * 2
  if (body.length < at) throw new Error('compound message ends in its lengths')
  const parts: Uint8Array[] = []
  for (let i = 0; i < count; i++) {
    const end = at + ((body[1 + i * 2] << 8) | body[2 + i * 2])
    if (end > body.length) {
      faults.push(`${count - i} messages of a compound one are cut off`)
      break
    }
    parts.push(body.subarray(at, end))
    at = end
  }
  return parts
}

function withoutLabel(bytes: Uint8Array, label: string): Uint8Array {
  const { found, sizeBytes } = labelAt(bytes) ?? { found: undefined, sizeBytes: 0 }
  if (found === undefined) throw new Error('label is cut off')
  if (found !== label) throw new Error(`found label "${found}", want "${label}"`)
  return bytes.subarray(sizeBytes)
}

/** The label at the beginning, empty where there is none; undefined: there are not enough bytes to say. Throws on an empty one. */
export function labelAt(bytes: Uint8Array): { readonly found: string; readonly sizeBytes: number } | undefined {
  if (bytes.length === 0) return undefined
  if (bytes[0] !== TYPE.label) return { found: '', sizeBytes: 0 }
  if (bytes.length < 2) return undefined
  if (bytes[1] === 0) throw new Error('label is empty')
  const sizeBytes = 2 + bytes[1]
  return bytes.length < sizeBytes ? undefined : { found: text.decode(bytes.subarray(2, sizeBytes)), sizeBytes }
}
