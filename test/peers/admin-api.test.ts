// The admin API answers as that of Prometheus does, and does the same to what is stored.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { peer } from '../support/peers.ts'
import { freePort, PROMONTORY, Program } from '../support/program.ts'
import { messageV1, snappyBlock, V1 } from '../support/write-requests.ts'

const NOW = Math.floor(Date.now() / 15_000) * 15_000
const at = (seconds: number) => String(NOW / 1000 + seconds)

/** In this order; the answers are compared, and after each what is stored. */
const REQUESTS: readonly (readonly [string, RequestInit?])[] = [
  ['delete_series'],
  ['delete_series', { method: 'GET' }],
  ['delete_series?match[]={'],
  ['delete_series?match[]=up&start=yesterday'],
  ['delete_series?match[]=up&end=x'],
  ['delete_series?match[]=nothing'],
  [`delete_series?match[]=a&start=${at(-300)}&end=${at(-150)}`],
  [`delete_series?start=${at(-100)}`, { method: 'PUT', body: new URLSearchParams({ 'match[]': '{n=~"1|2"}', end: at(-50) }) }],
  [`delete_series?match[]=a{n="3"}&match[]=b{n="3"}`],
  ['delete_series?match[]=a&start=10&end=5'],
  ['clean_tombstones'],
  ['clean_tombstones', { method: 'PUT' }],
  ['snapshot?skip_head=maybe'],
  ['snapshot', { method: 'GET' }],
  ['snapshot'],
  ['snapshot?skip_head=1', { method: 'PUT' }],
]

async function start(t: TestContext, directory: string, command: string, first: readonly string[]): Promise<Program> {
  mkdirSync(directory)
  writeFileSync(join(directory, 'prometheus.yml'), '')
  const port = await freePort()
  const flags = [
    `--config.file=${join(directory, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--web.enable-admin-api',
    '--web.enable-remote-write-receiver',
  ]
  const server = new Program(command, [...first, ...flags], `http://127.0.0.1:${port}`)
  t.after(() => server.stop('SIGKILL'))
  await server.ready()
  const series = ['a', 'b'].flatMap((name) =>
    [1, 2, 3].map((n) => ({
      labels: [
        ['__name__', name],
        ['n', String(n)],
      ] as const,
      samples: Array.from({ length: 40 }, (_, i) => [NOW - (40 - i) * 15_000, i * n] as const),
    })),
  )
  const response = await fetch(`${server.url}/api/v1/write`, {
    method: 'POST',
    headers: { 'content-type': V1, 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' },
    body: Uint8Array.from(snappyBlock(messageV1(series))),
  })
  assert.ok(response.ok, await response.text())
  return server
}

/** What cannot be the same is taken out. */
async function answer(server: Program, path: string, init: RequestInit = {}): Promise<unknown> {
  const response = await fetch(`${server.url}/api/v1/admin/tsdb/${path}`, { method: 'POST', ...init })
  const body = (await response.text()).replace(/\d{8}T\d{6}Z-[0-9a-f]{16}/, 'NAME')
  return [response.status, response.headers.get('content-type'), body]
}

async function stored(server: Program): Promise<readonly string[]> {
  const { result } = await server.api<{ result: readonly { metric: unknown; values: unknown }[] }>('query', {
    query: '{__name__=~"a|b"}[20m]',
    time: NOW / 1000,
  })
  return result.map((one) => JSON.stringify(one)).sort()
}

test('requests to the admin API are answered as by Prometheus, and have the same effect', async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-admin-'))
  t.after(() => rmSync(directory, { recursive: true, force: true, maxRetries: 10 }))
  const ours = await start(t, join(directory, 'ours'), PROMONTORY, ['server'])
  const theirs = await start(t, join(directory, 'theirs'), binary, [])
  assert.equal((await stored(ours)).length, 6)
  for (const [path, init] of REQUESTS) {
    const [got, want] = [await answer(ours, path, init), await answer(theirs, path, init)]
    // Go's router says nothing of methods that are not there but which are.
    assert.deepEqual(init?.method === 'GET' ? (got as unknown[])[0] : got, init?.method === 'GET' ? (want as unknown[])[0] : want, path)
    assert.deepEqual(await stored(ours), await stored(theirs), path)
  }
  assert.equal((await stored(ours)).length, 4)
})
