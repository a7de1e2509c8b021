import type { Answer } from '../../base/http-answer.ts'
import { NO_BODY } from '../../base/http-answer.ts'

const JSON_HEADERS = { 'content-type': 'application/json' }

/** A value, as upstream's encoder writes it: with the end of a line. */
export function jsonAnswer(value: unknown, status = 200): Answer {
  return { status, headers: JSON_HEADERS, body: Buffer.from(`${JSON.stringify(value)}\n`) }
}

/** The same of alerts and silences, in which upstream writes as escapes what could end a script, or a line of one. */
export function escapedAnswer(value: unknown): Answer {
  return { status: 200, headers: JSON_HEADERS, body: Buffer.from(`${escapedJson(value)}\n`) }
}

/** Source: Go encoding/json. */
function escapedJson(value: unknown): string {
  return JSON.stringify(value).replace(ENDS_A_SCRIPT, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const ENDS_A_SCRIPT = /[<>&\u2028\u2029]/g

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
    return { status: this.status, headers: JSON_HEADERS, body: Buffer.from(escapedJson({ code: this.code, message: this.message })) }
  }
}

/** The description's type of a value is not met. */
export const INVALID_TYPE = 601
export const REQUIRED = 602
export const TOO_FEW_ITEMS = 612
