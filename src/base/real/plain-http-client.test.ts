import assert from 'node:assert/strict'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { HttpRequest } from '../env.ts'
import { networkFault } from '../network-fault.ts'
import { isPlain, openPlainStream } from './plain-http-client.ts'

async function open(
  t: TestContext,
  listener: RequestListener,
): Promise<{ server: Server; ask: (request: Partial<HttpRequest>) => Promise<string> }> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ask = async (request: Partial<HttpRequest>) => {
    const { status, headers, body } = await openPlainStream({ ...request, url: `${url}${request.url ?? '/'}` })
    const parts: Uint8Array[] = []
    for await (const part of body) parts.push(part)
    return `${status} ${headers['x-told'] ?? ''} ${Buffer.concat(parts)}`
  }
  return { server, ask }
}

test('plain is what needs neither TLS nor a proxy', () => {
  assert.equal(isPlain({ url: 'HTTP://a/' }), true)
  assert.equal(isPlain({ url: 'https://a/' }), false)
  assert.equal(isPlain({ url: 'http://a/', transport: { http2: true } }), true)
  assert.equal(isPlain({ url: 'http://a/', transport: { proxy: { scheme: 'http', host: 'b', port: 1 } as never } }), false)
})

test('requests go with their method, headers as bytes and length, over one connection', async (t) => {
  let connections = 0
  const { server, ask } = await open(t, (request, response) => {
    const { method, url, headers } = request
    let text = ''
    request.on('data', (part: Buffer) => {
      text += part
    })
    request.on('end', () => {
      response.setHeader('x-told', ['1', '2'])
      const name = Buffer.from(headers['x-name'] as string, 'latin1')
      response.end([method, url, headers['content-length'], headers['transfer-encoding'], name, headers['x-many'], text].join(' '))
    })
  })
  server.on('connection', () => connections++)
  const transport = {}
  const headers = { 'X-Name': 'é', 'X-Many': ['a', 'b'] }
  assert.equal(await ask({ method: 'POST', url: '/a?b=c', headers, body: 'hällo', transport }), '200 1, 2 POST /a?b=c 6  é a, b hällo')
  assert.equal(await ask({ headers, transport }), '200 1, 2 GET /   é a, b ')
  assert.equal(await ask({ method: 'POST', headers, transport }), '200 1, 2 POST / 0  é a, b ')
  assert.equal(connections, 1)
  await ask({ headers, transport: {} })
  assert.equal(connections, 2)
})

test('what does not come in time, is not wanted any more or breaks off is an error in Go’s words', async (t) => {
  const { ask } = await open(t, (request, response) => {
    if (request.url === '/reset') request.socket.destroy()
    else if (request.url !== '/never') {
      response.writeHead(200, { 'content-length': '10' })
      response.write('begun')
      if (request.url === '/broken') setImmediate(() => response.destroy())
    }
  })
  const fails = async (request: Partial<HttpRequest>, message: string) =>
    await assert.rejects(ask(request), (error) => {
      assert.equal(networkFault(error, 'a:1'), message, request.url)
      return true
    })
  await fails({ url: '/never', timeoutMs: 20 }, 'context deadline exceeded')
  await fails({ url: '/half', timeoutMs: 20 }, 'context deadline exceeded')
  await fails({ url: '/reset' }, 'EOF')
  await fails({ url: '/broken' }, 'EOF')
  const reason = new Error('stopped')
  await fails({ url: '/never', signal: AbortSignal.abort(reason) }, 'stopped')
  for (const url of ['/never', '/half']) {
    const controller = new AbortController()
    setTimeout(() => controller.abort(reason), 20)
    await fails({ url, signal: controller.signal }, 'stopped')
  }
})

test('leaving the body ends the connection', async (t) => {
  const { server } = await open(t, (_, response) => void response.write('begun'))
  const closed = new Promise((resolve) => server.on('connection', (socket) => socket.on('close', resolve)))
  const { body } = await openPlainStream({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` })
  for await (const part of body) {
    assert.equal(String(part), 'begun')
    break
  }
  await closed
})

test('nobody listening is told as Go does', async (t) => {
  const { server } = await open(t, () => {})
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  await assert.rejects(openPlainStream({ url: `http://127.0.0.1:${port}/` }), (error) => {
    assert.equal(networkFault(error, `x:${port}`), `dial tcp 127.0.0.1:${port}: connect: connection refused`)
    return true
  })
})

test('an answer that nobody waited for ends what was asked', { timeout: 60_000 }, async (t) => {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  await assert.rejects(openPlainStream({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, method: 'POST', body: 'a' }), {
    message: 'EOF',
  })
})

test('a body has its length with every method', async (t) => {
  const { ask } = await open(t, (request, response) => {
    let text = ''
    request.on('data', (part: Buffer) => {
      text += part
    })
    request.on('end', () => response.end(`${request.headers['content-length']} ${text}`))
  })
  for (const method of ['DELETE', 'GET', 'PUT', 'PATCH', 'OPTIONS'])
    assert.equal(await ask({ method, body: 'abc', transport: {} }), '200  3 abc', method)
})

test('a body that breaks off before anybody reads it is an error for who reads it, and for nobody else', async (t) => {
  const { server } = await open(t, (_, response) => {
    response.writeHead(200, { 'content-length': '10' })
    response.write('begun')
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const read = async (body: AsyncIterable<Uint8Array>) => {
    for await (const _ of body);
  }
  const broken = await openPlainStream({ url, transport: {} })
  server.closeAllConnections()
  await new Promise((resolve) => setTimeout(resolve, 20))
  await assert.rejects(read(broken.body), { message: 'EOF' })
  const controller = new AbortController()
  const unwanted = await openPlainStream({ url, transport: {}, signal: controller.signal })
  controller.abort(new Error('stopped'))
  await new Promise((resolve) => setTimeout(resolve, 20))
  await assert.rejects(read(unwanted.body), { message: 'stopped' })
})
