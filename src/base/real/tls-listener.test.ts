import assert from 'node:assert/strict'
import { connect as connectPlain } from 'node:net'
import { type TestContext, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { httpsGet } from '../../../test/support/https-request.ts'
import { TEST_CERTIFICATE, TEST_PRIVATE_KEY } from '../../../test/support/tls-certificate.ts'
import type { HttpHandler, HttpListener, TlsServerOptions } from '../env.ts'
import { realEnv } from '../env-real.ts'
import type { Log } from '../log.ts'

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => SILENT }
const OPTIONS: TlsServerOptions = {
  context: { cert: TEST_CERTIFICATE, key: TEST_PRIVATE_KEY },
  clientCertificate: 'NoClientCert',
  clientAllowedSans: undefined,
}

interface Serving {
  readonly listener: HttpListener
  readonly refused: string[]
  options: TlsServerOptions
}

async function serve(
  t: TestContext,
  handler: HttpHandler,
  more: { connectionsMax?: number; readTimeoutMs?: number } = {},
): Promise<Serving> {
  const refused: string[] = []
  const serving: { options: TlsServerOptions } = { options: OPTIONS }
  const tls = { options: () => serving.options, refused: (_client: string, reason: string) => void refused.push(reason) }
  const listener = await realEnv(SILENT).http.listen({ host: '127.0.0.1', port: 0, tls, ...more }, handler)
  t.after(() => listener.close(0))
  return Object.assign(serving, { listener, refused })
}

function secured(port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca: TEST_CERTIFICATE }, () => resolve(socket))
    socket.once('error', reject)
  })
}

const closed = (socket: TLSSocket) => new Promise<void>((resolve) => socket.once('close', () => resolve()).resume())

test('new options hold for new connections, and those that cannot be used are told', async (t) => {
  const serving = await serve(t, (_request, response) => response.end('ok'))
  const url = `https://127.0.0.1:${serving.listener.port}/`
  const status = async () => (await httpsGet(url, { ca: TEST_CERTIFICATE })).status
  assert.equal(await status(), 200)
  serving.options = { ...OPTIONS, clientCertificate: 'RequireAnyClientCert' }
  assert.equal(await status(), undefined)
  assert.deepEqual(serving.refused, ["client didn't provide a certificate"])
  serving.options = { ...OPTIONS, context: { ...OPTIONS.context, key: 'nonsense' } }
  assert.equal(await status(), undefined)
  assert.match(serving.refused[1], /DECODER|PEM|key/)
  serving.options = OPTIONS
  assert.equal(await status(), 200)
})

test('HTTP without TLS is told what this is', async (t) => {
  const { listener, refused } = await serve(t, (_request, response) => response.end('ok'))
  const response = await fetch(`http://127.0.0.1:${listener.port}/`)
  assert.deepEqual([response.status, await response.text()], [400, 'Client sent an HTTP request to an HTTPS server.\n'])
  assert.deepEqual(refused, ['client sent an HTTP request to an HTTPS server'])
})

test('connections beyond the limit are closed, and idle ones after their time', async (t) => {
  const { listener } = await serve(t, (_request, response) => response.end('ok'), { connectionsMax: 1, readTimeoutMs: 2000 })
  const first = await secured(listener.port)
  const ended = closed(first)
  await assert.rejects(secured(listener.port))
  first.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await ended
  const second = await secured(listener.port)
  second.destroy()
})

test('closing waits for what runs, and then no longer', async (t) => {
  let answer: (() => void) | undefined
  const { listener } = await serve(t, (_request, response) => {
    answer = () => response.end('late')
  })
  const running = httpsGet(`https://127.0.0.1:${listener.port}/`, { ca: TEST_CERTIFICATE })
  while (answer === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
  // One that never says what it wants does not hold up the end for longer than the grace.
  const silent = connectPlain(listener.port, '127.0.0.1')
  silent.on('error', () => {})
  await new Promise((resolve) => silent.once('connect', resolve))
  const closing = listener.close(300)
  answer()
  assert.equal((await running).body, 'late')
  await closing
})
