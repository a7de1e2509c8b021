import { formatAddress } from '../../../base/address.ts'
import type { ConnectOptions, Socket, SocketHandler, Tcp, TlsOptions } from '../../../base/env.ts'
import { networkFault } from '../../../base/network-fault.ts'

// One dialogue of SMTP. Source: RFC 5321; Go net/smtp and net/textproto, whose errors are matched.

export interface SmtpReply {
  readonly code: number
  /** Its lines, joined by newlines. */
  readonly text: string
}

/** What a server says that does not fit: `550 "no"`. */
export class SmtpRefusal extends Error {
  constructor({ code, text }: SmtpReply) {
    super(`${String(code).padStart(3, '0')} ${JSON.stringify(text)}`)
  }
}

/** A server that says no end of a line, of a reply, or of what nobody asked for is no server. */
const UNREAD_BYTES_MAX = 64 * 1024

export class SmtpConnection {
  readonly #tcp: Tcp
  readonly #address: string
  #socket: Socket
  #connected: PromiseWithResolvers<void>
  #buffer = ''
  #lines: string[] = []
  #linesBytes = 0
  #waiting: PromiseWithResolvers<string> | undefined
  #failure: Error | undefined

  /** Rejects, in Go's words, when there is no connection; it ends when `signal` aborts. */
  static async open(tcp: Tcp, options: ConnectOptions, signal: AbortSignal): Promise<SmtpConnection> {
    signal.throwIfAborted()
    const connection = new SmtpConnection(tcp, options)
    const onAbort = () => connection.#fail(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
    signal.addEventListener('abort', onAbort, { once: true })
    await connection.#connected.promise
    return connection
  }

  private constructor(tcp: Tcp, options: ConnectOptions) {
    this.#tcp = tcp
    this.#address = formatAddress(options)
    this.#connected = Promise.withResolvers()
    this.#socket = tcp.connect(options, this.#handler())
  }

  #handler(): SocketHandler {
    return {
      connected: () => this.#connected.resolve(),
      data: (bytes) => this.#take(Buffer.from(bytes).toString('latin1')),
      closed: (error) => this.#fail(new Error(error === undefined ? 'EOF' : networkFault(error, this.#address))),
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#connected.promise.catch(() => {})
    this.#connected.reject(this.#failure)
    this.#waiting?.reject(this.#failure)
    this.#waiting = undefined
    this.#socket.destroy()
  }

  #take(text: string): void {
    this.#buffer += text
    for (let end = this.#buffer.indexOf('\n'); end >= 0; end = this.#buffer.indexOf('\n')) {
      this.#lines.push(this.#buffer.slice(0, end).replace(/\r$/, ''))
      this.#linesBytes += end + 1
      this.#buffer = this.#buffer.slice(end + 1)
    }
    const line = this.#waiting === undefined ? undefined : this.#nextLine()
    if (this.#buffer.length > UNREAD_BYTES_MAX || this.#linesBytes > UNREAD_BYTES_MAX) this.#fail(new Error('textproto: line too long'))
    if (line === undefined) return
    this.#waiting?.resolve(line)
    this.#waiting = undefined
  }

  /** What a server says is UTF-8; it was cut into lines by its bytes, which may come in any pieces. */
  #nextLine(): string | undefined {
    const line = this.#lines.shift()
    if (line === undefined) return undefined
    this.#linesBytes = Math.max(0, this.#linesBytes - line.length - 1)
    return Buffer.from(line, 'latin1').toString()
  }

  #line(): Promise<string> {
    const line = this.#nextLine()
    if (line !== undefined) return Promise.resolve(line)
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    this.#waiting = Promise.withResolvers()
    return this.#waiting.promise
  }

  /** What the server says next. */
  async reply(): Promise<SmtpReply> {
    const texts: string[] = []
    let sizeBytes = 0
    for (;;) {
      const line = await this.#line()
      sizeBytes += line.length
      if (sizeBytes > UNREAD_BYTES_MAX) throw new Error('textproto: reply too long')
      const [, code, more, text = ''] = /^(\d{3})(?:([ -])(.*))?$/s.exec(line) ?? []
      if (code === undefined) throw new Error(`malformed response: ${JSON.stringify(line)}`)
      texts.push(text)
      if (more !== '-') return { code: Number(code), text: texts.join('\n') }
    }
  }

  /** Says something and waits for an answer, whatever it is. */
  async ask(line: string): Promise<SmtpReply> {
    if (/[\r\n]/.test(line)) throw new Error('smtp: A line must not contain CR or LF')
    this.write(`${line}\r\n`)
    return await this.reply()
  }

  /** The same, where the code is to begin with `expected`. Rejects with a SmtpRefusal. */
  async command(line: string, expected: number): Promise<SmtpReply> {
    return checked(await this.ask(line), expected)
  }

  async expect(expected: number): Promise<SmtpReply> {
    return checked(await this.reply(), expected)
  }

  write(text: string): void {
    if (this.#failure === undefined) this.#socket.write(text)
  }

  /** Speaks TLS from now on. */
  async secure(host: string, tls: TlsOptions): Promise<void> {
    this.#connected = Promise.withResolvers()
    // What came before it was said in the open, by anybody.
    this.#buffer = ''
    this.#lines = []
    this.#linesBytes = 0
    this.#socket = this.#tcp.secure(this.#socket, { host, tls }, this.#handler())
    await this.#connected.promise
  }

  close(): void {
    this.#socket.destroy()
  }
}

function checked(reply: SmtpReply, expected: number): SmtpReply {
  if (!String(reply.code).startsWith(String(expected))) throw new SmtpRefusal(reply)
  return reply
}
