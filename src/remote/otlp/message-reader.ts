// Fields of OTLP's messages, one after the other. Source: protobuf's documentation, "Encoding".

import { isUtf8 } from 'node:buffer'
import { type MessageShape, WireReader } from '../wire-reader.ts'
import { NO_NUMBERS } from './metrics-data.ts'
import { MessageCount, millisecondsOf, RequestFault } from './request-fault.ts'

export const VARINT = 0
export const FIXED64 = 1
export const BYTES = 2

/** Reads messages out of the bytes of a request. What cannot be read throws RequestFault. */
export class MessageReader {
  readonly wire = new WireReader()
  readonly buffer: Buffer
  readonly #messages = new MessageCount()
  /** Where the key stands of the field that is taken. */
  fieldStart = 0

  constructor(bytes: Uint8Array) {
    this.wire.open(bytes)
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Calls back for each field up to `end`; one that is not taken is stepped over. */
  fields(end: number, shape: MessageShape, take: (number: number, type: number, end: number) => boolean): void {
    this.#messages.add()
    const reader = this.wire
    while (reader.position < end) {
      const fieldStart = reader.position
      const tag = reader.varint(end)
      this.fieldStart = fieldStart
      this.#check()
      if (!take(Math.floor(tag / 8), tag % 8, end)) reader.skip(tag, end, shape)
      this.#check()
      if (reader.position > end) throw new RequestFault('unexpected EOF')
    }
  }

  #check(): void {
    if (this.wire.fault !== undefined) throw new RequestFault(this.wire.fault)
  }

  /** Reads a length: where the message at hand ends. That is within what it lies in when all is read, since `fields` looks. */
  end(): number {
    const end = this.wire.fieldEnd(this.buffer.length)
    this.#check()
    return end
  }

  text(): string {
    const end = this.end()
    const start = this.wire.position
    this.wire.position = end
    const text = this.buffer.toString('utf8', start, end)
    if (text.includes('\ufffd') && !isUtf8(this.buffer.subarray(start, end))) throw new RequestFault('string field contains invalid UTF-8')
    return text
  }

  hex(): string {
    const end = this.end()
    const start = this.wire.position
    this.wire.position = end
    const text = this.buffer.toString('hex', start, end)
    return /^0*$/.test(text) ? '' : text
  }

  double(end: number): number {
    return this.wire.double(end)
  }

  milliseconds(end: number): number {
    const at = this.#fixed64(end)
    return millisecondsOf(this.wire.view.getUint32(at + 4, true), this.wire.view.getUint32(at, true))
  }

  unsigned64(end: number): number {
    const at = this.#fixed64(end)
    return this.wire.view.getUint32(at + 4, true) * 2 ** 32 + this.wire.view.getUint32(at, true)
  }

  signed64(end: number): number {
    const at = this.#fixed64(end)
    return this.wire.view.getInt32(at + 4, true) * 2 ** 32 + this.wire.view.getUint32(at, true)
  }

  /** Steps over 64 bits; where they begin. */
  #fixed64(end: number): number {
    const reader = this.wire
    const at = reader.position
    if (at + 8 > end) throw new RequestFault('unexpected EOF')
    reader.position = at + 8
    return at
  }

  /** More of a repeated number: a packed run, or a single one. False when the wire type is another. */
  numbers(type: number, single: number, end: number, into: NumberList, read: (end: number) => number): boolean {
    if (type === single) {
      into.push(read(end))
      return true
    }
    if (type !== BYTES) return false
    const runEnd = this.end()
    if (runEnd > end) throw new RequestFault('unexpected EOF')
    if (single === FIXED64) into.reserve((runEnd - this.wire.position) >> 3)
    while (this.wire.position < runEnd) {
      into.push(read(runEnd))
      this.#check()
    }
    return true
  }

  /** With all its digits. */
  int64(end: number): number | bigint {
    const start = this.wire.position
    const near = this.wire.int64(end)
    if (Number.isSafeInteger(near) || this.wire.fault !== undefined) return near
    let exact = 0n
    for (let at = start, shift = 0n; at < this.wire.position; at++, shift += 7n) exact |= BigInt(this.buffer[at] & 0x7f) << shift
    return BigInt.asIntN(64, exact)
  }
}

/** Numbers of a repeated field as they come. */
export class NumberList {
  #numbers = NO_NUMBERS
  #length = 0

  push(value: number): void {
    if (this.#length === this.#numbers.length) this.#grow(Math.max(8, this.#length * 2))
    this.#numbers[this.#length++] = value
  }

  /** So many more come. Others may follow them: a field of many short runs is not copied once a run. */
  reserve(count: number): void {
    const size = this.#length + count
    if (size > this.#numbers.length) this.#grow(Math.max(size, this.#length * 2))
  }

  #grow(size: number): void {
    const grown = new Float64Array(size)
    grown.set(this.#numbers)
    this.#numbers = grown
  }

  take(): Float64Array {
    return this.#numbers.subarray(0, this.#length)
  }
}
