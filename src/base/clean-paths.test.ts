import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inject } from '../../test/support/inject.ts'
import { redirectingUnclean } from './clean-paths.ts'

// Places and texts are what Alertmanager 0.33 answers.

const handle = redirectingUnclean((request, response) => void response.end(`served ${request.url}`))

test('who asks for an unclean path is sent to the clean one', async () => {
  const check = async (url: string, location: string | undefined, method: 'GET' | 'POST' | 'HEAD' = 'GET') => {
    const answer = await inject({ handle }, { method, url })
    assert.equal(answer.headers['location'], location, url)
    assert.equal(answer.status, location === undefined ? 200 : 301, url)
    return answer
  }
  await check('//api/v2/alerts?filter=//a/../b', '/api/v2/alerts?filter=//a/../b')
  await check('/api/../api/v2/receivers', '/api/v2/receivers')
  await check('/api/./v2/receivers/.', '/api/v2/receivers')
  await check('/api/v2/receivers//', '/api/v2/receivers/')
  await check('/../../../etc/passwd', '/etc/passwd')
  for (const url of ['//', '/.', '/..', '/x/../']) await check(url, '/')
  await check('/%2e%2E/metrics', '/metrics')
  await check('/%2fmetrics', '/metrics')
  await check('/a%2F..//b', '/b')
  await check('//example.com/x', '/example.com/x')
  await check('/\\example.com//x', '/%5Cexample.com/x')
  await check('/a%20b;c//c', '/a%20b;c/c')
  await check('http://h/api//v2/receivers', '/api/v2/receivers')
  await check('//x?', '/x')
  for (const url of ['/', '/x', '/x/', '/.x', '/x/...', '/a%2Fb', '/%zz//x', '/x?a=//b', '*']) await check(url, undefined)

  const page = await check("/a'<>//c?<x>", '/a%27%3C%3E/c?<x>')
  assert.equal(page.text, '<a href="/a%27%3C%3E/c?&lt;x&gt;">Moved Permanently</a>.\n\n')
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8')
  const post = await check('//api/v2/alerts', '/api/v2/alerts', 'POST')
  assert.deepEqual([post.text, post.headers['content-type']], ['', undefined])
  assert.equal((await check('/x', undefined)).text, 'served /x')
})
