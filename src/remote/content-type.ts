// What a remote write request says it is. Source: client_golang exp/api/remote, ParseProtoMsg and Validate; Prometheus
// storage/remote/write_handler.go; the remote write 1.0 and 2.0 specifications.

import { CodedError } from '../base/errors.ts'

const MEDIA_TYPE = 'application/x-protobuf'
const MESSAGE_V1 = 'prometheus.WriteRequest'
const MESSAGE_V2 = 'io.prometheus.write.v2.Request'

/** Messages that a receiver can take, by their names in protobuf. */
export const WRITE_MESSAGES = [MESSAGE_V1, MESSAGE_V2] as const
export type WriteMessage = (typeof WRITE_MESSAGES)[number]

/** The messages that a flag names. Throws `bad_data`, with upstream's text. */
export function parseWriteMessages(names: readonly string[]): readonly WriteMessage[] {
  for (const name of names) {
    if (!isWriteMessage(name)) throw new CodedError('bad_data', unknownMessage(name))
  }
  return names.filter(isWriteMessage)
}

function isWriteMessage(name: string): name is WriteMessage {
  return name === MESSAGE_V1 || name === MESSAGE_V2
}

function unknownMessage(name: string): string {
  return `unknown type for remote write protobuf message ${name}, supported: ${WRITE_MESSAGES.join(', ')}`
}

/** The version of the message of a request; a text says why it cannot be taken, for the answer 415. No header means remote write 1.0. */
export function messageOf(contentType: string | undefined, accepted: readonly WriteMessage[]): { readonly version: 1 | 2 } | string {
  const whole = (contentType ?? '').trim() || MEDIA_TYPE
  const [mediaType, ...parameters] = whole.split(';')
  if (mediaType !== MEDIA_TYPE) return `expected ${MEDIA_TYPE} as the first (media) part, got ${whole} content-type`
  let message: WriteMessage = MESSAGE_V1
  for (const parameter of parameters) {
    const [name, value, ...rest] = parameter.split('=')
    if (value === undefined || rest.length > 0) {
      return `as per https://www.rfc-editor.org/rfc/rfc9110#parameter expected parameters to be key-values, got ${parameter} in ${whole} content-type`
    }
    // A blank after the semicolon is allowed by the RFC; upstream takes such a parameter for another one.
    if (name.trim() !== 'proto') continue
    if (!isWriteMessage(value)) return `got ${whole} content type; ${unknownMessage(value)}`
    message = value
    break
  }
  if (!accepted.includes(message)) return `${message} protobuf message is not accepted by this server; only accepts ${accepted.join(', ')}`
  return { version: message === MESSAGE_V2 ? 2 : 1 }
}

/** Why the encoding of a request cannot be taken, for the answer 415; undefined when it can. */
export function refuseContentEncoding(contentEncoding: string | undefined): string | undefined {
  if (contentEncoding === undefined || contentEncoding === '' || contentEncoding.toLowerCase() === 'snappy') return undefined
  return `${contentEncoding} encoding (compression) is not accepted by this server; only snappy is acceptable`
}
