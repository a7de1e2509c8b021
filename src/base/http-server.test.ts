import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { inject } from '../../test/support/inject.ts'
import type { HttpListener } from './env.ts'
import { realEnv } from './env-real.ts'
import { virtualEnv } from './env-virtual.ts'
import { errorMessage } from './errors.ts'
import { acceptsGzip, errorAnswer, textAnswer } from './http-answer.ts'
import { corsHeaders } from './http-cors.ts'
import { HttpMetrics } from './http-metrics.ts'
import { Routes } from './http-routes.ts'
import { HttpApp, httpService } from './http-server.ts'
import { realClock } from './real/clock.ts'
import { refuse } from './web-guard.ts'

const quiet = virtualEnv().log

function appWithRoutes() {
  const env = { ...virtualEnv(), clock: realClock }
  const app = new HttpApp()
  const routes = new Routes(app, {
    env,
    metrics: new HttpMetrics(env.metrics),
    prefix: '/p',
    headers: () => ({ 'x-all': '1' }),
    onError: (error) => errorAnswer(500, errorMessage(error)),
  })
  return { env, app, routes }
}

test('a route answers its methods, others get 405 with what is allowed', async () => {
  const { env, app, routes } = appWithRoutes()
  routes.add('/things/:name', { GET: (request) => textAnswer(200, request.param('name')), HEAD: () => textAnswer(200, 'unseen') })
  const check = async (method: 'GET' | 'HEAD' | 'PUT' | 'OPTIONS', url: string, status: number, body: string) => {
    const answer = await inject(app, { method, url })
    assert.equal(answer.status, status, `${method} ${url}`)
    assert.equal(answer.text, body)
    return answer
  }
  assert.equal((await check('GET', '/p/things/a%2Fb', 200, 'a/b')).headers['x-all'], '1')
  await check('HEAD', '/p/things/a', 200, '')
  assert.equal((await check('PUT', '/p/things/a', 405, 'Method Not Allowed\n')).headers['allow'], 'GET, HEAD, OPTIONS')
  assert.equal((await check('OPTIONS', '/p/things/a', 200, '')).headers['allow'], 'GET, HEAD, OPTIONS')
  await check('GET', '/things/a', 404, '404 page not found\n')
  await check('GET', `/p/things/${'x'.repeat(5000)}`, 200, 'x'.repeat(5000))
  assert.match(await env.metrics.metrics(), /prometheus_http_requests_total\{handler="\/things\/:name",code="200"\} 3\n/)
})

test('a handler that throws is answered by onError', async () => {
  const { app, routes } = appWithRoutes()
  routes.add('/bad', {
    GET: () => {
      throw new Error('no luck')
    },
  })
  const answer = await inject(app, '/p/bad')
  assert.deepEqual([answer.status, answer.text], [500, 'no luck\n'])
})

test('bodies over the limit of the route are refused', async () => {
  const { app, routes } = appWithRoutes()
  routes.add('/in', { POST: (request) => textAnswer(200, String(request.body.length)) }, { bodyBytesMax: 10 })
  const post = (payload: string) => inject(app, { method: 'POST', url: '/p/in', payload, headers: { 'content-type': 'x/y' } })
  assert.equal((await post('0123456789')).text, '10')
  const answer = await post('0123456789x')
  assert.deepEqual([answer.status, answer.text], [413, 'http: request body too large\n'])
})

test('a body of unknown length is read to its end or to the limit; one that is lost is nobody’s', async () => {
  const { app, routes } = appWithRoutes()
  let served = 0
  const serve = (request: { readonly body: Uint8Array }) => {
    served++
    return textAnswer(200, String(request.body.length))
  }
  routes.add('/in', { POST: serve, DELETE: serve, GET: serve }, { bodyBytesMax: 100 })
  const chunked = (payload: string) => inject(app, { method: 'POST', url: '/p/in', payload, headers: { 'transfer-encoding': 'chunked' } })
  assert.equal((await chunked('x'.repeat(100))).text, '100')
  const refused = await chunked('x'.repeat(101))
  assert.deepEqual([refused.status, refused.headers.connection], [413, 'close'])
  assert.equal((await inject(app, { method: 'DELETE', url: '/p/in', payload: 'abc' })).text, '3')
  assert.equal((await inject(app, { method: 'POST', url: '/p/in' })).text, '0')
  const before = served
  const server = createServer(app.handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const closed = new Promise((resolve) => server.on('connection', (socket) => socket.on('close', resolve)))
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.write('POST /p/in HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234', () => client.destroy())
  await closed
  server.close()
  assert.equal(served, before)
})

test('what is still coming when somebody else has answered is nobody’s, and is not waited for', { timeout: 60_000 }, async (t) => {
  const { app, routes } = appWithRoutes()
  const served: string[] = []
  const serve = ({ method, body }: { readonly method: string; readonly body: Uint8Array }) => {
    served.push(`${method} ${body.length}`)
    return textAnswer(200, 'served')
  }
  routes.add('/in', { POST: serve, GET: serve }, { bodyBytesMax: 100 })
  const server = createServer((request, response) => {
    app.handle(request, response)
    if (request.method === 'POST') request.once('data', () => refuse(response, 503, 'late'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  t.after(() => {
    client.destroy()
    server.close()
  })
  let got = ''
  const until = (wanted: string) =>
    new Promise<void>((resolve) => {
      const look = () => void (got.includes(wanted) && resolve())
      client.on('data', look)
      look()
    })
  client.on('data', (part) => {
    got += part
  })
  client.on('error', () => {})
  client.write('POST /p/in HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234')
  await until('late')
  client.write('56789GET /p/in HTTP/1.1\r\nHost: a\r\n\r\n')
  await until('served')
  assert.deepEqual(served, ['GET 0'])
  got = ''
  const closed = new Promise((resolve) => client.on('close', resolve))
  client.write('POST /p/in HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n')
  await until('late')
  client.write(`80\r\n${'x'.repeat(128)}\r\n`)
  await closed
  assert.deepEqual(served, ['GET 0'])
})

test('what leads nowhere is not found, and a path that is badly escaped is refused', async () => {
  const { app, routes } = appWithRoutes()
  routes.add('/things/:name', { GET: (request) => textAnswer(200, `${request.param('name')} ${request.query.all('q').join()}`) })
  const check = async (method: string, url: string, status: number, text: string) => {
    const answer = await inject(app, { method, url })
    assert.deepEqual([answer.status, answer.text], [status, text], url)
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
  }
  await check('GET', '/p/things/%zz', 400, "'/p/things/%zz' is not a valid url component\n")
  await check('POST', '/nowhere', 404, '404 page not found\n')
  await check('TRACE', '/p/things/a', 404, '404 page not found\n')
  await check('GET', 'http://host:1/p/things/a?q=1', 200, 'a 1')
  await check('GET', '/p/things/a?q=/x%20y', 200, 'a /x y')
})

test('form parameters of the body come before those of the URL', async () => {
  const { app, routes } = appWithRoutes()
  routes.add('/form', { POST: ({ form, query }) => textAnswer(200, `${form.all('a').join()} ${query.all('a').join()}`) })
  const post = (type: string) => inject(app, { method: 'POST', url: '/p/form?a=2', payload: 'a=1', headers: { 'content-type': type } })
  assert.equal((await post('application/x-www-form-urlencoded; charset=utf-8')).text, '1,2 2')
  assert.equal((await post('application/json')).text, '2 2')
})

test('answers are compressed for those who ask, when it pays', async () => {
  const { app, routes } = appWithRoutes()
  const long = 'promontory '.repeat(1000)
  function* parts() {
    for (let i = 0; i < 100; i++) yield Buffer.from(long)
  }
  routes.add('/short', { GET: () => textAnswer(200, 'short') })
  routes.add('/long', { GET: () => textAnswer(200, long) })
  routes.add('/parts', { GET: () => ({ status: 200, headers: {}, body: parts() }) })
  const check = async (url: string, acceptEncoding: string, want: string, zipped: boolean) => {
    const answer = await inject(app, { url, headers: { 'accept-encoding': acceptEncoding } })
    assert.equal(answer.headers['content-encoding'], zipped ? 'gzip' : undefined, `${url} ${acceptEncoding}`)
    assert.equal((zipped ? gunzipSync(answer.bytes) : answer.bytes).toString(), want)
  }
  await check('/p/short', 'gzip', 'short', false)
  await check('/p/long', 'gzip, deflate', long, true)
  await check('/p/long', 'deflate', long, false)
  await check('/p/parts', 'br, gzip', long.repeat(100), true)
  await check('/p/parts', '', long.repeat(100), false)
  assert.equal(acceptsGzip('gzip;q=0'), false)
})

test('a small answer of several parts has its length', async () => {
  const { app, routes } = appWithRoutes()
  const part = 'promontory '.repeat(1000)
  const answer = (count: number) => ({ status: 200, headers: {}, body: new Array<Uint8Array>(count).fill(Buffer.from(part)).values() })
  routes.add('/parts/:count', { GET: (request) => answer(Number(request.param('count'))) })
  for (const count of [0, 1, 2, 20]) {
    const { headers, text } = await inject(app, { url: `/p/parts/${count}` })
    assert.equal(headers['content-length'], String(part.length * count))
    assert.equal(text, part.repeat(count))
  }
})

test('corsHeaders lets the configured origins in', () => {
  const check = (origin: string | undefined, pattern: RegExp, want: string | undefined) =>
    assert.equal(corsHeaders(origin, pattern)['access-control-allow-origin'], want)
  check('http://a.com', /^.*$/, 'http://a.com')
  check('http://a.com', /^http:\/\/b\.com$/, undefined)
  check(undefined, /^.*$/, undefined)
  assert.deepEqual(corsHeaders(undefined, /x/), { vary: 'Origin' })
})

test('a service serves long requests at all its addresses until the stop; a port taken is an error that says who wanted it', async () => {
  const env = realEnv(quiet)
  const listening = Promise.withResolvers<readonly HttpListener[]>()
  const stop = new AbortController()
  const service = (...ports: number[]) =>
    httpService({
      env,
      role: 'server',
      flag: '--web.listen-address',
      addresses: ports.map((port) => ({ host: '127.0.0.1', port })),
      graceMs: 1000,
      readTimeoutMs: 60_000,
      connectionsMax: 10,
      register: (app) =>
        new Routes(app, { env, metrics: new HttpMetrics(virtualEnv().metrics), prefix: '', onError: () => errorAnswer(500, '') }).add('/', {
          GET: () => textAnswer(200, 'here'),
        }),
      onListening: listening.resolve,
    })
  const running = service(0, 0).run(stop.signal, () => {})
  const ports = (await listening.promise).map((listener) => listener.port)
  assert.equal(ports.length, 2)
  for (const port of ports) {
    const answer = await env.http.request({ url: `http://127.0.0.1:${port}/` })
    assert.equal(Buffer.from(answer.body).toString(), 'here')
  }
  const long = await env.http.request({ url: `http://127.0.0.1:${ports[0]}/?${'match[]=some_metric&'.repeat(10_000)}` })
  assert.equal(long.status, 200)
  const tooLong = await env.http.request({ url: `http://127.0.0.1:${ports[0]}/?${'x'.repeat(300_000)}` })
  assert.equal(tooLong.status, 431)
  await assert.rejects(
    service(0, ports[1]).run(stop.signal, () => {}),
    { message: `listen on 127.0.0.1:${ports[1]} (server, --web.listen-address): address already in use` },
  )
  stop.abort()
  await running
  for (const port of ports) await assert.rejects(env.http.request({ url: `http://127.0.0.1:${port}/` }))
})

test('a connection that was busy at the stop is closed when it has its answer', { timeout: 60_000 }, async () => {
  const env = realEnv(quiet)
  const listening = Promise.withResolvers<readonly HttpListener[]>()
  const [arrived, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const stop = new AbortController()
  const running = httpService({
    env,
    role: 'server',
    flag: '--web.listen-address',
    addresses: [{ host: '127.0.0.1', port: 0 }],
    graceMs: 60_000,
    readTimeoutMs: 60_000,
    register: (app) =>
      new Routes(app, { env, metrics: new HttpMetrics(virtualEnv().metrics), prefix: '', onError: () => errorAnswer(500, '') }).add('/', {
        GET: async () => {
          arrived.resolve()
          await go.promise
          return textAnswer(200, 'whole')
        },
      }),
    onListening: listening.resolve,
  }).run(stop.signal, () => {})
  const [{ port }] = await listening.promise
  const client = connect(port, '127.0.0.1')
  let got = ''
  client.on('data', (part) => {
    got += part
  })
  const closed = new Promise((resolve) => client.on('close', resolve))
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await arrived.promise
  stop.abort()
  go.resolve()
  await Promise.all([running, closed])
  assert.match(got, /whole$/)
})

test('a client that goes away aborts what is done for it', async () => {
  const env = realEnv(quiet)
  const stop = new AbortController()
  const listening = Promise.withResolvers<readonly HttpListener[]>()
  const arrived = Promise.withResolvers<void>()
  const aborted = Promise.withResolvers<void>()
  const running = httpService({
    env,
    role: 'server',
    flag: '--web.listen-address',
    addresses: [{ host: '127.0.0.1', port: 0 }],
    graceMs: 1000,
    register: (app) =>
      new Routes(app, { env, metrics: new HttpMetrics(env.metrics), prefix: '', onError: () => errorAnswer(500, '') }).add('/slow', {
        GET: async ({ signal }) => {
          arrived.resolve()
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
          aborted.resolve()
          return textAnswer(499, '')
        },
      }),
    onListening: listening.resolve,
  }).run(stop.signal, () => {})
  const [{ port }] = await listening.promise
  const socket = env.tcp.connect(
    { host: '127.0.0.1', port },
    { connected: () => socket.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n'), data: () => {}, closed: () => {} },
  )
  await arrived.promise
  socket.destroy()
  await aborted.promise
  stop.abort()
  await running
})

test('the same server answers on a virtual network', async () => {
  const env = virtualEnv()
  const stop = new AbortController()
  const long = Buffer.alloc(300_000, 'x')
  const running = httpService({
    env,
    role: 'server',
    flag: '--web.listen-address',
    addresses: [{ host: 'a', port: 80 }],
    graceMs: 1000,
    register: (app) =>
      new Routes(app, { env, metrics: new HttpMetrics(env.metrics), prefix: '', onError: () => errorAnswer(500, '') }).add('/', {
        POST: ({ body }) => ({ status: 200, headers: {}, body: [body, long, long] }),
      }),
  }).run(stop.signal, () => {})
  await env.clock.advance(1)
  const answer = env.http.request({ url: 'http://a/', method: 'POST', body: 'ping', headers: { 'content-type': 'text/plain' } })
  await env.clock.advance(1000)
  const { status, body } = await answer
  assert.deepEqual([status, body.length, Buffer.from(body.subarray(0, 5)).toString()], [200, 600_004, 'pingx'])
  stop.abort()
  await env.clock.advance(2000)
  await running
})
