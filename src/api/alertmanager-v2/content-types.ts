import { errorMessage } from '../../base/errors.ts'
import type { RouteRequest } from '../../base/http-routes.ts'
import { type MediaType, parseMediaType } from '../../base/media-type.ts'
import { RequestError } from './answers.ts'

// What kinds of bodies are read and made: JSON alone. Source: go-openapi/runtime middleware, what Alertmanager 0.33 answers.

/** Throws a RequestError where a body is of another kind, or the answer to a request without one must be of another. */
export function checkContentTypes({ headers, body }: RouteRequest): void {
  if (body.length > 0) checkBody(headers['content-type'] || 'application/octet-stream')
  // To who sends JSON, upstream answers with JSON.
  else if (headers.accept !== undefined && !takesJson(headers.accept))
    throw new RequestError(406, 406, 'unsupported media type requested, only [application/json] are available')
}

function checkBody(given: string): void {
  const type = typeOfBody(given)
  if (type === 'application/json') return
  // It is one that upstream would take, but then it knows nobody who reads it.
  if (meansJson(type)) throw new RequestError(500, 500, `no consumer registered for ${type}`)
  throw new RequestError(415, 415, `unsupported media type ${JSON.stringify(type)}, only [application/json] are allowed`)
}

function typeOfBody(given: string): string {
  const wrong = (text: string, why: string) =>
    new RequestError(400, 400, `parsing Content-Type header from ${JSON.stringify(text)} failed, because ${why}`)
  let type: string
  try {
    type = parseMediaType(given).type
  } catch (error) {
    throw wrong(given, errorMessage(error))
  }
  if (!type.includes('/')) throw wrong(type, `mediatype: malformed: ${JSON.stringify(type)} has no subtype`)
  return type
}

/** What cannot be read is passed over. */
function takesJson(accept: string): boolean {
  return partsOf(accept).some((part) => {
    let range: MediaType
    try {
      range = parseMediaType(part)
    } catch {
      return false
    }
    const weight = Number(range.parameters.get('q'))
    return meansJson(range.type) && (Number.isNaN(weight) || weight > 0)
  })
}

/** Split at commas, but for those within quotes. */
function partsOf(text: string): readonly string[] {
  return text.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? []
}

/** `*` for the type takes any subtype. */
function meansJson(range: string): boolean {
  const [type, subtype] = range.split('/')
  if (subtype === undefined) return false
  return type === '*' || (type === 'application' && (subtype === '*' || subtype === 'json'))
}
