// In a process of its own: what it checks after each of its tests would be checked after those of others.
import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { type VirtualEnv, virtualEnv } from '../base/env-virtual.ts'
import { PLAIN_HTTP_CLIENT } from '../http-client/client-config.ts'
import { HttpClients } from '../http-client/clients.ts'
import { BufferPool } from './body-buffer.ts'
import { ScrapeClient, type ScrapeClientOptions } from './scrape-client.ts'
import { scrapeUrl } from './scrape-url.ts'
import { TimerQueue } from './timer-queue.ts'

const OPTIONS: ScrapeClientOptions = {
  url: scrapeUrl('http', 'target:80', '/metrics', new Map()),
  http: PLAIN_HTTP_CLIENT,
  accept: 'text/plain',
  enableCompression: true,
  timeoutMs: 10_000,
  bodyBytesMax: 1 << 20,
}

let buffers = new BufferPool(1 << 26)

afterEach(() => {
  assert.equal(buffers.usedBytes, 0, 'every buffer is given back')
  buffers = new BufferPool(1 << 26)
})

function client(env: VirtualEnv, options: Partial<ScrapeClientOptions> = {}): ScrapeClient {
  return new ScrapeClient(
    { env, timers: new TimerQueue(env.clock), buffers, clients: new HttpClients(env), userAgent: 'Promontory/1' },
    { ...OPTIONS, ...options },
  )
}

/** Answers the n-th request of all connections with the n-th answer; null closes the connection instead. Answers the requests it got. */
function serve(env: VirtualEnv, address: string, answers: readonly (string | Uint8Array | null)[]): string[] {
  const requests: string[] = []
  env.network.listenRaw(address, (peer) => ({
    data(bytes) {
      requests.push(Buffer.from(bytes).toString())
      const answer = answers[Math.min(requests.length, answers.length) - 1]
      if (answer === null) peer.end()
      else peer.write(answer)
    },
  }))
  return requests
}

async function fetchText(env: VirtualEnv, from: ScrapeClient, advanceMs = 20_000): Promise<string> {
  let outcome = 'nothing happened'
  const done = from.scrape().then(
    ({ body, contentType }) => {
      outcome = `${contentType}: ${Buffer.from(body.bytes.subarray(0, body.length)).toString()}`
      body.release()
    },
    (error: Error) => {
      outcome = error.message
    },
  )
  await env.clock.advance(advanceMs)
  // What goes through zlib's thread pool ends in real time.
  let timer: NodeJS.Timeout | undefined
  await Promise.race([done, new Promise((resolve) => (timer = setTimeout(resolve, 60_000)))])
  clearTimeout(timer)
  return outcome
}

function answer(body: string | Uint8Array, ...headers: string[]): Uint8Array {
  const content = Buffer.from(body)
  const head = ['HTTP/1.1 200 OK', 'Content-Type: text/plain', `Content-Length: ${content.length}`, ...headers].join('\r\n')
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`), content])
}

test('the request is what upstream sends', async () => {
  const env = virtualEnv()
  const requests = serve(env, 'target:80', [answer('a 1\n')])
  const basicAuth = { username: { text: 'u' }, password: { text: 'p' } }
  const from = client(env, { http: { ...OPTIONS.http, basicAuth }, timeoutMs: 1500 })
  assert.equal(await fetchText(env, from), 'text/plain: a 1\n')
  assert.deepEqual(requests, [
    [
      'GET /metrics HTTP/1.1',
      'Host: target:80',
      'User-Agent: Promontory/1',
      'Accept: text/plain',
      'Accept-Encoding: gzip',
      'X-Prometheus-Scrape-Timeout-Seconds: 1.5',
      'Authorization: Basic dTpw',
      '\r\n',
    ].join('\r\n'),
  ])
})

test('a connection is kept, and opened again when the other side closed it', async () => {
  const env = virtualEnv()
  let connections = 0
  let peerEnd = () => {}
  env.network.listenRaw('target:80', (peer) => {
    connections++
    peerEnd = () => peer.end()
    return { data: () => peer.write(answer('a 1\n')) }
  })
  const from = client(env)
  for (let i = 0; i < 3; i++) assert.equal(await fetchText(env, from), 'text/plain: a 1\n')
  assert.equal(connections, 1)
  peerEnd()
  await env.clock.advance(1)
  assert.equal(await fetchText(env, from), 'text/plain: a 1\n')
  assert.equal(connections, 2)
})

test('a request that meets a connection being closed is sent again, once', async () => {
  const env = virtualEnv()
  const requests = serve(env, 'target:80', [answer('a 1\n'), null, answer('a 2\n'), null, null])
  const from = client(env)
  assert.equal(await fetchText(env, from), 'text/plain: a 1\n')
  assert.equal(await fetchText(env, from), 'text/plain: a 2\n')
  assert.equal(await fetchText(env, from), 'Get "http://target:80/metrics": EOF')
  assert.equal(requests.length, 5)
})

test('what goes wrong is said in the words users know', async () => {
  const check = async (served: string | Uint8Array | null | undefined, want: string, options: Partial<ScrapeClientOptions> = {}) => {
    const env = virtualEnv()
    if (served !== undefined) serve(env, 'target:80', [served])
    assert.equal(await fetchText(env, client(env, options)), want)
  }
  const get = 'Get "http://target:80/metrics": '
  await check(undefined, `${get}dial tcp target:80: connect: connection refused`)
  await check(null, `${get}EOF`)
  await check('', `${get}context deadline exceeded`)
  await check('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc', `${get}context deadline exceeded`)
  await check('HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n', 'server returned HTTP status 500 Internal Server Error')
  await check('SMTP\r\n', `${get}malformed HTTP response "SMTP"`)
  await check(answer('x'.repeat(1000)), 'body size limit exceeded', { bodyBytesMax: 1000 })
  await check(answer(gzipSync('x'.repeat(1000)), 'Content-Encoding: gzip'), 'body size limit exceeded', { bodyBytesMax: 1000 })
  await check(answer('no gzip', 'Content-Encoding: gzip'), `${get}gzip: incorrect header check`)
  await check(answer(gzipSync('x'.repeat(1000)).subarray(0, 20), 'Content-Encoding: gzip'), `${get}gzip: unexpected end of file`)
  const ftp = scrapeUrl('ftp', 'target:80', '/metrics', new Map())
  await check(answer(''), 'Get "ftp://target:80/metrics": unsupported protocol scheme "ftp"', { url: ftp })
})

test('gzip is decoded, large pages piece by piece, bombs up to the limit', async () => {
  const check = async (size: number, bodyBytesMax: number, wantSize: number | string) => {
    const env = virtualEnv()
    serve(env, 'target:80', [answer(gzipSync(Buffer.alloc(size, 'a')), 'Content-Encoding: gzip')])
    const text = await fetchText(env, client(env, { bodyBytesMax, timeoutMs: 60_000 }))
    if (typeof wantSize === 'string') assert.equal(text, wantSize)
    else assert.equal(text.length - 'text/plain: '.length, wantSize)
  }
  await check(100_000, 1 << 20, 100_000)
  await check(6 << 20, 1 << 23, 6 << 20)
  await check(64 << 20, 1 << 20, 'body size limit exceeded')
})

test('redirects are followed, credentials stay with their host', async () => {
  const env = virtualEnv()
  const redirect = (to: string) => `HTTP/1.1 302 Found\r\nLocation: ${to}\r\nContent-Length: 5\r\n\r\nmoved`
  const first = serve(env, 'target:80', [redirect('/other'), redirect('http://elsewhere:81/x?y=z')])
  const second = serve(env, 'elsewhere:81', [answer('a 1\n')])
  const from = client(env, { http: { ...OPTIONS.http, authorization: { type: 'Bearer', credentials: { text: 'secret' } } } })
  assert.equal(await fetchText(env, from), 'text/plain: a 1\n')
  assert.deepEqual(
    [...first, ...second].map((text) => [text.split(' ')[1], text.includes('secret')]),
    [
      ['/metrics', true],
      ['/other', true],
      ['/x?y=z', false],
    ],
  )
  const loop = virtualEnv()
  serve(loop, 'target:80', [redirect('/again')])
  assert.equal(await fetchText(loop, client(loop)), 'Get "/again": stopped after 10 redirects')
  const plain = virtualEnv()
  serve(plain, 'target:80', [redirect('/other')])
  assert.equal(
    await fetchText(plain, client(plain, { http: { ...OPTIONS.http, followRedirects: false } })),
    'server returned HTTP status 302 Found',
  )
})

test('whatever a server sends, in whatever pieces, a fetch ends', async () => {
  const words = [
    'HTTP/1.1 200 OK\r\n',
    'Content-Length: 5\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Content-Encoding: gzip\r\n',
    '\r\n',
    '5\r\n',
    'hello',
    '0\r\n',
    '\0',
  ]
  const piece = fc.oneof(
    fc.constantFrom(...words).map((word) => Buffer.from(word)),
    fc.uint8Array({ maxLength: 40 }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 12 }), fc.boolean(), async (pieces, ends) => {
      const env = virtualEnv()
      env.network.listenRaw('target:80', (peer) => ({
        data() {
          for (const bytes of pieces) peer.write(bytes)
          if (ends) peer.end()
        },
      }))
      assert.notEqual(await fetchText(env, client(env), 11_000), 'nothing happened')
    }),
    { numRuns: 150 },
  )
})
