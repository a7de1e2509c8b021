// What members carry for the states above, in protocol buffers. Source: Alertmanager cluster/clusterpb/cluster.proto.

export interface StatePart {
  readonly key: string
  readonly data: Uint8Array
}

/** A message between members over TLS. */
export interface TlsMessage {
  readonly version: string
  readonly kind: 'stream' | 'packet'
  readonly from: string
  readonly message: Uint8Array
}

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5
const utf8 = new TextEncoder()
const text = new TextDecoder()

export function encodePart({ key, data }: StatePart): Uint8Array {
  return Buffer.concat([bytesField(1, utf8.encode(key)), bytesField(2, data)])
}

export function encodeFullState(parts: readonly StatePart[]): Uint8Array {
  return Buffer.concat(parts.map((part) => bytesField(1, encodePart(part))))
}

export function encodeTlsMessage({ version, kind, from, message }: TlsMessage): Uint8Array {
  const kindField = kind === 'packet' ? Uint8Array.of((2 << 3) | VARINT, 1) : new Uint8Array(0)
  return Buffer.concat([bytesField(1, utf8.encode(version)), kindField, bytesField(3, utf8.encode(from)), bytesField(4, message)])
}

/** Throws on what is none. */
export function decodePart(bytes: Uint8Array): StatePart {
  let part: StatePart = { key: '', data: new Uint8Array(0) }
  for (const { field, value } of fields(bytes)) {
    if (field === 1 && typeof value !== 'number') part = { ...part, key: text.decode(value) }
    else if (field === 2 && typeof value !== 'number') part = { ...part, data: new Uint8Array(value) }
  }
  return part
}

export function decodeFullState(bytes: Uint8Array): StatePart[] {
  const parts: StatePart[] = []
  for (const { field, value } of fields(bytes)) if (field === 1 && typeof value !== 'number') parts.push(decodePart(value))
  return parts
}

export function decodeTlsMessage(bytes: Uint8Array): TlsMessage {
  let message: TlsMessage = { version: '', kind: 'stream', from: '', message: new Uint8Array(0) }
  for (const { field, value } of fields(bytes)) {
    if (field === 2 && typeof value === 'number') message = { ...message, kind: value === 1 ? 'packet' : 'stream' }
    else if (typeof value === 'number') continue
    else if (field === 1) message = { ...message, version: text.decode(value) }
    else if (field === 3) message = { ...message, from: text.decode(value) }
    else if (field === 4) message = { ...message, message: new Uint8Array(value) }
  }
  return message
}

/** Left out when it is empty, as protocol buffers do. */
function bytesField(field: number, bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0 && field !== 1) return new Uint8Array(0)
  const head: number[] = [(field << 3) | BYTES]
  for (let rest = bytes.length; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) {
      head.push(rest)
      break
    }
    head.push((rest & 127) | 128)
  }
  return Buffer.concat([Uint8Array.from(head), bytes])
}

interface Field {
  readonly field: number
  readonly value: number | Uint8Array
}

function* fields(bytes: Uint8Array): Generator<Field> {
  let at = 0
  const varint = () => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      if (at >= bytes.length) throw new Error('protocol buffer ends in a number')
      if (scale > 2 ** 63) throw new Error('protocol buffer has a number of more than ten bytes')
      const byte = bytes[at++]
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  const take = (length: number) => {
    if (at + length > bytes.length) throw new Error(`protocol buffer ends ${at + length - bytes.length} bytes too soon`)
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const tag = varint()
    const [field, wire] = [Math.floor(tag / 8), tag % 8]
    if (wire === VARINT) yield { field, value: varint() }
    else if (wire === BYTES) yield { field, value: take(varint()) }
    else if (wire === FIXED64) take(8)
    else if (wire === FIXED32) take(4)
    else throw new Error(`protocol buffer has wire type ${wire}`)
  }
}
