import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLIENT_CERTIFICATE, CLIENT_KEY, UNKNOWN_KEY } from '../../test/support/client-certificates.ts'
import { SERVER_CA } from '../../test/support/server-certificates.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { HttpClient, readBody } from './client.ts'
import { type HttpClientConfig, PLAIN_HTTP_CLIENT, PLAIN_TLS } from './client-config.ts'

async function servers() {
  const env = virtualEnv()
  const seen: string[] = []
  for (const host of ['a', 'b', 'b.a']) {
    await env.http.listen({ host, port: 80 }, (request, response) => {
      seen.push(`${host}${request.url} ${request.headers.authorization ?? 'nobody'}`)
      const [, status, to] = /^\/(\d+)=(.*)$/.exec(request.url ?? '') ?? []
      if (status === undefined) response.end('body')
      else response.writeHead(Number(status), { location: to }).end('moved')
    })
  }
  const get = async (url: string, config: Partial<HttpClientConfig> = {}, bytesMax = 100) => {
    const answer = new HttpClient(env, { ...PLAIN_HTTP_CLIENT, ...config })
      .send({ url })
      .then(async (response) => `${response.status} ${Buffer.from(await readBody(response, bytesMax))}`)
      .catch((error) => String(error))
    await env.clock.advance(1000)
    return [await answer, ...seen.splice(0)]
  }
  return get
}

const bearer = (text: string, type = 'Bearer') => ({ authorization: { type, credentials: { text } } })

test('credentials are sent to the host that is configured, and to those below it, until a redirect has led elsewhere', async () => {
  const get = await servers()
  const basicAuth = { username: { text: 'u' }, password: { text: 'p' } }
  assert.deepEqual(await get('http://a/x', { basicAuth }), ['200 body', 'a/x Basic dTpw'])
  assert.deepEqual(await get('http://a/x', bearer('t', 'Token')), ['200 body', 'a/x Token t'])
  assert.deepEqual(await get('http://u:p%20q@a/x', bearer('t')), ['200 body', `a/x Basic ${Buffer.from('u:p q').toString('base64')}`])
  assert.deepEqual(await get('http://a/302=/x', bearer('t')), ['200 body', 'a/302=/x Bearer t', 'a/x Bearer t'])
  assert.deepEqual(await get('http://a/308=http://b.a/x', bearer('t')), ['200 body', 'a/308=http://b.a/x Bearer t', 'b.a/x Bearer t'])
  assert.deepEqual(await get('http://a/302=http://b/302=http://a/x', bearer('t')), [
    '200 body',
    'a/302=http://b/302=http://a/x Bearer t',
    'b/302=http://a/x nobody',
    'a/x nobody',
  ])
})

test('headers that are secrets stay with their host', async () => {
  const env = virtualEnv()
  const seen: string[] = []
  for (const host of ['a', 'b']) {
    await env.http.listen({ host, port: 80 }, (request, response) => {
      seen.push(['x-token', 'x-secret', 'x-plain', 'cookie'].map((name) => request.headers[name] ?? '-').join(' '))
      if (host === 'a') response.writeHead(307, { location: 'http://b/' })
      response.end()
    })
  }
  const header = (name: string, text: string, isSecret = false) => ({ name, values: [{ text }], isSecret })
  const headers = [header('X-Secret', 's', true), header('X-Plain', 'p'), header('Cookie', 'c')]
  const client = new HttpClient(env, { ...PLAIN_HTTP_CLIENT, headers })
  const answer = client.send({ url: 'http://a/', secretHeaders: { 'x-token': 't' } })
  await env.clock.advance(1000)
  await answer
  assert.deepEqual(seen, ['t s p c', '- - p -'])
})

test('redirects end, are left alone when asked to, and lead to http only', async () => {
  const get = await servers()
  assert.equal((await get('http://a/301=http://a/301=http://a/'))[0], '200 body')
  assert.equal((await get('http://a/302='))[0], '302 moved')
  assert.deepEqual(await get('http://a/302=/x', { followRedirects: false }), ['302 moved', 'a/302=/x nobody'])
  assert.equal((await get('http://a/302=file:///etc/passwd'))[0], 'Error: Get "file:///etc/passwd": unsupported protocol scheme "file"')
  const [problem, ...seen] = await get('http://a/302=?x')
  assert.equal(problem, 'Error: Get "?x": stopped after 10 redirects')
  assert.equal(seen.length, 10)
})

test('a body that is too long is refused', async () => {
  const get = await servers()
  assert.equal((await get('http://a/', {}, 3))[0], 'Error: body is over 3 bytes')
})

test('what files hold is read again after a second, and told when it cannot be', async () => {
  const env = virtualEnv()
  const seen: string[] = []
  await env.http.listen({ host: 'a', port: 80 }, (request, response) => {
    seen.push(`${request.headers.authorization} ${request.headers['x-own']}`)
    response.end()
  })
  await env.fs.writeFile('/user', 'u\n')
  await env.fs.writeFile('/password', ' one ')
  await env.fs.writeFile('/header', 'h1')
  const client = new HttpClient(env, {
    ...PLAIN_HTTP_CLIENT,
    basicAuth: { username: { file: '/user' }, password: { file: '/password' } },
    headers: [{ name: 'X-Own', values: [{ text: 'a' }, { file: '/header' }], isSecret: true }],
  })
  const ask = async () => {
    const answer = client.send({ url: 'http://a/' }).then(
      () => seen.splice(0).join(),
      (error: Error) => error.message,
    )
    await env.clock.advance(100)
    return answer
  }
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
  assert.equal(await ask(), `${basic('u:one')} a, h1`)
  const access = client.access()
  await env.fs.writeFile('/password', 'two')
  assert.equal(client.access(), access)
  assert.equal(await ask(), `${basic('u:one')} a, h1`)
  await env.clock.advance(1000)
  assert.equal(await ask(), `${basic('u:two')} a, h1`)
  await env.fs.writeFile('/header', 'h1\r\nX-Evil: 1')
  await env.clock.advance(1000)
  assert.equal(await ask(), 'Get "http://a/": net/http: invalid header field value for "X-Own"')
  await env.fs.remove('/header')
  await env.clock.advance(1000)
  assert.equal(await ask(), 'Get "http://a/": unable to read headers file /header: open /header: no such file or directory')
  await env.fs.writeFile('/header', 'h2')
  await env.fs.remove('/password')
  await env.clock.advance(1000)
  assert.equal(
    await ask(),
    'Get "http://a/": unable to read basic auth password: unable to read file /password: open /password: no such file or directory',
  )
  await env.fs.writeFile('/password', 'three')
  await env.clock.advance(1000)
  assert.equal(await ask(), `${basic('u:three')} a, h2`)
})

test('a token endpoint that answers without an end is given up, in the header’s way and in the form’s', async () => {
  const env = virtualEnv()
  let asked = 0
  await env.http.listen({ host: 't', port: 80 }, (_request, response) => {
    asked++
    env.clock.setTicker(5000, () => response.write(' '))
  })
  const common = { clientId: 'id', scopes: [], endpointParams: {}, tls: undefined, proxy: undefined }
  const oauth2 = { ...common, grant: 'client_credentials', clientSecret: { text: 's' }, tokenUrl: 'http://ann:hidden@t/token' } as const
  const client = new HttpClient(env, { ...PLAIN_HTTP_CLIENT, oauth2 })
  const outcome = Promise.resolve(client.access()).then(
    () => 'a token',
    (error: Error) => error.message,
  )
  await env.clock.advance(61_000)
  assert.equal(await outcome, 'Post "http://ann:***@t/token": context deadline exceeded')
  assert.equal(asked, 2)
})

test('certificates are read again; what is none is named', async () => {
  const env = virtualEnv()
  const tls = { ...PLAIN_TLS, ca: { file: '/ca' }, cert: { text: CLIENT_CERTIFICATE }, key: { file: '/key' }, serverName: 'x' }
  const client = new HttpClient(env, { ...PLAIN_HTTP_CLIENT, tls })
  const read = async () => {
    await env.clock.advance(1000)
    return client.access()
  }
  await assert.rejects(read(), { message: 'unable to read CA cert: unable to read file /ca: open /ca: no such file or directory' })
  await env.fs.writeFile('/ca', 'nothing')
  await env.fs.writeFile('/key', UNKNOWN_KEY)
  await assert.rejects(read(), { message: 'unable to use specified CA cert file /ca' })
  await env.fs.writeFile('/ca', SERVER_CA)
  const pair = 'unable to use specified client cert (inline) & key (file /key): tls: '
  await assert.rejects(read(), { message: `${pair}private key does not match public key` })
  await env.fs.writeFile('/key', '-----BEGIN PRIVATE KEY-----\nhidden\n-----END PRIVATE KEY-----')
  await assert.rejects(read(), { message: `${pair}failed to parse private key` })
  await env.fs.writeFile('/key', CLIENT_KEY)
  const first = await read()
  assert.deepEqual(first.tls, { ca: SERVER_CA.trim(), cert: CLIENT_CERTIFICATE, key: CLIENT_KEY.trim(), servername: 'x' })
  assert.equal(await read(), first)
  await env.fs.writeFile('/ca', SERVER_CA + SERVER_CA)
  assert.notEqual((await read()).direct, first.direct)
})
