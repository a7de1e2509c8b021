import { GoDuration } from './duration-value.ts'
import { formatGoTime } from './time-layout.ts'
import { GoTime } from './time-value.ts'
import { GoList, GoMap, GoObject, GoSafeText, type Value } from './value.ts'

/** An object that knows what JSON it is, as Alertmanager's data do. */
interface JsonObject {
  toJson(): unknown
}

/** A value as `goJson` takes it. */
export function jsonOf(value: Value): unknown {
  if (value === undefined) return null
  if (!(value instanceof GoObject)) return value
  if ('toJson' in value) return (value as unknown as JsonObject).toJson()
  if (value instanceof GoList) return value.items.map(jsonOf)
  if (value instanceof GoMap) return new Map(value.sortedKeys().map((key) => [key, jsonOf(value.entries.get(key))]))
  if (value instanceof GoSafeText) return value.text
  if (value instanceof GoTime) return formatGoTime(value, '2006-01-02T15:04:05.999999999Z07:00')
  if (value instanceof GoDuration) return value.value
  return value.print(false)
}
