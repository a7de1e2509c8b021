// Fields of OTLP's messages in their JSON form. Source: the OTLP specification, "JSON Protobuf Encoding"; OpenTelemetry collector
// pdata/pmetric/json.go.

import { type MessageCount, millisecondsOf, RequestFault } from './request-fault.ts'

const FLOATS: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity }

/** One JSON object, read as a message. */
export class JsonMessage {
  readonly messages: MessageCount
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #name: string

  constructor(messages: MessageCount, fields: Readonly<Record<string, unknown>>, name: string) {
    messages.add()
    this.messages = messages
    this.#fields = fields
    this.#name = name
  }

  /** Undefined for null, too. */
  get(name: string): unknown {
    const value = Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined
    if (value !== undefined) return value ?? undefined
    const other = snakeCase(name)
    return other !== name && Object.hasOwn(this.#fields, other) ? (this.#fields[other] ?? undefined) : undefined
  }

  one(name: string): JsonMessage | undefined {
    const value = this.get(name)
    return value === undefined ? undefined : messageOf(this.messages, value, name)
  }

  all(name: string): readonly JsonMessage[] {
    const value = this.get(name)
    if (value === undefined) return []
    if (!Array.isArray(value)) throw this.#fault(name, 'a list')
    return value.map((item) => messageOf(this.messages, item, name))
  }

  text(name: string): string {
    const value = this.get(name)
    if (value === undefined) return ''
    if (typeof value !== 'string') throw this.#fault(name, 'a text')
    return value
  }

  boolean(name: string): boolean {
    const value = this.get(name)
    if (value === undefined) return false
    if (typeof value !== 'boolean') throw this.#fault(name, 'true or false')
    return value
  }

  double(name: string): number | undefined {
    const value = this.get(name)
    return value === undefined ? undefined : this.#double(value, name)
  }

  integer(name: string): number {
    const value = this.get(name)
    return value === undefined ? 0 : this.#integer(value, name)
  }

  /** With all its digits. */
  exactInteger(name: string): number | bigint {
    const near = this.integer(name)
    const value = this.get(name)
    return Number.isSafeInteger(near) || typeof value !== 'string' ? near : BigInt.asIntN(64, BigInt(value))
  }

  /** A number, or the name of one. */
  choice(name: string, names: Readonly<Record<string, number>>): number {
    const value = this.get(name)
    if (typeof value === 'string' && Object.hasOwn(names, value)) return names[value]
    return this.integer(name)
  }

  milliseconds(name: string): number {
    const value = this.get(name)
    if (value === undefined) return 0
    this.#integer(value, name)
    const nanoseconds = BigInt.asUintN(64, BigInt(value as string | number))
    return millisecondsOf(Number(nanoseconds >> 32n), Number(nanoseconds & 0xffffffffn))
  }

  doubles(name: string): Float64Array {
    return this.#numbers(name, (value) => this.#double(value, name))
  }

  integers(name: string): Float64Array {
    return this.#numbers(name, (value) => this.#integer(value, name))
  }

  /** Hexadecimal digits; empty where all are 0. */
  id(name: string): string {
    const text = this.text(name).toLowerCase()
    if (!/^[0-9a-f]*$/.test(text)) throw this.#fault(name, 'hexadecimal digits')
    return /^0*$/.test(text) ? '' : text
  }

  #numbers(name: string, read: (value: unknown) => number): Float64Array {
    const value = this.get(name)
    if (value === undefined) return new Float64Array(0)
    if (!Array.isArray(value)) throw this.#fault(name, 'a list')
    return Float64Array.from(value, read)
  }

  #double(value: unknown, name: string): number {
    if (typeof value === 'number') return value
    if (typeof value !== 'string' || value.trim() === '') throw this.#fault(name, 'a number')
    const number = Object.hasOwn(FLOATS, value) ? FLOATS[value] : Number(value)
    if (Number.isNaN(number) && value !== 'NaN') throw this.#fault(name, 'a number')
    return number
  }

  #integer(value: unknown, name: string): number {
    const number = typeof value === 'number' ? value : typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? Number(value) : NaN
    if (!Number.isInteger(number) || Math.abs(number) > 2 ** 64) throw this.#fault(name, 'an integer')
    return number
  }

  #fault(name: string, want: string): RequestFault {
    return new RequestFault(`${this.#name}.${name} is not ${want}`)
  }
}

/** Throws RequestFault where the value is no object. */
export function messageOf(messages: MessageCount, value: unknown, name: string): JsonMessage {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new RequestFault(`${name} is not an object`)
  return new JsonMessage(messages, value as Readonly<Record<string, unknown>>, name)
}

const snakeNames = new Map<string, string>()

/** The names are those that this file asks for: a few dozen. */
function snakeCase(name: string): string {
  let snake = snakeNames.get(name)
  if (snake === undefined) {
    snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    snakeNames.set(name, snake)
  }
  return snake
}
