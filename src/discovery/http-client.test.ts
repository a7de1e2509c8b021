import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { openGet, PLAIN_HTTP_CLIENT, readBody } from './http-client.ts'

async function servers() {
  const env = virtualEnv()
  const seen: string[] = []
  for (const host of ['a', 'b']) {
    await env.http.listen({ host, port: 80 }, (request, response) => {
      seen.push(`${host}${request.url} ${request.headers.authorization ?? 'nobody'}`)
      const [, status, to] = /^\/(\d+)=(.*)$/.exec(request.url ?? '') ?? []
      if (status === undefined) response.end('body')
      else response.writeHead(Number(status), { location: to }).end('moved')
    })
  }
  const get = async (url: string, client = {}, bytesMax = 100) => {
    const answer = openGet(env, { ...PLAIN_HTTP_CLIENT, ...client }, { url })
      .then(async (response) => `${response.status} ${Buffer.from(await readBody(response, bytesMax))}`)
      .catch((error) => String(error))
    await env.clock.advance(1000)
    return [await answer, ...seen.splice(0)]
  }
  return get
}

test('credentials are sent to the server that is configured only', async () => {
  const get = await servers()
  const basicAuth = { username: 'u', password: 'p' }
  assert.deepEqual(await get('http://a/x', { basicAuth }), ['200 body', 'a/x Basic dTpw'])
  assert.deepEqual(await get('http://a/x', { bearerToken: 't', authorizationType: 'Token' }), ['200 body', 'a/x Token t'])
  assert.deepEqual(await get('http://a/302=/x', { bearerToken: 't' }), ['200 body', 'a/302=/x Bearer t', 'a/x Bearer t'])
  assert.deepEqual(await get('http://a/308=http://b/x', { bearerToken: 't' }), ['200 body', 'a/308=http://b/x Bearer t', 'b/x nobody'])
})

test('redirects end, are left alone when asked to, and lead to http only', async () => {
  const get = await servers()
  assert.equal((await get('http://a/301=http://a/301=http://a/'))[0], '200 body')
  assert.deepEqual(await get('http://a/302=/x', { followRedirects: false }), ['302 moved', 'a/302=/x nobody'])
  assert.equal(
    (await get('http://a/302=file:///etc/passwd'))[0],
    'Error: get http://a/302=file:///etc/passwd: redirect to "file:///etc/passwd", want an http URL',
  )
  const [problem, ...seen] = await get('http://a/302=')
  assert.equal(problem, 'Error: get http://a/302=: stopped after 10 redirects')
  assert.equal(seen.length, 11)
})

test('a body that is too long is refused', async () => {
  const get = await servers()
  assert.equal((await get('http://a/', {}, 3))[0], 'Error: body is over 3 bytes')
})
