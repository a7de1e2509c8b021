import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiClient, apiDeps } from '../../test/support/api-deps.ts'

async function built(changes: Parameters<typeof apiDeps>[0] = {}) {
  const deps = apiDeps(changes)
  await deps.env.fs.mkdir('/ui/dist/assets')
  await deps.env.fs.writeFile('/ui/dist/index.html', '<!doctype html><title>Built</title>')
  await deps.env.fs.writeFile('/ui/dist/favicon.svg', '<svg/>')
  await deps.env.fs.writeFile('/ui/dist/assets/main-1a2b.js', 'let a')
  await deps.env.fs.writeFile('/ui/secret.txt', 'secret')
  return apiClient(deps)
}

test('pages are one document that is asked for each time', async () => {
  const call = await built()
  for (const path of ['/', '/query', '/query?g0.expr=up', '/targets', '/alerts']) {
    const { status, body, headers } = await call(path)
    assert.deepEqual(
      [status, body, headers['content-type'], headers['cache-control']],
      [200, '<!doctype html><title>Promontory</title>', 'text/html; charset=utf-8', 'no-cache'],
      path,
    )
    assert.match(String(headers['content-security-policy']), /^default-src 'self'; /)
    assert.equal(headers['x-content-type-options'], 'nosniff')
  }
})

test('assets are kept for good, and nothing else is given away', async () => {
  const call = await built()
  const asset = await call('/assets/main-1a2b.js')
  assert.deepEqual(
    [asset.status, asset.body, asset.headers['content-type'], asset.headers['cache-control']],
    [200, 'let a', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
  )
  assert.equal((await call('/favicon.svg')).headers['content-type'], 'image/svg+xml')
  for (const path of [
    '/assets/none.js',
    '/assets/',
    '/assets/../../secret.txt',
    '/assets/%2e%2e/%2e%2e/secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/assets/%00',
    '/nothing',
    '/favicon.ico',
  ]) {
    const { status, body } = await call(path)
    assert.deepEqual([status, body], [404, '404 page not found\n'], path)
  }
})

test('without a build the page says what is missing, and the API works', async () => {
  const call = apiClient(apiDeps())
  const { status, body } = await call('/')
  assert.equal(status, 404)
  assert.match(body, /\/ui\/dist\/index\.html is missing\. Build it with `npm run prepare`/)
  assert.equal((await call('/api/v1/labels')).status, 200)
})

test('the title and the files of an operator', async () => {
  const call = await built({ pageTitle: 'Fleet <1> & $& more', userAssets: '/ui/dist/assets' })
  assert.equal((await call('/query')).body, '<!doctype html><title>Fleet &lt;1&gt; &amp; $&amp; more</title>')
  const { status, body, headers } = await call('/user/main-1a2b.js')
  assert.deepEqual([status, body, headers['content-type']], [200, 'let a', 'text/javascript; charset=utf-8'])
  for (const path of ['/user/none.js', '/user/', '/user/../index.html', '/user/%2e%2e/index.html']) {
    assert.equal((await call(path)).status, 404, path)
  }
  assert.equal((await (await built())('/user/main-1a2b.js')).status, 404)
})
