// What points of all kinds have. Source: opentelemetry-proto, metrics/v1.

import type { MessageShape } from '../wire-reader.ts'
import { KeyValues } from './attribute-value.ts'
import { BYTES, FIXED64, type MessageReader, VARINT } from './message-reader.ts'
import type { ByteRun, OtlpExemplar, PointAttributes } from './metrics-data.ts'
import { readAttribute } from './read-attributes.ts'

export const POINT: MessageShape = { name: 'DataPoint', fields: {} }
const EXEMPLAR: MessageShape = { name: 'Exemplar', fields: {} }

/** Flags of a point: there is no recorded value. */
const NO_RECORDED_VALUE = 1

/** The numbers of fields that each kind has its own for. */
export interface HeadFields {
  readonly attributes: number
  /** Undefined: points of the kind have none. */
  readonly exemplars: number | undefined
  readonly flags: number
}

/** Takes the fields that points of all kinds have. Hot: called once a field. */
export class PointHead {
  readonly #message: MessageReader
  readonly #fields: HeadFields
  readonly #end: number
  readonly #attributes: AttributesInBytes
  #flags = 0
  readonly exemplars: OtlpExemplar[] = []
  startTime = 0
  time = 0

  /** The point begins where the reader is. */
  constructor(message: MessageReader, end: number, fields: HeadFields) {
    this.#message = message
    this.#fields = fields
    this.#end = end
    this.#attributes = new AttributesInBytes(message, end, fields.attributes)
  }

  get attributes(): PointAttributes {
    return this.#attributes
  }

  get isStale(): boolean {
    return this.#flags % 2 === NO_RECORDED_VALUE
  }

  /** False: the field is none of these. */
  take(number: number, type: number): boolean {
    const message = this.#message
    if (type === BYTES && number === this.#fields.attributes) this.#attributes.stepOver()
    else if (type === FIXED64 && number === 2) this.startTime = message.milliseconds(this.#end)
    else if (type === FIXED64 && number === 3) this.time = message.milliseconds(this.#end)
    else if (type === BYTES && number === this.#fields.exemplars) this.exemplars.push(readExemplar(message, message.end()))
    else if (type === VARINT && number === this.#fields.flags) this.#flags = message.wire.varint(this.#end)
    else return false
    return true
  }
}

/** Attributes that are read when they are asked for. */
class AttributesInBytes implements PointAttributes {
  readonly #message: MessageReader
  /** Where the point stands that they are of. */
  readonly #pointStart: number
  readonly #pointEnd: number
  readonly #field: number
  #known: KeyValues | undefined
  #start = 0
  /** -1: there are none yet. */
  #end = -1
  /** There is something else between them. */
  #isBroken = false

  constructor(message: MessageReader, pointEnd: number, field: number) {
    this.#message = message
    this.#pointStart = message.wire.position
    this.#pointEnd = pointEnd
    this.#field = field
  }

  /** One of them is at hand. */
  stepOver(): void {
    const message = this.#message
    const start = message.fieldStart
    const end = message.end()
    message.wire.position = end
    if (this.#end < 0) this.#start = start
    else if (this.#end !== start) this.#isBroken = true
    this.#end = end
  }

  get bytes(): ByteRun | undefined {
    return this.#isBroken ? undefined : { view: this.#message.wire.view, start: this.#start, end: Math.max(this.#start, this.#end) }
  }

  all(): KeyValues {
    return (this.#known ??= this.#read())
  }

  #read(): KeyValues {
    const message = this.#message
    const attributes = new KeyValues()
    message.wire.position = this.#pointStart
    message.fields(this.#pointEnd, POINT, (number, type) => number === this.#field && type === BYTES && readAttribute(message, attributes))
    return attributes
  }
}

function readExemplar(message: MessageReader, end: number): OtlpExemplar {
  const attributes = new KeyValues()
  let time = 0
  let value: number | undefined
  let [traceId, spanId] = ['', '']
  message.fields(end, EXEMPLAR, (number, type) => {
    if (number === 7 && type === BYTES) return readAttribute(message, attributes)
    if (number === 2 && type === FIXED64) time = message.milliseconds(end)
    else if (number === 3 && type === FIXED64) value = message.double(end)
    else if (number === 6 && type === FIXED64) value = message.signed64(end)
    else if (number === 4 && type === BYTES) spanId = message.hex()
    else if (number === 5 && type === BYTES) traceId = message.hex()
    else return false
    return true
  })
  return { attributes, time, value, traceId, spanId }
}
