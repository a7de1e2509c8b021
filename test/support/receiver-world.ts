// Servers that stand for all that receivers send to: they record each request and answer as the real ones would.
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { GOOD, GOOD_KEY } from './server-certificates.ts'

export interface WorldRecord {
  /** Who sent it: the first part of the path, or the name that was told to the proxy. */
  readonly sender: string
  /** The rest: `METHOD /path?query` or an SMTP dialogue's commands. */
  readonly target: string
  readonly headers: readonly string[]
  readonly body: string
}

export interface ReceiverWorld {
  /** Of HTTP; it is a proxy, too, that ends the TLS of tunnels. */
  readonly port: number
  readonly smtpPort: number
  readonly records: WorldRecord[]
  close(): void
}

/** What says something about the message, beside its body. */
const HEADERS = ['content-type', 'authorization', 'x-auth-token', 'x-user-id', 'accept-language', 'x-own']

export async function receiverWorld(): Promise<ReceiverWorld> {
  const records: WorldRecord[] = []
  const sockets = new Set<Socket>()
  const senders = new WeakMap<Socket, string>()
  const answer: RequestListener = (request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const url = new URL(request.url!, 'http://x')
      const tunnelled = senders.get(request.socket)
      const [, first = '', rest = ''] =
        tunnelled === undefined ? (/^\/([^/]*)(.*)$/.exec(url.pathname) ?? []) : [undefined, tunnelled, url.pathname]
      const body = Buffer.concat(parts).toString()
      records.push({ sender: first, target: `${request.method} ${rest}${url.search}`, headers: headersOf(request), body })
      const { status = 200, type = 'application/json', text } = answerTo(request.method!, rest, body)
      response.writeHead(status, { 'content-type': type }).end(text)
    })
  }
  const http = createServer(answer)
  const secure = createTlsServer({ cert: GOOD, key: GOOD_KEY }, answer)
  http.on('connect', (request, socket: Socket) => {
    const [, user] = /^Basic (.*)$/.exec(request.headers['proxy-authorization'] ?? '') ?? []
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    const plain = new TLSSocket(socket, { isServer: true, cert: GOOD, key: GOOD_KEY })
    senders.set(
      plain,
      Buffer.from(user ?? '', 'base64')
        .toString()
        .replace(/:.*/, ''),
    )
    secure.emit('secureConnection', plain)
  })
  const smtp = createTcpServer((socket) => serveSmtp(socket, records))
  for (const server of [http, smtp])
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    })
  return {
    port: await listen(http),
    smtpPort: await listen(smtp),
    records,
    close() {
      for (const server of [http, smtp]) server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
}

function headersOf({ headers }: IncomingMessage): readonly string[] {
  return HEADERS.filter((name) => headers[name] !== undefined).map((name) => `${name}: ${headers[name]}`)
}

interface WorldAnswer {
  readonly status?: number
  readonly type?: string
  readonly text: string
}

function answerTo(method: string, path: string, body: string): WorldAnswer {
  if (path.endsWith('/gettoken')) return { text: '{"access_token":"granted","errcode":0}' }
  if (path.includes('/wechat/')) return { text: '{"errcode":0}' }
  if (path.includes('/slack')) return { text: '{"ok":true,"ts":"12.5","channel":"C9"}' }
  if (path.includes('chat.postMessage')) return { text: '{"success":true}' }
  if (path.endsWith('/sendMessage')) return { text: '{"ok":true,"result":{"message_id":7,"date":1,"chat":{"id":5,"type":"private"}}}' }
  if (path.includes('/sns'))
    return {
      type: 'text/xml',
      text: '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>',
    }
  if (path.includes('/jira')) return jira(method, path, body)
  return { status: path.includes('pagerduty') || path.includes('opsgenie') ? 202 : 200, text: '{}' }
}

/** Projects are called by what is in them: nothing, an open issue, a closed one. */
function jira(method: string, path: string, body: string): WorldAnswer {
  if (path.includes('/search')) {
    const category = /project=\\"OPEN/.test(body) ? 'new' : /project=\\"DONE/.test(body) ? 'done' : undefined
    if (category === undefined) return { text: '{"issues":[]}' }
    return { text: `{"issues":[{"key":"X-1","fields":{"status":{"name":"s","statusCategory":{"key":"${category}"}}}}]}` }
  }
  if (path.endsWith('/transitions') && method === 'GET')
    return { text: '{"transitions":[{"id":"11","name":"Reopen"},{"id":"12","name":"Resolve"}]}' }
  return { status: method === 'POST' ? 201 : 204, text: method === 'POST' ? '{"key":"X-1"}' : '' }
}

/** The dialogue of one message, which is recorded under the name of whom it is to. */
function serveSmtp(socket: Socket, records: WorldRecord[]): void {
  const commands: string[] = []
  let buffer = ''
  let inMessage = false
  let message = ''
  const say = (line: string) => socket.write(`${line}\r\n`)
  const take = (line: string) => {
    commands.push(line)
    const verb = line.split(' ')[0]!.toUpperCase()
    if (verb === 'EHLO') say('250-world\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME')
    else if (verb === 'AUTH') say('235 yes')
    else if (verb === 'DATA') {
      inMessage = true
      say('354 go on')
    } else if (verb === 'QUIT') {
      say('221 bye')
      socket.end()
      const sender = /^RCPT TO:<([^@>]*)/m.exec(commands.join('\n'))?.[1] ?? ''
      records.push({ sender, target: commands.join('\n'), headers: [], body: message })
    } else say('250 fine')
  }
  say('220 world')
  socket.on('data', (data: Buffer) => {
    buffer += data.toString('latin1')
    for (;;) {
      const end = buffer.indexOf(inMessage ? '\r\n.\r\n' : '\r\n')
      if (end < 0) return
      const text = buffer.slice(0, end)
      buffer = buffer.slice(end + (inMessage ? 5 : 2))
      if (inMessage) {
        message = text
        inMessage = false
        say('250 taken')
      } else take(text)
    }
  })
}

/** Resolves once something listens. */
export async function listens(port: number, attempts = 1200): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      })
      socket.on('error', () => resolve(false))
    })
    if (isThere) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`nothing listens on port ${port}`)
}
