import type { ConnectOptions, Env, Socket, SocketHandler } from '../base/env.ts'
import type { BodyBuffer } from './body-buffer.ts'
import { type HttpResponseError, HttpResponseReader } from './http-response.ts'

/** The other side closed a kept connection before it answered: the request may be sent again on a new one. */
export class StaleConnectionError extends Error {
  constructor() {
    super('EOF')
    this.name = 'StaleConnectionError'
  }
}

/** The other side speaks HTTP/2, and nothing else. */
export class Http2Error extends Error {
  constructor() {
    super('server speaks HTTP/2 only')
    this.name = 'Http2Error'
  }
}

/**
 * One TCP or TLS connection, from connect to close; carries one GET at a time and stays open between scrapes.
 * Bytes arrive in a buffer that all connections share, so an idle connection costs its socket and little else.
 */
export class ScrapeConnection implements SocketHandler {
  readonly #socket: Socket
  readonly #reader = new HttpResponseReader()
  #isOpen = true
  #isConnected = false
  /** Responses received so far. */
  #responseCount = 0
  #hasBytes = false
  /** The request under way. */
  #head: string | undefined
  #body: BodyBuffer | undefined
  #resolve: ((response: HttpResponseReader) => void) | undefined
  #reject: ((error: Error) => void) | undefined

  constructor(env: Env, options: ConnectOptions) {
    this.#socket = env.tcp.connect(options, this)
  }

  /** Ready for another request. */
  get isUsable(): boolean {
    return this.#isOpen && this.#reject === undefined
  }

  /**
   * Sends a request (its whole head) and reads the response; its body goes to `body`. What it answers is good until the next request.
   * Rejects with StaleConnectionError, HttpResponseError, BodySizeError, or what the socket failed with; the connection is closed then.
   */
  get(head: string, body: BodyBuffer): Promise<HttpResponseReader> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      this.#body = body
      this.#hasBytes = false
      this.#reader.reset()
      if (!this.#isOpen) this.#settle(new StaleConnectionError())
      else if (this.#isConnected) this.#socket.write(head)
      else this.#head = head
    })
  }

  /** Ends the connection; a request under way rejects with `error`. */
  abort(error: Error): void {
    this.#close()
    this.#settle(error)
  }

  connected(): void {
    this.#isConnected = true
    if (this.#head !== undefined && this.#isOpen) this.#socket.write(this.#head)
    this.#head = undefined
  }

  data(bytes: Uint8Array): void {
    const body = this.#body
    if (body === undefined) {
      // Nobody asked: whatever this is, what follows could be taken for the answer to the next request.
      this.#close()
      return
    }
    if (!this.#hasBytes && isHttp2Settings(bytes)) {
      this.abort(new Http2Error())
      return
    }
    this.#hasBytes = true
    try {
      this.#reader.feed(bytes, body)
    } catch (error) {
      this.abort(error as Error)
      return
    }
    if (this.#reader.done) this.#finish()
  }

  closed(error?: Error): void {
    this.#isOpen = false
    if (this.#reject === undefined) return
    if (this.#responseCount > 0 && !this.#hasBytes) this.#settle(new StaleConnectionError())
    else if (error !== undefined) this.#settle(error)
    else this.#end()
  }

  /** An orderly end by the other side: how a body without a length is complete. */
  #end(): void {
    try {
      this.#reader.ended()
    } catch (error) {
      this.#settle(error as HttpResponseError)
      return
    }
    this.#finish()
  }

  #finish(): void {
    this.#responseCount++
    if (!this.#reader.keepAlive) this.#close()
    const resolve = this.#resolve!
    this.#forget()
    resolve(this.#reader)
  }

  #settle(error: Error): void {
    const reject = this.#reject
    this.#forget()
    reject?.(error)
  }

  #forget(): void {
    this.#resolve = undefined
    this.#reject = undefined
    this.#body = undefined
    this.#head = undefined
  }

  #close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#socket.destroy()
  }
}

/** Whether bytes begin as a server's connection does in HTTP/2: with a SETTINGS frame. Source: RFC 9113, sections 3.4 and 4.1. */
function isHttp2Settings(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0 || bytes.length < 9) return false
  return bytes[3] === 4 && bytes[4] === 0 && (bytes[5] | bytes[6] | bytes[7] | bytes[8]) === 0
}
