import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { type TestContext, test } from 'node:test'
import { startProxy } from '../../../test/support/proxy-server.ts'
import type { HttpTransport, ProxyServer, TlsOptions } from '../env.ts'
import { realEnv } from '../env-real.ts'
import { virtualEnv } from '../env-virtual.ts'

const env = realEnv(virtualEnv().log)
/** No certificate, and no key. */
const UNUSABLE: TlsOptions = { cert: 'nonsense', key: 'nonsense' }

async function listen(t: TestContext, server: Server): Promise<number> {
  t.after(() => server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** What becomes of a connection. */
function connect(port: number, tls: TlsOptions | undefined, through?: ProxyServer): Promise<string> {
  return new Promise((resolve) => {
    const socket = env.tcp.connect(
      { host: '127.0.0.1', port, tls, through },
      {
        connected() {
          resolve('connected')
          socket.destroy()
        },
        data() {},
        closed: (error) => resolve(error?.message ?? 'closed'),
      },
    )
  })
}

const get = (port: number, transport: HttpTransport) =>
  env.http.request({ url: `https://127.0.0.1:${port}/`, transport }).then(
    ({ status }) => String(status),
    (error: Error) => error.message,
  )

test('TLS that cannot be spoken fails the connection, through a tunnel as without one', async (t) => {
  const proxy = await startProxy()
  t.after(() => proxy.close())
  const port = await listen(
    t,
    createServer((_request, response) => response.end('ok')),
  )
  const through: ProxyServer = { scheme: 'http', host: '127.0.0.1', port: proxy.port, connectHeaders: [] }
  assert.equal(await connect(port, undefined, through), 'connected')
  for (const proxy of [undefined, through]) {
    assert.match(await connect(port, UNUSABLE, proxy), /no start line/)
    assert.match(await get(port, { tls: UNUSABLE, proxy }), /no start line/)
  }
})

test('a proxy that talks without an end is left', async (t) => {
  const answers = [
    'HTTP/1.1 200 OK\r\n',
    `HTTP/1.1 503 ${'x'.repeat(200)}\r\n\r\n`,
    'HTTP/2 200\r\n\r\n',
    `HTTP/1.1 200 OK\r\n${'X-A: b\r\n'.repeat(10_000)}`,
  ]
  const port = await listen(
    t,
    createTcpServer((socket) => {
      const answer = answers.shift()!
      socket.on('error', () => {}).once('data', () => (answers.length === 3 ? socket.end(answer) : socket.write(answer)))
    }),
  )
  const through: ProxyServer = { scheme: 'http', host: '127.0.0.1', port, connectHeaders: [] }
  assert.equal(await connect(1, undefined, through), 'unexpected EOF')
  assert.equal(await connect(1, undefined, through), 'x'.repeat(100))
  assert.equal(await connect(1, undefined, through), 'malformed HTTP response "HTTP/2 200"')
  assert.equal(await connect(1, undefined, through), 'response headers exceeded 65536 bytes')
})

test('SOCKS is told addresses as bytes, and names as they are', async (t) => {
  const asked: string[] = []
  const port = await listen(
    t,
    createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => {
        socket.write(Uint8Array.of(5, 0))
        socket.once('data', (bytes: Buffer) => {
          asked.push(bytes.toString('hex'))
          socket.end(Uint8Array.of(5, 5, 0, 1))
        })
      })
    }),
  )
  const through: ProxyServer = { scheme: 'socks5', host: '127.0.0.1', port, connectHeaders: [] }
  for (const host of ['1.2.3.4', '2001:db8::1', 'a.b'])
    await new Promise<void>((resolve) => {
      env.tcp.connect({ host, port: 258, through }, { connected() {}, data() {}, closed: () => resolve() })
    })
  assert.deepEqual(asked, ['05010001010203040102', '0501000420010db80000000000000000000000010102', '0501000303612e620102'])
})

test('headers go as the bytes that they are', async (t) => {
  let seen: string | undefined
  const port = await listen(
    t,
    createServer((request, response) => {
      seen = Buffer.from(String(request.headers['x-own']), 'latin1').toString()
      response.end()
    }),
  )
  await env.http.request({ url: `http://127.0.0.1:${port}/`, headers: { 'x-own': ['żółw'] } })
  assert.equal(seen, 'żółw')
})
