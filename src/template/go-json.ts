import { formatGeneral } from '../model/go-float.ts'

/**
 * JSON as Go's encoder writes it: whole numbers as they are, <, > and & escaped. A Map is an object whose names may be any; what is
 * undefined in an object is left out. Source: Go encoding/json, encode.go.
 */
export function goJson(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  switch (typeof value) {
    case 'bigint':
      return value.toString()
    case 'number': {
      if (!Number.isFinite(value)) throw new Error(`json: unsupported value: ${formatGeneral(value)}`)
      return jsonNumber(value)
    }
    case 'string':
      return goJsonText(value)
    case 'boolean':
      return String(value)
    default:
      if (Array.isArray(value)) return `[${value.map(goJson).join(',')}]`
      return `{${[...(value instanceof Map ? (value as ReadonlyMap<string, unknown>) : Object.entries(value))]
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => `${goJson(key)}:${goJson(item)}`)
        .join(',')}}`
  }
}

/** What stands in JSON as it is. */
const PLAIN = /^[ !#-%'-;=?-[\]-~]*$/

export function goJsonText(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`
  return JSON.stringify(text.toWellFormed()).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Exponents below 1e-6 and from 1e21 on, with the digits of an exponent that Go gives them. */
function jsonNumber(value: number): string {
  if (Object.is(value, -0)) return '-0'
  return String(value)
}
