// What members say to each other. docs/protocols/memberlist.md says what each is for.
import {
  booleanField,
  bytesField,
  encodeMap,
  type MsgpackMap,
  MsgpackReader,
  type MsgpackRecord,
  numberField,
  textField,
} from './msgpack.ts'

export const TYPE = {
  ping: 0,
  indirectPing: 1,
  ack: 2,
  suspect: 3,
  alive: 4,
  dead: 5,
  pushPull: 6,
  compound: 7,
  user: 8,
  compressed: 9,
  encrypted: 10,
  nack: 11,
  checksum: 12,
  error: 13,
  label: 244,
} as const

/** Where an answer is to go; absent in messages of old members. */
export interface Source {
  readonly address: Uint8Array
  readonly port: number
  readonly name: string
}

export interface Ping {
  readonly type: 'ping'
  readonly sequence: number
  /** Who is meant; empty: whoever gets it. */
  readonly node: string
  readonly source: Source | undefined
}

export interface IndirectPing {
  readonly type: 'indirectPing'
  readonly sequence: number
  readonly target: Uint8Array
  readonly port: number
  readonly node: string
  readonly wantsNack: boolean
  readonly source: Source | undefined
}

export interface Ack {
  readonly type: 'ack'
  readonly sequence: number
}

export interface Nack {
  readonly type: 'nack'
  readonly sequence: number
}

export interface Suspect {
  readonly type: 'suspect'
  readonly incarnation: number
  readonly node: string
  readonly from: string
}

export interface Dead {
  readonly type: 'dead'
  readonly incarnation: number
  readonly node: string
  readonly from: string
}

export interface Alive {
  readonly type: 'alive'
  readonly incarnation: number
  readonly node: string
  /** 4 or 16 bytes. */
  readonly address: Uint8Array
  readonly port: number
  readonly meta: Uint8Array
  /** Lowest, highest and spoken version of the protocol, the same of what it carries; or nothing. */
  readonly versions: Uint8Array
}

/** Bytes of what is above. */
export interface User {
  readonly type: 'user'
  readonly bytes: Uint8Array
}

export type Message = Ping | IndirectPing | Ack | Nack | Suspect | Dead | Alive | User

const PORT_MAX = 65_535
const NAME_BYTES_MAX = 1024
const META_BYTES_MAX = 512

export function encodeMessage(message: Message): Uint8Array {
  switch (message.type) {
    case 'ping':
      return typed(TYPE.ping, { SeqNo: message.sequence, Node: message.node, ...sourceFields(message.source) })
    case 'indirectPing':
      return typed(TYPE.indirectPing, {
        SeqNo: message.sequence,
        Target: message.target,
        Port: message.port,
        Node: message.node,
        Nack: message.wantsNack,
        ...sourceFields(message.source),
      })
    case 'ack':
      return typed(TYPE.ack, { SeqNo: message.sequence, Payload: new Uint8Array(0) })
    case 'nack':
      return typed(TYPE.nack, { SeqNo: message.sequence })
    case 'suspect':
    case 'dead':
      return typed(TYPE[message.type], { Incarnation: message.incarnation, Node: message.node, From: message.from })
    case 'alive':
      return typed(TYPE.alive, {
        Incarnation: message.incarnation,
        Node: message.node,
        Addr: message.address,
        Port: message.port,
        Meta: message.meta,
        Vsn: message.versions,
      })
    case 'user':
      return Buffer.concat([Uint8Array.of(TYPE.user), message.bytes])
  }
}

export function typed(type: number, fields: MsgpackRecord): Uint8Array {
  return Buffer.concat([Uint8Array.of(type), encodeMap(fields)])
}

function sourceFields(source: Source | undefined): MsgpackRecord {
  return source === undefined ? {} : { SourceAddr: source.address, SourcePort: source.port, SourceNode: source.name }
}

/** A message that is not made of others, without its type. Throws on one that is none, and on types that do not come so. */
export function decodeMessage(type: number, body: Uint8Array): Message {
  if (type === TYPE.user) return { type: 'user', bytes: new Uint8Array(body) }
  const map = () => new MsgpackReader(body).map()
  switch (type) {
    case TYPE.ping: {
      const fields = map()
      return { type: 'ping', sequence: numberField(fields, 'SeqNo'), node: nameField(fields, 'Node'), source: sourceOf(fields) }
    }
    case TYPE.indirectPing: {
      const fields = map()
      return {
        type: 'indirectPing',
        sequence: numberField(fields, 'SeqNo'),
        target: addressField(fields, 'Target'),
        port: numberField(fields, 'Port', PORT_MAX),
        node: nameField(fields, 'Node'),
        wantsNack: booleanField(fields, 'Nack'),
        source: sourceOf(fields),
      }
    }
    case TYPE.ack:
      return { type: 'ack', sequence: numberField(map(), 'SeqNo') }
    case TYPE.nack:
      return { type: 'nack', sequence: numberField(map(), 'SeqNo') }
    case TYPE.suspect:
    case TYPE.dead: {
      const fields = map()
      return {
        type: type === TYPE.suspect ? 'suspect' : 'dead',
        incarnation: numberField(fields, 'Incarnation'),
        node: nameField(fields, 'Node'),
        from: nameField(fields, 'From'),
      }
    }
    case TYPE.alive: {
      const fields = map()
      return { type: 'alive', node: nameField(fields, 'Node'), ...stateFields(fields) }
    }
    default:
      throw new Error(`found a message of type ${type}, which does not come so`)
  }
}

/** What an alive message says, and a push-pull, of a member. */
export function stateFields(fields: MsgpackMap): Pick<Alive, 'incarnation' | 'address' | 'port' | 'meta' | 'versions'> {
  const meta = bytesField(fields, 'Meta')
  if (meta.length > META_BYTES_MAX) throw new Error(`Meta: found ${meta.length} bytes, want ${META_BYTES_MAX} at most`)
  const versions = bytesField(fields, 'Vsn')
  if (versions.length !== 0 && versions.length !== 6) throw new Error(`Vsn: found ${versions.length} bytes, want 6`)
  return {
    incarnation: numberField(fields, 'Incarnation'),
    address: addressField(fields, 'Addr'),
    port: numberField(fields, 'Port', PORT_MAX),
    meta,
    versions,
  }
}

export function nameField(fields: MsgpackMap, field: string): string {
  const name = textField(fields, field)
  if (name.length > NAME_BYTES_MAX) throw new Error(`${field}: found ${name.length} characters, want ${NAME_BYTES_MAX} at most`)
  return name
}

function addressField(fields: MsgpackMap, field: string): Uint8Array {
  const address = bytesField(fields, field)
  if (address.length !== 4 && address.length !== 16) throw new Error(`${field}: found ${address.length} bytes, want an IP address`)
  return address
}

function sourceOf(fields: MsgpackMap): Source | undefined {
  const address = bytesField(fields, 'SourceAddr')
  const port = numberField(fields, 'SourcePort', PORT_MAX)
  if (port === 0 || (address.length !== 4 && address.length !== 16)) return undefined
  return { address, port, name: nameField(fields, 'SourceNode') }
}
