import type { Answer } from '../../base/http-answer.ts'
import { NO_BODY } from '../../base/http-answer.ts'

const JSON_HEADERS = { 'content-type': 'application/json' }

/** A value, as Go's encoder writes it: with the end of a line. */
export function jsonAnswer(value: unknown, status = 200): Answer {
  return { status, headers: JSON_HEADERS, body: Buffer.from(`${goJson(value)}\n`) }
}

export function emptyAnswer(status: number): Answer {
  return { status, headers: {}, body: NO_BODY }
}

/** What the API's description forbids. `code`: upstream's own, from 600 on, where it has one. Source: go-openapi/errors. */
export class RequestError extends Error {
  readonly status: number
  readonly code: number

  constructor(status: number, code: number, message: string) {
    super(message)
    this.status = status
    this.code = code
  }

  answer(): Answer {
    return { status: this.status, headers: JSON_HEADERS, body: Buffer.from(goJson({ code: this.code, message: this.message })) }
  }
}

/** The description's type of a value is not met. */
export const INVALID_TYPE = 601
export const REQUIRED = 602
export const TOO_FEW_ITEMS = 612

/** JSON in which nothing ends a script or a line of one. Source: Go encoding/json. */
function goJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
