import type { Socket, SocketHandler, Tcp } from '../base/env.ts'

/** Every server is one that takes mail from anybody; `tell` has each as it was sent. */
export function recordingSmtp(tell: (mail: string) => void): Tcp {
  const sessions = new WeakMap<Socket, Session>()
  const open = (session: Session, handler: SocketHandler): Socket => {
    session.handler = handler
    const socket: Socket = {
      write: (bytes) => session.take(typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')),
      destroy: () => session.close(),
    }
    sessions.set(socket, session)
    queueMicrotask(() => handler.connected())
    return socket
  }
  return {
    connect(_, handler) {
      const session = new Session(tell)
      const socket = open(session, handler)
      queueMicrotask(() => session.say('220 test ESMTP'))
      return socket
    },
    secure: (socket, _, handler) => open(sessions.get(socket) ?? new Session(tell), handler),
    listen: () => Promise.reject(new Error('nobody listens in a test of alerts')),
  }
}

/** What is said to each line of an authentication. */
const CHALLENGES: Readonly<Record<string, readonly string[]>> = {
  PLAIN: ['235 welcome'],
  LOGIN: ['334 VXNlcm5hbWU6', '334 UGFzc3dvcmQ6', '235 welcome'],
  'CRAM-MD5': ['334 dGVzdA==', '235 welcome'],
}

/** What a server with every extension says. */
class Session {
  handler: SocketHandler | undefined
  readonly #tell: (mail: string) => void
  #unread = ''
  /** Undefined: no mail is being sent. */
  #mail: string[] | undefined
  /** Answers to what authentication says next. */
  #challenges: string[] = []
  #isClosed = false

  constructor(tell: (mail: string) => void) {
    this.#tell = tell
  }

  say(...lines: readonly string[]): void {
    const { handler } = this
    queueMicrotask(() => handler?.data(Buffer.from(lines.map((line) => `${line}\r\n`).join(''))))
  }

  take(text: string): void {
    const lines = (this.#unread + text).split('\r\n')
    this.#unread = lines.pop()!
    for (const line of lines) this.#line(line)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const { handler } = this
    queueMicrotask(() => handler?.closed())
  }

  #line(line: string): void {
    if (this.#mail !== undefined) {
      if (line !== '.') {
        // A dot is doubled on the way.
        this.#mail.push(line.replace(/^\.\./, '.'))
        return
      }
      this.#tell(this.#mail.join('\r\n'))
      this.#mail = undefined
      this.say('250 taken')
      return
    }
    const challenge = this.#challenges.shift()
    if (challenge !== undefined) this.say(challenge)
    else this.#command(line)
  }

  #command(line: string): void {
    const [verb, argument = ''] = line.toUpperCase().split(' ')
    switch (verb) {
      case 'EHLO':
        this.say('250-test', '250-STARTTLS', '250-AUTH PLAIN LOGIN CRAM-MD5', '250 8BITMIME')
        return
      case 'STARTTLS':
        this.say('220 go on')
        return
      case 'AUTH':
        this.#authenticate(argument)
        return
      case 'DATA':
        this.#mail = []
        this.say('354 go on')
        return
      case 'QUIT':
        this.say('221 bye')
        this.close()
        return
      default:
        this.say('250 fine')
    }
  }

  #authenticate(mechanism: string): void {
    const [first, ...others] = CHALLENGES[mechanism] ?? CHALLENGES.PLAIN
    this.#challenges = [...others]
    this.say(first)
  }
}

/** The texts of a mail: its headers and its parts, as people read them. */
export function mailTexts(mail: string): readonly string[] {
  const words = mail.replace(/=\?utf-8\?q\?([^?]*)\?=(?:\r\n )?/gi, (_, word: string) => quotedBytes(word.replaceAll('_', ' ')))
  const boundary = /boundary="?([^"\r\n;]+)/i.exec(mail)?.[1]
  const parts = boundary === undefined ? [words] : words.split(`--${boundary}`)
  return parts.flatMap((part) => {
    const text = quotedBytes(part.replaceAll('=\r\n', ''))
    return [text.replaceAll('\r\n', '\n')]
  })
}

function quotedBytes(text: string): string {
  return text.replace(/(?:=[0-9A-F]{2})+/g, (bytes) => Buffer.from(bytes.replaceAll('=', ''), 'hex').toString('utf8'))
}
