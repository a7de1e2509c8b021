import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashSync } from 'bcryptjs'
import type { HttpResponse } from './env.ts'
import { virtualEnv } from './env-virtual.ts'
import { guarded, type WebSettings } from './web-guard.ts'

const OPEN: WebSettings = { tls: undefined, users: new Map(), headers: {}, rateLimit: undefined }

function serve(settings: WebSettings) {
  const env = virtualEnv()
  const compared: string[] = []
  const { matchesBcrypt } = env.passwords
  const counting = {
    matchesBcrypt: (password: string, hash: string) => {
      compared.push(password)
      return matchesBcrypt(password, hash)
    },
  }
  let current = settings
  const handler = guarded(
    { ...env, passwords: counting },
    () => current,
    (_request, response) => response.end('served'),
  )
  const listening = env.http.listen({ host: 'a', port: 80 }, handler)
  const ask = async (headers: Record<string, string> = {}): Promise<HttpResponse> => {
    await listening
    const asked = env.http.request({ url: 'http://a:80/', headers })
    let settled = false
    void asked.finally(() => {
      settled = true
    })
    while (!settled) {
      await env.clock.advance(1)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return asked
  }
  return { env, compared, ask, change: (next: WebSettings) => (current = next) }
}

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })

test('who has no password is refused, and who has it is compared once', async () => {
  const { ask, compared, change } = serve({
    ...OPEN,
    users: new Map([['ann', hashSync('secret', 4)]]),
    headers: { 'X-Frame-Options': 'deny' },
  })
  const refused = await ask()
  assert.deepEqual(
    [refused.status, refused.headers['www-authenticate'], refused.headers['x-frame-options'], Buffer.from(refused.body).toString()],
    [401, 'Basic', 'deny', 'Unauthorized\n'],
  )
  for (const text of ['ann:Secret', 'ann:', 'bob:secret', ':secret', 'ann']) assert.equal((await ask(basic(text))).status, 401, text)
  for (const header of ['Bearer x', 'Basic', 'Basic !', 'Digest YTpi'])
    assert.equal((await ask({ authorization: header })).status, 401, header)
  assert.equal((await ask(basic('ann:secret'))).status, 200)
  assert.equal((await ask({ authorization: basic('ann:secret').authorization.replace('Basic', 'bASIC') })).status, 200)
  assert.equal((await ask(basic('ann:Secret'))).status, 401)
  assert.deepEqual(compared, ['Secret', '', 'secret', 'secret', 'secret'])
  // The verdict was about the old hash.
  change({ ...OPEN, users: new Map([['ann', hashSync('other', 4)]]) })
  assert.equal((await ask(basic('ann:secret'))).status, 401)
  change(OPEN)
  assert.equal((await ask()).status, 200)
})

test('verdicts are remembered up to a limit', async () => {
  const { ask, compared } = serve({ ...OPEN, users: new Map([['ann', hashSync('secret', 4)]]) })
  for (let i = 0; i < 130; i++) await ask(basic(`ann:${i}`))
  assert.equal(compared.length, 130)
  let again = 0
  for (let i = 0; i < 130; i++) {
    const before = compared.length
    await ask(basic(`ann:${i}`))
    again += compared.length - before
  }
  assert.ok(again >= 30, `${again} of 130 compared again`)
})

test('requests beyond the rate limit are refused until time has passed', async () => {
  const { ask, env } = serve({ ...OPEN, rateLimit: { burst: 2, intervalMs: 60_000 } })
  assert.deepEqual([(await ask()).status, (await ask()).status, (await ask()).status], [200, 200, 429])
  await env.clock.advance(60_000)
  assert.deepEqual([(await ask()).status, (await ask()).status], [200, 429])
})
