import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Program, startServer } from '../support/program.ts'
import { messageV1, snappyBlock, V1 } from '../support/write-requests.ts'

async function write(server: Program, values: readonly number[], now: number): Promise<void> {
  const labels = [['__name__', 'm']] as const
  const exemplars = values.map((value) => ({ labels: [['trace_id', `t${value}`]] as const, value, t: now + value }))
  const response = await fetch(`${server.url}/api/v1/write`, {
    method: 'POST',
    headers: { 'content-type': V1, 'content-encoding': 'snappy' },
    body: snappyBlock(messageV1([{ labels, samples: [[now + values[0], 1]], exemplars }])) as Uint8Array<ArrayBuffer>,
  })
  assert.equal(response.status, 204, await response.text())
}

async function stored(server: Program): Promise<number[]> {
  const found = await server.api<{ exemplars: { value: string }[] }[]>('query_exemplars', { query: 'm' })
  return found.flatMap(({ exemplars }) => exemplars.map(({ value }) => Number(value)))
}

test('as many exemplars are kept as the configuration says, over a reload and a restart', { timeout: 600_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-exemplars-'))
  const configFile = join(directory, 'prometheus.yml')
  const configure = (max: number) => writeFileSync(configFile, `storage: {exemplars: {max_exemplars: ${max}}}\n`)
  const start = async (...flags: string[]) => {
    const own = ['--web.enable-remote-write-receiver', '--web.enable-lifecycle', '--log.level=warn', ...flags]
    return (await startServer({ configFile, dataDir: join(directory, 'data'), flags: own })).ready()
  }
  const now = Date.now()
  configure(5)
  let server = await start('--enable-feature=exemplar-storage')
  try {
    await write(server, [1, 2, 3, 4, 5, 6, 7, 8], now)
    assert.deepEqual(await stored(server), [4, 5, 6, 7, 8])
    configure(2)
    assert.equal((await fetch(`${server.url}/-/reload`, { method: 'POST' })).status, 200)
    assert.deepEqual(await stored(server), [7, 8])
    configure(3)
    assert.equal((await fetch(`${server.url}/-/reload`, { method: 'POST' })).status, 200)
    await write(server, [9, 10], now)
    assert.deepEqual(await stored(server), [8, 9, 10])
    await server.stop('SIGKILL')
    server = await start('--enable-feature=exemplar-storage')
    assert.deepEqual(await stored(server), [8, 9, 10])
    await server.stop()
    server = await start()
    await write(server, [11], now)
    assert.deepEqual(await stored(server), [])
  } finally {
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  }
})
