import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { HttpClient, readBody } from './http-client.ts'
import { type HttpClientConfig, PLAIN_HTTP_CLIENT } from './http-client-config.ts'

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
  assert.deepEqual(await get('http://a/302=/x', bearer('t')), ['200 body', 'a/302=/x Bearer t', 'a/x Bearer t'])
  assert.deepEqual(await get('http://a/308=http://b.a/x', bearer('t')), ['200 body', 'a/308=http://b.a/x Bearer t', 'b.a/x Bearer t'])
  assert.deepEqual(await get('http://a/302=http://b/302=http://a/x', bearer('t')), [
    '200 body',
    'a/302=http://b/302=http://a/x Bearer t',
    'b/302=http://a/x nobody',
    'a/x nobody',
  ])
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
