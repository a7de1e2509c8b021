import assert from 'node:assert/strict'
import type { IncomingHttpHeaders } from 'node:http'
import { test } from 'node:test'
import { collectGroups } from '../../test/support/discovered-groups.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { YamlScalar } from '../base/yaml-tree.ts'
import { PLAIN_HTTP_CLIENT } from '../http-client/client-config.ts'
import { httpDiscoverer, httpSdConfigsSchema, toHttpSdConfig } from './http.ts'

interface Answer {
  readonly status?: number
  readonly type?: string
  readonly body: string
  readonly cut?: boolean
}

async function watching() {
  const env = virtualEnv()
  const requests: IncomingHttpHeaders[] = []
  let answer: Answer | undefined
  await env.http.listen({ host: 'sd', port: 80 }, (request, response) => {
    requests.push(request.headers)
    if (answer === undefined) return
    const { status = 200, type = 'application/json', body, cut } = answer
    response.writeHead(status, { 'content-type': type, ...(cut ? { 'content-length': '1000' } : {}) })
    if (!cut) return void response.end(body)
    response.write(body)
    response.socket?.end()
  })
  const config = { url: 'http://sd/list', refreshIntervalMs: 30_000, client: PLAIN_HTTP_CLIENT }
  const found = collectGroups(env, httpDiscoverer(env, config, 'j'))
  const look = async (next: Answer | undefined, waitMs = 30_000) => {
    answer = next
    return found.look(waitMs)
  }
  return { env, requests, look, stop: found.stop }
}

const json = (value: unknown) => ({ body: JSON.stringify(value) })

test('groups are listed, changed and emptied', async () => {
  const { requests, look, stop } = await watching()
  const a = { targets: ['a:1', '[::1]:2'], labels: { x: 'y' } }
  assert.deepEqual(await look(json([a, { targets: ['b:1'] }])), [
    'http://sd/list:0 {__meta_url="http://sd/list", x="y"} {__address__="a:1"} {__address__="[::1]:2"}',
    'http://sd/list:1 {__meta_url="http://sd/list"} {__address__="b:1"}',
  ])
  assert.deepEqual(await look(json([a, { targets: ['b:1'], labels: null }])), [])
  assert.deepEqual(await look(json([a])), ['http://sd/list:1 {}'])
  assert.deepEqual(await look({ ...json(null), type: 'Application/JSON; charset="utf-8"' }), ['http://sd/list:0 {}'])
  assert.equal(requests[0]['x-prometheus-refresh-interval-seconds'], '30')
  assert.equal(requests[0].accept, 'application/json')
  await stop()
})

test('finding nothing at first is an answer', async () => {
  const { look, stop } = await watching()
  assert.deepEqual(await look(json([])), ['nothing'])
  assert.deepEqual(await look(json([])), [])
  await stop()
})

test('whatever is wrong keeps the targets, counts and says so', async () => {
  const { env, look, stop } = await watching()
  const good = json([{ targets: ['a:1'] }])
  assert.equal((await look(good)).length, 1)
  const bad: [Answer | undefined, RegExp][] = [
    [{ body: 'x', status: 503 }, /^server returned HTTP status 503 Service Unavailable$/],
    [{ body: '[]', type: 'text/html' }, /^unsupported content type "text\/html"$/],
    [{ body: '[]', type: 'application/json; charset=latin1' }, /^unsupported content type/],
    [{ body: '[{"targets": ["a:1"]' }, /JSON/],
    [{ body: '[null]' }, /nil target group item found/],
    [{ body: '{"targets": []}' }, /want a list/],
    [{ body: '[{"targets":["a', cut: true }, /aborted|terminated/],
    [undefined, /timed out/],
  ]
  for (const [answer, want] of bad) {
    assert.deepEqual(await look(answer), [])
    if (answer === undefined) await env.clock.advance(30_000)
    assert.match(String(env.lines.at(-1)?.fields.error), want)
  }
  const metrics = await env.metrics.metrics()
  assert.match(metrics, /prometheus_sd_http_failures_total 8\n/)
  assert.match(metrics, /prometheus_sd_refresh_failures_total\{mechanism="http",config="j"\} 8\n/)
  assert.match(metrics, /prometheus_sd_refresh_duration_seconds_count\{mechanism="http",config="j"\} 10\n/)
  assert.deepEqual(await look(json([{ targets: ['a:2'] }])), ['http://sd/list:0 {__meta_url="http://sd/list"} {__address__="a:2"}'])
  await stop()
})

test('an abort ends a request under way', async () => {
  const { env, look, stop } = await watching()
  assert.deepEqual(await look(undefined, 1000), [])
  await stop()
  assert.deepEqual(env.lines, [])
})

test('a proxy must be a URL, or nothing', () => {
  const check = (proxy: string, want: string | undefined) => {
    const scalars = { url: new YamlScalar('http://x', false), proxy_url: new YamlScalar(proxy, false) }
    const parsed = httpSdConfigsSchema.read([scalars])
    assert.equal(parsed.success ? undefined : parsed.problems[0].message, want)
  }
  check('', undefined)
  check('http://proxy:3128', undefined)
  check('1.5s', 'found "1.5s", want a URL such as http://host:9090/path')
})

test('a URL must be one of HTTP', () => {
  const check = (url: string | undefined, want: string | undefined) => {
    const parsed = httpSdConfigsSchema.read([{ url: url === undefined ? undefined : new YamlScalar(url, false) }])
    assert.equal(parsed.success ? undefined : parsed.problems[0].message, want)
  }
  check(undefined, 'URL is missing')
  check('ftp://x', "URL scheme must be 'http' or 'https'")
  check('http:///x', 'host is missing in URL')
  check('http://x:port/', 'found "http://x:port/", want a URL such as http://host:9090/path')
  check('https://x/y?z', undefined)
  assert.equal(toHttpSdConfig({ url: 'http://x' }, PLAIN_HTTP_CLIENT).refreshIntervalMs, 60_000)
})
