// What goes over connections: one request, one answer at most. docs/protocols/memberlist.md.
import { type Ack, decodeMessage, nameField, type Ping, stateFields, TYPE, typed } from './messages.ts'
import { booleanField, encodeMap, MsgpackReader, numberField, TruncatedError, textField } from './msgpack.ts'
import { compressed, decompressed, labelAt, labelHeader } from './packet.ts'

export const STREAM_BYTES_MAX = 64 * 1024 * 1024
export const MEMBERS_MAX = 4096

export const STATES = ['alive', 'suspect', 'dead', 'left'] as const
export type MemberState = (typeof STATES)[number]

/** What one member knows of another. */
export interface PushedMember {
  readonly name: string
  readonly address: Uint8Array
  readonly port: number
  readonly meta: Uint8Array
  readonly incarnation: number
  readonly state: MemberState
  readonly versions: Uint8Array
}

export interface PushPull {
  readonly type: 'pushPull'
  readonly isJoin: boolean
  readonly members: readonly PushedMember[]
  /** Of what is above. */
  readonly state: Uint8Array
}

/** Bytes of what is above. */
export interface StreamUser {
  readonly type: 'user'
  readonly bytes: Uint8Array
}

export interface StreamError {
  readonly type: 'error'
  readonly message: string
}

export type StreamMessage = PushPull | StreamUser | StreamError | Ping | Ack

/** A request has the label before it, an answer none. */
export function sealStream(message: Uint8Array, label: string): Uint8Array {
  const smaller = compressed(message)
  return Buffer.concat([labelHeader(label), smaller.length < message.length ? smaller : message])
}

export function encodePushPull({ isJoin, members, state }: Omit<PushPull, 'type'>): Uint8Array {
  const parts: Uint8Array[] = [typed(TYPE.pushPull, { Nodes: members.length, UserStateLen: state.length, Join: isJoin })]
  for (const member of members)
    parts.push(
      encodeMap({
        Name: member.name,
        Addr: member.address,
        Port: member.port,
        Meta: member.meta,
        Incarnation: member.incarnation,
        State: STATES.indexOf(member.state),
        Vsn: member.versions,
      }),
    )
  parts.push(state)
  return Buffer.concat(parts)
}

export function encodeStreamUser(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([typed(TYPE.user, { UserMsgLen: bytes.length }), bytes])
}

export function encodeStreamError(message: string): Uint8Array {
  return typed(TYPE.error, { Error: message })
}

/** Takes bytes of a connection until they are a message. */
export class StreamReader {
  readonly #parts: Uint8Array[] = []
  /** undefined: an answer, which has none. */
  readonly #label: string | undefined
  #sizeBytes = 0
  /** Until there are so many it is of no use to look. */
  #wantedBytes = 1

  constructor(label: string | undefined) {
    this.#label = label
  }

  /** The message, once it is whole. Throws on what is none, what is too large, and another label. */
  add(bytes: Uint8Array): StreamMessage | undefined {
    this.#parts.push(new Uint8Array(bytes))
    this.#sizeBytes += bytes.length
    if (this.#sizeBytes > STREAM_BYTES_MAX) throw new Error(`found more than ${STREAM_BYTES_MAX} bytes`)
    if (this.#sizeBytes < this.#wantedBytes) return undefined
    const all = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts)
    this.#parts.splice(0, this.#parts.length, all)
    try {
      return this.#read(all)
    } catch (error) {
      if (!(error instanceof TruncatedError)) throw error
      this.#wantedBytes = error.neededBytes
      return undefined
    }
  }

  #read(all: Uint8Array): StreamMessage {
    let start = 0
    if (this.#label !== undefined) {
      const label = labelAt(all)
      if (label === undefined) throw new TruncatedError('ends within the label', all.length + 1)
      if (label.found !== this.#label) throw new Error(`found label "${label.found}", want "${this.#label}"`)
      start = label.sizeBytes
    }
    return decodeStream(all.subarray(start))
  }
}

/** Throws on what is no message, `TruncatedError` where it ends too soon. */
export function decodeStream(bytes: Uint8Array): StreamMessage {
  if (bytes.length === 0) throw new TruncatedError('ends before the type of the message', 1)
  if (bytes[0] !== TYPE.compressed) return decodePlain(bytes)
  const inner = decompressed(new MsgpackReader(bytes, 1).map(), STREAM_BYTES_MAX)
  try {
    return decodePlain(inner)
  } catch (error) {
    // No more of it will come.
    if (error instanceof TruncatedError) throw new Error(error.message)
    throw error
  }
}

function decodePlain(bytes: Uint8Array): StreamMessage {
  const type = bytes[0]
  if (type === TYPE.ping || type === TYPE.ack) return decodeMessage(type, bytes.subarray(1)) as Ping | Ack
  const reader = new MsgpackReader(bytes, 1)
  switch (type) {
    case TYPE.error:
      return { type: 'error', message: textField(reader.map(), 'Error') }
    case TYPE.user:
      return { type: 'user', bytes: new Uint8Array(reader.raw(numberField(reader.map(), 'UserMsgLen', STREAM_BYTES_MAX))) }
    case TYPE.pushPull:
      return decodePushPull(reader)
    case TYPE.encrypted:
      throw new Error('found an encrypted message; Alertmanagers have no key')
    default:
      throw new Error(`found a message of type ${type}, which does not come over a connection`)
  }
}

function decodePushPull(reader: MsgpackReader): PushPull {
  const header = reader.map()
  const count = numberField(header, 'Nodes', MEMBERS_MAX)
  const stateBytes = numberField(header, 'UserStateLen', STREAM_BYTES_MAX)
  const members: PushedMember[] = []
  for (let i = 0; i < count; i++) {
    const fields = reader.map()
    members.push({
      name: nameField(fields, 'Name'),
      ...stateFields(fields),
      state: STATES[numberField(fields, 'State', STATES.length - 1)],
    })
  }
  return { type: 'pushPull', isJoin: booleanField(header, 'Join'), members, state: new Uint8Array(reader.raw(stateBytes)) }
}
