// The part of msgpack that members of a cluster speak: maps of texts to numbers, texts, bytes and booleans. docs/protocols/memberlist.md.

/** What a value may be that comes from outside; maps are flat there, and deeper ones are read to be passed over. */
export type MsgpackValue = null | boolean | number | Uint8Array | readonly MsgpackValue[] | MsgpackMap
export type MsgpackMap = ReadonlyMap<string, MsgpackValue>

/** What we write. */
export type MsgpackRecord = Readonly<Record<string, number | boolean | string | Uint8Array | undefined>>

const DEPTH_MAX = 8
const utf8 = new TextEncoder()
const text = new TextDecoder()

/** A map; fields that are undefined are left out. Numbers are whole and not negative. */
export function encodeMap(fields: MsgpackRecord): Uint8Array {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  const parts: Uint8Array[] = [Uint8Array.of(0x80 | entries.length)]
  for (const [name, value] of entries) {
    pushRaw(parts, utf8.encode(name))
    if (typeof value === 'number') parts.push(number(value))
    else if (typeof value === 'boolean') parts.push(Uint8Array.of(value ? 0xc3 : 0xc2))
    else pushRaw(parts, typeof value === 'string' ? utf8.encode(value) : value!)
  }
  return Buffer.concat(parts)
}

function pushRaw(parts: Uint8Array[], bytes: Uint8Array): void {
  const head = Buffer.alloc(5)
  if (bytes.length < 32) parts.push(Uint8Array.of(0xa0 | bytes.length))
  else if (bytes.length < 0x10000) {
    head[0] = 0xda
    head.writeUInt16BE(bytes.length, 1)
    parts.push(head.subarray(0, 3))
  } else {
    head[0] = 0xdb
    head.writeUInt32BE(bytes.length, 1)
    parts.push(head)
  }
  parts.push(bytes)
}

function number(value: number): Uint8Array {
  if (value < 0x80) return Uint8Array.of(value)
  if (value < 0x100) return Uint8Array.of(0xcc, value)
  const out = Buffer.alloc(5)
  if (value < 0x10000) {
    out[0] = 0xcd
    out.writeUInt16BE(value, 1)
    return out.subarray(0, 3)
  }
  out[0] = 0xce
  out.writeUInt32BE(value, 1)
  return out
}

/** More bytes are needed than there are. Of a datagram that is a fault; on a connection they may still come. */
export class TruncatedError extends Error {
  /** There must be so many at least. */
  readonly neededBytes: number

  constructor(message: string, neededBytes: number) {
    super(message)
    this.neededBytes = neededBytes
  }
}

/** Reads values one after the other. Throws on what is no msgpack, `TruncatedError` where it ends too soon. */
export class MsgpackReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  position: number

  constructor(bytes: Uint8Array, position = 0) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.position = position
  }

  map(): MsgpackMap {
    const value = this.value()
    if (!(value instanceof Map)) throw new Error('msgpack: found no map')
    return value
  }

  value(depth = 0): MsgpackValue {
    if (depth > DEPTH_MAX) throw new Error(`msgpack: values are more than ${DEPTH_MAX} deep`)
    const head = this.#integer(1)
    if (head < 0x80) return head
    if (head < 0x90) return this.#map(head & 15, depth)
    if (head < 0xa0) return this.#array(head & 15, depth)
    if (head < 0xc0) return this.#raw(head & 31)
    if (head >= 0xe0) return head - 256
    switch (head) {
      case 0xc0:
        return null
      case 0xc2:
      case 0xc3:
        return head === 0xc3
      case 0xc4:
      case 0xd9:
        return this.#raw(this.#integer(1))
      case 0xc5:
      case 0xda:
        return this.#raw(this.#integer(2))
      case 0xc6:
      case 0xdb:
        return this.#raw(this.#integer(4))
      case 0xca:
        return this.#view.getFloat32(this.#take(4))
      case 0xcb:
        return this.#view.getFloat64(this.#take(8))
      case 0xcc:
        return this.#integer(1)
      case 0xcd:
        return this.#integer(2)
      case 0xce:
        return this.#integer(4)
      case 0xcf:
        return Number(this.#view.getBigUint64(this.#take(8)))
      case 0xd0:
        return this.#view.getInt8(this.#take(1))
      case 0xd1:
        return this.#view.getInt16(this.#take(2))
      case 0xd2:
        return this.#view.getInt32(this.#take(4))
      case 0xd3:
        return Number(this.#view.getBigInt64(this.#take(8)))
      case 0xdc:
        return this.#array(this.#integer(2), depth)
      case 0xdd:
        return this.#array(this.#integer(4), depth)
      case 0xde:
        return this.#map(this.#integer(2), depth)
      case 0xdf:
        return this.#map(this.#integer(4), depth)
      default:
        throw new Error(`msgpack: type 0x${head.toString(16)} is not used here`)
    }
  }

  /** Bytes as they lie there, not copied. */
  raw(length: number): Uint8Array {
    return this.#raw(length)
  }

  #raw(length: number): Uint8Array {
    const start = this.#take(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** An element has a byte at least: a count beyond that is found out before anything is allocated for it. */
  #array(count: number, depth: number): readonly MsgpackValue[] {
    this.#need(count)
    const values: MsgpackValue[] = []
    for (let i = 0; i < count; i++) values.push(this.value(depth + 1))
    return values
  }

  #map(count: number, depth: number): MsgpackMap {
    this.#need(count * 2)
    const map = new Map<string, MsgpackValue>()
    for (let i = 0; i < count; i++) {
      const key = this.value(depth + 1)
      map.set(key instanceof Uint8Array ? text.decode(key) : String(key), this.value(depth + 1))
    }
    return map
  }

  #integer(byteCount: 1 | 2 | 4): number {
    const at = this.#take(byteCount)
    return byteCount === 1 ? this.#bytes[at] : byteCount === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at)
  }

  #take(length: number): number {
    this.#need(length)
    const start = this.position
    this.position += length
    return start
  }

  #need(length: number): void {
    const end = this.position + length
    if (end > this.#bytes.length) throw new TruncatedError('msgpack: ends in the middle of a value', end)
  }
}

/** A whole number from 0 to `max`; one that is absent or nil is 0. */
export function numberField(map: MsgpackMap, name: string, max = 0xffffffff): number {
  const value = map.get(name) ?? 0
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max)
    throw new Error(`${name}: found ${typeof value === 'number' ? value : 'no number'}, want a number up to ${max}`)
  return value
}

/** A copy of the bytes, so that it does not hold what it came with. */
export function bytesField(map: MsgpackMap, name: string): Uint8Array {
  const value = map.get(name) ?? null
  if (value === null) return new Uint8Array(0)
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (Array.isArray(value) && value.every((one) => typeof one === 'number' && one >= 0 && one < 256))
    return Uint8Array.from(value as number[])
  throw new Error(`${name}: found no bytes`)
}

export function textField(map: MsgpackMap, name: string): string {
  return text.decode(bytesField(map, name))
}

export function booleanField(map: MsgpackMap, name: string): boolean {
  return map.get(name) === true
}
