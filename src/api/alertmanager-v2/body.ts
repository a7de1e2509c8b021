import { errorMessage } from '../../base/errors.ts'
import { quote } from '../../base/go-quote.ts'
import type { RouteRequest } from '../../base/http-routes.ts'
import { parseRfc3339 } from '../../base/rfc3339.ts'
import { compareStrings, Labels } from '../../model/labels.ts'
import { INVALID_TYPE, REQUIRED, RequestError } from './answers.ts'
import { endOfFirstValue } from './go-json.ts'

// Reads bodies as the API's description wants them, with upstream's words for what is wrong. Source: Alertmanager api/v2/openapi.yaml; go-openapi.

export type Json = Readonly<Record<string, unknown>>

/** The body as JSON. `what`: the parameter that it is. */
export function jsonBody(request: RouteRequest, what: string): unknown {
  const text = jsonBytes(request, what).toString('utf8')
  try {
    return JSON.parse(text)
  } catch {
    return firstValue(text, what)
  }
}

function firstValue(text: string, what: string): unknown {
  if (/^[ \n\t\r]*$/.test(text)) throw required(what)
  try {
    return JSON.parse(text.slice(0, endOfFirstValue(text)))
  } catch (error) {
    throw parsing(what, errorMessage(error))
  }
}

/** How much is parsed at once of a list: what it makes is gone before the next part is, and does not grow old. */
const PIECE_BYTES = 32 * 1024

/**
 * What `take` makes of the items of a list, which is parsed piece by piece; undefined: it is no such list, or `take` threw. Who asks finds out
 * what is wrong with it from the whole.
 */
export function jsonItems<T>(request: RouteRequest, what: string, take: (item: unknown, index: number) => T): readonly T[] | undefined {
  const bytes = jsonBytes(request, what)
  if (bytes[0] !== OPEN_BRACKET) return undefined
  const taken: T[] = []
  const takeAll = (json: string) => {
    const items = JSON.parse(json) as readonly unknown[]
    for (let i = 0; i < items.length; i++) taken.push(take(items[i], taken.length))
  }
  try {
    let from = 1
    while (bytes.length - from > PIECE_BYTES) {
      // Within a text, or deeper, it is no end of an item: then the piece is no JSON. Where all pieces are, so is the whole, of the same items.
      const end = bytes.indexOf('},{', from + PIECE_BYTES) + 1
      if (end === 0) break
      takeAll(`[${bytes.toString('utf8', from, end)}]`)
      from = end + 1
    }
    takeAll(`[${bytes.toString('utf8', from)}`)
    return taken
  } catch {
    return undefined
  }
}

const OPEN_BRACKET = 0x5b

function jsonBytes({ body }: RouteRequest, what: string): Buffer {
  if (body.length === 0) throw required(what)
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
}

/** Bytes that are no such JSON. */
export function parsing(what: string, reason: string): RequestError {
  return new RequestError(400, 400, `parsing ${what} body from "" failed, because ${reason}`)
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A text, or undefined where there is none. `struct`: of upstream's program that the field is in, as its messages have it. */
export function textField(object: Json, name: string, what: string, struct = ''): string | undefined {
  const value = object[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  throw notUnmarshalled(what, value, `Go struct field ${struct}.${name} of type string`)
}

/** A text of a type that reads itself, which knows no name of its field. */
export function ownTextField(object: Json, name: string, what: string): string | undefined {
  const value = object[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  throw notUnmarshalled(what, value, 'Go value of type string')
}

export function booleanField(object: Json, name: string, what: string, struct: string): boolean | undefined {
  const value = object[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'boolean') return value
  throw notUnmarshalled(what, value, `Go struct field ${struct}.${name} of type bool`)
}

/** A value of another kind than wanted. `into`: what for, as Go says it. */
export function notUnmarshalled(what: string, value: unknown, into: string): RequestError {
  return parsing(what, `json: cannot unmarshal ${kindOf(value)} into ${into}`)
}

/** Unix ms; undefined where there is none, or Go's zero time. */
export function timeField(object: Json, name: string, what: string): number | undefined {
  const text = ownTextField(object, name, what)
  if (text === undefined || text === '' || text.startsWith('0001-01-01T00:00:00')) return undefined
  const time = parseRfc3339(text) ?? parseRfc3339(`${text}T00:00:00Z`) ?? parseRfc3339(`${text}Z`)
  if (time !== undefined) return time
  const quoted = JSON.stringify(text)
  throw parsing(what, `parsing time ${quoted} as "2006-01-02": cannot parse ${quoted} as "2006"`)
}

/** Names and values; a value that is null is empty, as Go reads it. `field`: with the struct that it is in. */
export function textMap(value: unknown, field: string, what: string): Readonly<Record<string, string>> | undefined {
  if (value === undefined || value === null) return undefined
  if (!isObject(value)) throw notUnmarshalled(what, value, `Go struct field ${field} of type models.LabelSet`)
  const texts: Record<string, string> = Object.create(null)
  for (const [key, text] of Object.entries(value)) {
    if (text !== null && typeof text !== 'string') throw notUnmarshalled(what, text, `Go struct field ${field}.${key} of type string`)
    texts[key] = text ?? ''
  }
  return texts
}

/** The same without those that are empty. Hot: of every alert that is sent again and again. */
export function labelSet(value: unknown, field: string, what: string): Labels | undefined {
  if (value === undefined || value === null) return undefined
  const texts = isObject(value) ? value : textMap(value, field, what)!
  const names = Object.keys(texts)
  for (let i = 0; i < names.length; i++) {
    // Which finds the words for what is wrong with it.
    if (typeof texts[names[i]] !== 'string' && texts[names[i]] !== null) textMap(value, field, what)
  }
  const pairs: string[] = []
  sortNames(names)
  for (let i = 0; i < names.length; i++) {
    const text = texts[names[i]]
    if (typeof text === 'string' && text !== '') pairs.push(names[i], text)
  }
  return Labels.fromSortedPairs(pairs)
}

/** Sorts in place. There are few, mostly sorted: the engine's own sort makes copies. */
function sortNames(names: string[]): void {
  if (names.length > NAMES_FEW) {
    names.sort(compareStrings)
    return
  }
  for (let i = 1; i < names.length; i++) {
    const name = names[i]
    let to = i
    for (; to > 0 && compareStrings(names[to - 1], name) > 0; to--) names[to] = names[to - 1]
    names[to] = name
  }
}

const NAMES_FEW = 32

export function required(place: string): RequestError {
  return new RequestError(422, REQUIRED, `${place} in body is required`)
}

export function notOfType(place: string, where: string, type: string, found: string): RequestError {
  return new RequestError(422, INVALID_TYPE, `${place} in ${where} must be of type ${type}: ${quote(found)}`)
}

/** As Go calls what JSON has. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}
