// HTTP/1.1 responses, read from whatever pieces arrive.
//
// 1. Any input ends in `done`, in an HttpResponseError, or in waiting for more; never in an endless loop or another error.
// 2. Heads, chunk headers and trailers are bounded; bodies are bounded by the BodyBuffer they are written to.
// Source: RFC 9112, sections 4 to 9.

import { CodedError } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import type { BodyBuffer } from './body-buffer.ts'

const HEAD_BYTES_MAX = 64 * 1024
const INTERIM_RESPONSES_MAX = 5
const CHUNK_LINE_BYTES_MAX = 4096
const NEWLINE = 10

export class HttpResponseError extends CodedError {
  constructor(message: string) {
    super('bad_data', message)
    this.name = 'HttpResponseError'
  }
}

type State = 'status' | 'headers' | 'length' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers' | 'until-close' | 'done'

/** Reads one response of a GET after the other: `reset`, then `feed` until `done`. */
export class HttpResponseReader {
  #state: State = 'status'
  #partial = ''
  /** A header line that a folded line may still go on. */
  #header = ''
  #headBytes = 0
  #interimCount = 0
  /** Bytes left of the body, or of the current chunk. */
  #left = 0
  #http10 = false
  #contentLength = -1
  #chunked = false
  #connection = ''
  /** As sent: `200 OK`. */
  status = 0
  statusText = ''
  contentType = ''
  contentEncoding = ''
  location = ''
  /** Bytes came after the end of the response: the connection cannot be trusted any more. */
  surplus = false

  reset(): void {
    this.#state = 'status'
    this.#partial = ''
    this.#header = ''
    this.#interimCount = 0
    this.surplus = false
    this.#resetHead()
  }

  get done(): boolean {
    return this.#state === 'done'
  }

  /** The head is complete: status and headers are known. */
  get hasHead(): boolean {
    return this.#state !== 'status' && this.#state !== 'headers'
  }

  /** Whether the connection may carry another request after this response. */
  get keepAlive(): boolean {
    if (this.surplus || this.#connection.includes('close')) return false
    if (this.#chunked && this.#contentLength >= 0) return false
    return !this.#http10 || this.#connection.includes('keep-alive')
  }

  /** Takes what arrived; the body goes to `body`. Throws HttpResponseError, and what `body.append` throws. */
  feed(bytes: Uint8Array, body: BodyBuffer): void {
    let p = 0
    while (p < bytes.length) {
      switch (this.#state) {
        case 'done':
          this.surplus = true
          return
        case 'until-close':
          body.append(bytes, p, bytes.length)
          return
        case 'length':
        case 'chunk-data': {
          const end = Math.min(bytes.length, p + this.#left)
          body.append(bytes, p, end)
          this.#left -= end - p
          p = end
          if (this.#left === 0) this.#state = this.#state === 'length' ? 'done' : 'chunk-end'
          break
        }
        default: {
          const newline = bytes.indexOf(NEWLINE, p)
          const end = newline < 0 ? bytes.length : newline
          this.#takeLinePart(bytes, p, end)
          p = end + 1
          if (newline >= 0) this.#takeLine()
        }
      }
    }
  }

  /** The other side closed in good order. Throws HttpResponseError when the response is not complete. */
  ended(): void {
    if (this.#state === 'until-close') this.#state = 'done'
    if (this.#state !== 'done') throw new HttpResponseError(this.hasHead ? 'unexpected EOF' : 'EOF')
  }

  #resetHead(): void {
    this.#headBytes = 0
    this.#http10 = false
    this.#contentLength = -1
    this.#chunked = false
    this.#connection = ''
    this.status = 0
    this.statusText = ''
    this.contentType = ''
    this.contentEncoding = ''
    this.location = ''
  }

  #takeLinePart(bytes: Uint8Array, start: number, end: number): void {
    this.#headBytes += end - start + 1
    const limit = this.#state === 'chunk-size' || this.#state === 'chunk-end' ? CHUNK_LINE_BYTES_MAX : HEAD_BYTES_MAX
    if (this.#headBytes > limit) {
      throw new HttpResponseError(
        limit === HEAD_BYTES_MAX
          ? `response headers exceeded ${HEAD_BYTES_MAX} bytes`
          : `chunk header exceeded ${CHUNK_LINE_BYTES_MAX} bytes`,
      )
    }
    this.#partial += Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
  }

  #takeLine(): void {
    const line = this.#partial.endsWith('\r') ? this.#partial.slice(0, -1) : this.#partial
    this.#partial = ''
    switch (this.#state) {
      case 'status':
        this.#takeStatus(line)
        return
      case 'headers':
        if (this.#header !== '' && (line.startsWith(' ') || line.startsWith('\t'))) {
          this.#header += ` ${line.trim()}`
          return
        }
        if (this.#header !== '') this.#takeHeader(this.#header)
        this.#header = line
        if (line === '') this.#endHead()
        return
      case 'chunk-size':
        this.#takeChunkSize(line)
        return
      case 'chunk-end':
        if (line !== '') throw new HttpResponseError(`malformed chunked encoding: found ${quote(line.slice(0, 50))} after a chunk`)
        this.#headBytes = 0
        this.#state = 'chunk-size'
        return
      case 'trailers':
        if (line === '') this.#state = 'done'
    }
  }

  #takeStatus(line: string): void {
    const match = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/.exec(line)
    if (match === null) throw new HttpResponseError(`malformed HTTP response ${quote(line.slice(0, 100))}`)
    this.#http10 = match[1] === '0'
    this.status = Number(match[2])
    this.statusText = `${match[2]} ${match[3] ?? ''}`
    this.#state = 'headers'
  }

  #takeHeader(line: string): void {
    const colon = line.indexOf(':')
    if (colon <= 0 || !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(line.slice(0, colon))) {
      throw new HttpResponseError(`malformed header line ${quote(line.slice(0, 100))}`)
    }
    const value = line.slice(colon + 1).trim()
    switch (line.slice(0, colon).toLowerCase()) {
      case 'content-type':
        this.contentType ||= value
        return
      case 'content-encoding':
        this.contentEncoding ||= value
        return
      case 'location':
        this.location ||= value
        return
      case 'connection':
        this.#connection += ` ${value.toLowerCase()}`
        return
      case 'transfer-encoding':
        if (value.toLowerCase() !== 'chunked' || this.#chunked) {
          throw new HttpResponseError(`unsupported transfer encoding: ${quote(value.slice(0, 50))}`)
        }
        this.#chunked = true
        return
      case 'content-length': {
        const length = /^\d{1,15}$/.test(value) ? Number(value) : -1
        if (length < 0) throw new HttpResponseError(`bad Content-Length ${quote(value.slice(0, 50))}`)
        if (this.#contentLength >= 0 && this.#contentLength !== length) {
          throw new HttpResponseError(`message cannot contain multiple Content-Length headers; got ${this.#contentLength} and ${length}`)
        }
        this.#contentLength = length
      }
    }
  }

  #endHead(): void {
    if (this.status < 200) {
      // An interim response, such as 100 or 103: the real one follows. 101 would be another protocol, which nobody asked for.
      if (this.status === 101) throw new HttpResponseError('unexpected 101 response')
      if (++this.#interimCount > INTERIM_RESPONSES_MAX) throw new HttpResponseError('too many 1xx informational responses')
      this.#state = 'status'
      this.#resetHead()
      return
    }
    this.#headBytes = 0
    if (this.status === 204 || this.status === 304) this.#state = 'done'
    else if (this.#chunked) this.#state = 'chunk-size'
    else if (this.#contentLength >= 0) {
      this.#left = this.#contentLength
      this.#state = this.#left === 0 ? 'done' : 'length'
    } else {
      this.#connection += ' close'
      this.#state = 'until-close'
    }
  }

  #takeChunkSize(line: string): void {
    const match = /^([0-9a-fA-F]{1,12})[ \t]*(?:;.*)?$/.exec(line)
    if (match === null) throw new HttpResponseError(`malformed chunked encoding: found ${quote(line.slice(0, 50))} as a chunk size`)
    this.#headBytes = 0
    this.#left = Number.parseInt(match[1], 16)
    this.#state = this.#left === 0 ? 'trailers' : 'chunk-data'
  }
}
