import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { createGzip, gzip } from 'node:zlib'
import { type Clock, sleep } from './env.ts'

/** What a route says. A body of many parts is sent while it is made. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>
  /** The parts of the body come with time: each is sent when it comes, and not compressed. */
  readonly isLive?: boolean
  /** How hard it is compressed, 1 to 9. Default: as fast as can be. */
  readonly gzipLevel?: number
}

export const NO_BODY = new Uint8Array(0)

export function textAnswer(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body: Buffer.from(text) }
}

/** A plain error, in the form of Go's http.Error, which upstream's clients know. */
export function errorAnswer(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return textAnswer(status, `${text}\n`, headers)
}

export function redirectAnswer(location: string): Answer {
  return { status: 302, headers: { location }, body: NO_BODY }
}

/** Bodies up to this size are sent whole, with their length: a stream costs as much as making 100 KiB of JSON. */
const WHOLE_BYTES_MAX = 256 * 1024
/** Below this, compressing costs more than it saves. */
const GZIP_BYTES_MIN = 1024
/** After so many bytes other requests have their turn. */
const TURN_BYTES = 256 * 1024
/** Fast rather than small: a level more takes as long as making the JSON did. */
const GZIP_LEVEL = 1

/** Made when it is first wanted: with it comes all of Node's compression. */
let gzipBuffer: typeof gzip.__promisify__ | undefined

/** Whether the client takes gzip. Only the plain name counts, as upstream: `gzip;q=0` does not. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  return acceptEncoding?.split(',').some((encoding) => encoding.trim() === 'gzip') ?? false
}

/** Sends an answer and resolves, with the bytes of the body as sent, when all is handed to the connection. Rejects when the client is gone. */
export async function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  options: { readonly gzip: boolean; readonly clock: Clock },
): Promise<number> {
  response.statusCode = answer.status
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value)
  if (answer.status === 204 || answer.status === 304) {
    response.end()
    return 0
  }
  const level = answer.gzipLevel ?? GZIP_LEVEL
  const zip = options.gzip && answer.headers['content-encoding'] === undefined
  if (Symbol.asyncIterator in answer.body) {
    if (answer.isLive === true) response.flushHeaders()
    return sendParts(response, Readable.from(answer.body, { objectMode: false }), zip && answer.isLive !== true ? level : 0)
  }
  const { begun, sizeBytes, rest } =
    answer.body instanceof Uint8Array ? { begun: [answer.body], sizeBytes: answer.body.length, rest: undefined } : beginningOf(answer.body)
  if (rest !== undefined)
    return sendParts(response, Readable.from(inTurns(begun, sizeBytes, rest, options.clock), { objectMode: false }), zip ? level : 0)
  if (zip && sizeBytes >= GZIP_BYTES_MIN) {
    const body = await (gzipBuffer ??= promisify(gzip))(begun.length === 1 ? begun[0] : Buffer.concat(begun, sizeBytes), { level })
    response.setHeader('content-encoding', 'gzip')
    return sendWhole(response, [body], body.length)
  }
  return sendWhole(response, begun, sizeBytes)
}

/** With its length, and in one call to the system: to put the parts together first would take as much memory again. */
function sendWhole(response: ServerResponse, parts: readonly Uint8Array[], sizeBytes: number): number {
  response.setHeader('content-length', sizeBytes)
  const last = parts.length - 1
  if (last > 0) {
    response.cork()
    for (let i = 0; i < last; i++) response.write(parts[i])
  }
  response.end(parts[last])
  return sizeBytes
}

/** `gzipLevel` 0: not compressed. */
async function sendParts(response: ServerResponse, parts: Readable, gzipLevel: number): Promise<number> {
  const sent = { bytes: 0 }
  if (gzipLevel > 0) {
    response.setHeader('content-encoding', 'gzip')
    await pipeline(parts, createGzip({ level: gzipLevel }), counted(sent), response)
  } else await pipeline(parts, counted(sent), response)
  return sent.bytes
}

interface Beginning {
  readonly begun: readonly Uint8Array[]
  readonly sizeBytes: number
  /** What is still to come; undefined: nothing. */
  readonly rest: Iterator<Uint8Array> | undefined
}

/** All of a body when it is small; else its beginning. */
function beginningOf(body: Iterable<Uint8Array>): Beginning {
  const iterator = body[Symbol.iterator]()
  const begun: Uint8Array[] = []
  let sizeBytes = 0
  while (sizeBytes <= WHOLE_BYTES_MAX) {
    const next = iterator.next()
    if (next.done === true) return { begun, sizeBytes, rest: undefined }
    begun.push(next.value)
    sizeBytes += next.value.length
  }
  return { begun, sizeBytes, rest: iterator }
}

async function* inTurns(
  begun: readonly Uint8Array[],
  sizeBytes: number,
  rest: Iterator<Uint8Array>,
  clock: Clock,
): AsyncGenerator<Uint8Array> {
  let turnBytes = sizeBytes
  try {
    yield* begun
    for (;;) {
      if (turnBytes >= TURN_BYTES) {
        await sleep(clock, 0)
        turnBytes = 0
      }
      const next = rest.next()
      if (next.done === true) return
      turnBytes += next.value.length
      yield next.value
    }
  } finally {
    rest.return?.()
  }
}

function counted(sent: { bytes: number }): (parts: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array> {
  return async function* count(parts) {
    for await (const part of parts) {
      sent.bytes += part.length
      yield part
    }
  }
}
