import type { ByteReader, ByteWriter } from './byte-writer.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Strings of the record being written that come again: the second time they are a number. Format: docs/formats/wal.md, type 1. */
export class TextDictionary {
  readonly #numbers = new Map<string, number>()
  #count = 0

  clear(): void {
    this.#numbers.clear()
    this.#count = 0
  }

  /** `isRecurring`: worth remembering. */
  write(writer: ByteWriter, text: string, isRecurring: boolean): void {
    const known = this.#numbers.get(text)
    writer.reserve(16 + 3 * text.length)
    if (known !== undefined) {
      writer.varint(known)
      return
    }
    writer.byte(0)
    const bytes = text.length < SHORT ? encodeShort(text) : encoder.encode(text)
    writer.varint(bytes.length)
    writer.bytes.set(bytes, writer.length)
    writer.length += bytes.length
    this.#count++
    if (isRecurring) this.#numbers.set(text, this.#count)
  }
}

const SHORT = 128
const scratch = new Uint8Array(3 * SHORT)

function encodeShort(text: string): Uint8Array {
  return scratch.subarray(0, encoder.encodeInto(text, scratch).written)
}

/** Reads a string of a record; `strings` has those of the record so far. */
export function readString(reader: ByteReader, strings: string[]): string {
  const number = reader.varint()
  if (number > 0) {
    if (number > strings.length) throw new RangeError(`string ${number} of ${strings.length}`)
    return strings[number - 1]
  }
  const length = reader.varint()
  if (reader.at + length > reader.end) throw new RangeError('a string ends after its record')
  const text = decoder.decode(reader.bytes.subarray(reader.at, reader.at + length))
  reader.at += length
  strings.push(text)
  return text
}
