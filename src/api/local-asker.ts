import type { NetworkAddress, Socket, Tcp } from '../base/env.ts'

/** Of an answer, headers and all. */
const ANSWER_BYTES_MAX = 512 * 1024

/** Asks a server of this process over one connection, one request after the other. */
export class LocalAsker {
  readonly #socket: Socket
  readonly #host: string
  readonly #connected = Promise.withResolvers<void>()
  readonly #received = Buffer.alloc(ANSWER_BYTES_MAX)
  #length = 0
  /** Where the body of the answer begins and ends; 0: its headers are not here yet. */
  #body: readonly [start: number, end: number] = [0, 0]
  #asked: PromiseWithResolvers<number> | undefined
  /** Why nothing more can be asked. */
  #failure: Error | undefined

  constructor(tcp: Tcp, { host, port }: NetworkAddress) {
    this.#host = `${host}:${port}`
    this.#socket = tcp.connect(
      { host, port },
      {
        connected: () => this.#connected.resolve(),
        data: (bytes) => this.#take(bytes),
        closed: (error) => this.#fail(error ?? new Error('the connection was closed')),
      },
    )
  }

  /** Resolves with the bytes of the body of the answer; rejects when it is no success. */
  async ask(path: string, parameters: string, isForm: boolean): Promise<number> {
    await this.#connected.promise
    if (this.#failure !== undefined) throw this.#failure
    this.#length = 0
    this.#body = [0, 0]
    this.#asked = Promise.withResolvers()
    const head = `host: ${this.#host}\r\nconnection: keep-alive\r\n`
    const form = `content-type: application/x-www-form-urlencoded\r\ncontent-length: ${parameters.length}\r\n`
    this.#socket.write(
      isForm ? `POST ${path} HTTP/1.1\r\n${head}${form}\r\n${parameters}` : `GET ${path}?${parameters} HTTP/1.1\r\n${head}\r\n`,
    )
    return this.#asked.promise
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(bytes: Uint8Array): void {
    if (this.#length + bytes.length > ANSWER_BYTES_MAX) {
      this.#fail(new Error(`the answer is over ${ANSWER_BYTES_MAX} bytes`))
      return
    }
    this.#received.set(bytes, this.#length)
    this.#length += bytes.length
    if (this.#body[1] === 0) this.#readHead()
    const [start, end] = this.#body
    if (end > 0 && this.#length >= end) this.#asked?.resolve(end - start)
  }

  #readHead(): void {
    const end = this.#received.subarray(0, this.#length).indexOf('\r\n\r\n')
    if (end < 0) return
    const [status, ...headers] = this.#received.toString('latin1', 0, end).split('\r\n')
    const length = headers.map((header) => /^content-length: (\d+)$/i.exec(header)?.[1]).find((found) => found !== undefined)
    if (!status.startsWith('HTTP/1.1 200 ') || length === undefined)
      this.#fail(new Error(`answered with ${status}, want 200 and its length`))
    else this.#body = [end + 4, end + 4 + Number(length)]
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#connected.promise.catch(() => {})
    this.#connected.reject(error)
    this.#asked?.promise.catch(() => {})
    this.#asked?.reject(error)
  }
}
