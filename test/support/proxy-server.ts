// A proxy that forwards requests and opens tunnels, whatever the host's name, to this machine; and one that speaks SOCKS 5.
import { createServer as createHttpServer, type RequestListener, request } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export interface TestProxy {
  readonly port: number
  /** What was asked for, such as `CONNECT a.example:443 Basic …`, followed by the headers of tunnels that begin with X-. */
  readonly requests: string[]
  close(): void
}

export interface ProxyOptions {
  /** Asked for as `user:password`. */
  readonly credentials?: string
  /** It is spoken TLS with. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Answered to every request instead. */
  readonly refusal?: { readonly status: number; readonly text: string }
}

function port(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
}

export async function startProxy({ credentials, refusal, tls }: ProxyOptions = {}): Promise<TestProxy> {
  const requests: string[] = []
  const wanted = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`
  const fault = (authorization: string | undefined) => {
    if (refusal !== undefined) return refusal
    return wanted !== undefined && authorization !== wanted ? { status: 407, text: 'Proxy Authentication Required' } : undefined
  }
  const own = (headers: Readonly<Record<string, unknown>>) =>
    Object.keys(headers)
      .filter((name) => name.startsWith('x-test'))
      .sort()
      .map((name) => ` ${name}=${headers[name]}`)
      .join('')
  const forward: RequestListener = (incoming, answer) => {
    const authorization = incoming.headers['proxy-authorization']
    requests.push(`${incoming.method} ${incoming.url} ${authorization ?? 'nobody'}${own(incoming.headers)}`)
    const wrong = fault(authorization)
    if (wrong !== undefined) return answer.writeHead(wrong.status, wrong.text).end()
    const url = new URL(incoming.url!)
    const { 'proxy-authorization': _, ...headers } = incoming.headers
    const { method } = incoming
    const onward = request({ host: '127.0.0.1', port: url.port, path: url.pathname + url.search, method, headers }, (response) => {
      answer.writeHead(response.statusCode!, response.headers)
      response.pipe(answer)
    })
    onward.on('error', () => answer.writeHead(502).end())
    incoming.pipe(onward)
    return undefined
  }
  const server = tls === undefined ? createHttpServer(forward) : createHttpsServer(tls, forward)
  server.on('connect', (incoming, socket: Socket) => {
    const authorization = incoming.headers['proxy-authorization']
    requests.push(`CONNECT ${incoming.url} ${authorization ?? 'nobody'}${own(incoming.headers)}`)
    const wrong = fault(authorization)
    if (wrong !== undefined) return socket.end(`HTTP/1.1 ${wrong.status} ${wrong.text}\r\n\r\n`)
    const onward = connect(Number(incoming.url!.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.pipe(onward).pipe(socket)
    })
    for (const end of [socket, onward]) end.on('error', () => [socket, onward].map((each) => each.destroy()))
    return undefined
  })
  const at = await port(server)
  return {
    port: at,
    requests,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Source: RFC 1928, 1929. */
export async function startSocks(credentials?: string): Promise<TestProxy> {
  const requests: string[] = []
  const server = createServer((socket) => {
    const steps: ((bytes: Buffer) => void)[] = [
      (bytes) => {
        const methods = [...bytes.subarray(2, 2 + bytes[1])]
        const method = credentials === undefined ? 0 : 2
        socket.write(Uint8Array.of(5, methods.includes(method) ? method : 255))
      },
      ...(credentials === undefined
        ? []
        : [
            (bytes: Buffer) => {
              const user = bytes.subarray(2, 2 + bytes[1])
              const password = bytes.subarray(3 + bytes[1])
              socket.write(Uint8Array.of(1, `${user}:${password}` === credentials ? 0 : 1))
            },
          ]),
      (bytes) => {
        const end = bytes[3] === 3 ? 5 + bytes[4] : 8
        const host = bytes[3] === 3 ? bytes.subarray(5, end).toString() : bytes.subarray(4, 8).join('.')
        const to = bytes.readUInt16BE(end)
        requests.push(`SOCKS ${host}:${to}`)
        const onward = connect(to, '127.0.0.1', () => {
          socket.write(Uint8Array.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0))
          socket.pipe(onward).pipe(socket)
        })
        onward.on('error', () => socket.end(Uint8Array.of(5, 5, 0, 1, 0, 0, 0, 0, 0, 0)))
        socket.on('error', () => onward.destroy())
      },
    ]
    socket.on('error', () => {})
    const next = () => {
      const step = steps.shift()
      if (step !== undefined)
        socket.once('data', (bytes: Buffer) => {
          step(bytes)
          next()
        })
    }
    next()
  })
  return { port: await port(server), requests, close: () => void server.close() }
}
