import { CodedError } from './errors.ts'

// Reads protobuf messages field by field: for messages that are few. Source of the encoding: protobuf.dev/programming-guides/encoding.

/** One field as it stands in a message. */
export interface MessageField {
  readonly number: number
  /** Of numbers: an unsigned 64-bit integer. Floats: their bits. 0 where the field has bytes. */
  readonly integer: bigint
  /** Of texts, messages and packed numbers; not a copy. Empty where the field is a number. */
  readonly bytes: Uint8Array
}

const NONE = new Uint8Array(0)
const VARINT_BYTES_MAX = 10

/** The fields of a message in the order in which they stand. Throws `bad_data` on what is no message. */
export function* messageFields(bytes: Uint8Array): Generator<MessageField> {
  const at = { position: 0 }
  while (at.position < bytes.length) {
    const tag = Number(readVarint(bytes, at))
    const number = Math.floor(tag / 8)
    if (number === 0) throw new CodedError('bad_data', 'found a field with number 0')
    switch (tag % 8) {
      case 0:
        yield { number, integer: readVarint(bytes, at), bytes: NONE }
        break
      case 1:
        yield { number, integer: readFixed(bytes, at, 8), bytes: NONE }
        break
      case 2:
        yield { number, integer: 0n, bytes: readBytes(bytes, at) }
        break
      case 5:
        yield { number, integer: readFixed(bytes, at, 4), bytes: NONE }
        break
      default:
        throw new CodedError('bad_data', `found wire type ${tag % 8} in field ${number}, want 0, 1, 2 or 5`)
    }
  }
}

/** Messages that each stand behind their length. Throws `bad_data` where one is cut off. */
export function* delimitedMessages(bytes: Uint8Array): Generator<Uint8Array> {
  const at = { position: 0 }
  while (at.position < bytes.length) yield readBytes(bytes, at)
}

/** Numbers that stand one after the other in one field. */
export function* packedIntegers(bytes: Uint8Array): Generator<bigint> {
  const at = { position: 0 }
  while (at.position < bytes.length) yield readVarint(bytes, at)
}

/** Text of a field; bytes that are no UTF-8 become U+FFFD. */
export function fieldText({ bytes }: MessageField): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}

interface Place {
  position: number
}

function readBytes(bytes: Uint8Array, at: Place): Uint8Array {
  const length = Number(readVarint(bytes, at))
  const end = at.position + length
  if (end > bytes.length) throw new CodedError('bad_data', `found ${bytes.length - at.position} bytes of a field, want ${length}`)
  const field = bytes.subarray(at.position, end)
  at.position = end
  return field
}

function readFixed(bytes: Uint8Array, at: Place, length: number): bigint {
  if (at.position + length > bytes.length) throw new CodedError('bad_data', 'found the end of the message within a number')
  let value = 0n
  for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[at.position + i])
  at.position += length
  return value
}

function readVarint(bytes: Uint8Array, at: Place): bigint {
  let value = 0n
  for (let i = 0; i < VARINT_BYTES_MAX; i++) {
    if (at.position >= bytes.length) throw new CodedError('bad_data', 'found the end of the message within a number')
    const byte = bytes[at.position++]
    value |= BigInt(byte & 0x7f) << BigInt(7 * i)
    if (byte < 0x80) return BigInt.asUintN(64, value)
  }
  throw new CodedError('bad_data', `found a number of more than ${VARINT_BYTES_MAX} bytes`)
}
