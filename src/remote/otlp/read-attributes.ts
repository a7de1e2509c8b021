// Attributes of resources, scopes, points and exemplars. Source: opentelemetry-proto, common/v1.

import type { MessageShape } from '../wire-reader.ts'
import { type AttributeValue, KeyValues } from './attribute-value.ts'
import { BYTES, FIXED64, type MessageReader, VARINT } from './message-reader.ts'
import { RequestFault, VALUE_DEPTH_MAX } from './request-fault.ts'

const KEY_VALUE: MessageShape = { name: 'KeyValue', fields: {} }
const VALUE: MessageShape = { name: 'AnyValue', fields: {} }

/** All of a message that has them in its first field. */
export function readAttributes(message: MessageReader, end: number, shape: MessageShape): KeyValues {
  const attributes = new KeyValues()
  message.fields(end, shape, (number, type) => number === 1 && type === BYTES && readAttribute(message, attributes))
  return attributes
}

/** Reads one more. Always true. */
export function readAttribute(message: MessageReader, into: KeyValues, depth = 0): boolean {
  let key = ''
  let value: AttributeValue
  message.fields(message.end(), KEY_VALUE, (number, type) => {
    if (type !== BYTES) return false
    if (number === 1) key = message.text()
    else if (number === 2) value = readValue(message, message.end(), depth)
    else return false
    return true
  })
  into.push(key, value)
  return true
}

function readValue(message: MessageReader, end: number, depth: number): AttributeValue {
  if (depth > VALUE_DEPTH_MAX) throw new RequestFault(`attribute nests deeper than ${VALUE_DEPTH_MAX}`)
  let value: AttributeValue
  message.fields(end, VALUE, (number, type) => {
    if (number === 1 && type === BYTES) value = message.text()
    else if (number === 2 && type === VARINT) value = message.wire.varint(end) !== 0
    else if (number === 3 && type === VARINT) value = message.int64(end)
    else if (number === 4 && type === FIXED64) value = message.double(end)
    else if (number === 5 && type === BYTES) value = readArray(message, message.end(), depth)
    else if (number === 6 && type === BYTES) {
      const map = new KeyValues()
      message.fields(
        message.end(),
        VALUE,
        (field, fieldType) => field === 1 && fieldType === BYTES && readAttribute(message, map, depth + 1),
      )
      value = map
    } else if (number === 7 && type === BYTES) {
      const bytesEnd = message.end()
      value = message.buffer.subarray(message.wire.position, bytesEnd)
      message.wire.position = bytesEnd
    } else return false
    return true
  })
  return value
}

function readArray(message: MessageReader, end: number, depth: number): readonly AttributeValue[] {
  const items: AttributeValue[] = []
  message.fields(end, VALUE, (number, type) => {
    if (number !== 1 || type !== BYTES) return false
    items.push(readValue(message, message.end(), depth + 1))
    return true
  })
  return items
}
