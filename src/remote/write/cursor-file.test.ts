import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../../base/env-virtual.ts'
import { type Cursor, CursorFile } from './cursor-file.ts'

const cursor = (offset: number): Cursor => ({
  key: 'k',
  name: 'n',
  url: 'http://far',
  savedTime: 1000,
  place: { segment: 3, created: 5, offset, entry: 7 },
  shards: [{ segment: 3, created: 5, offset: offset + 100, entry: 0 }],
})

async function open() {
  const env = virtualEnv()
  await env.fs.mkdir('/data')
  return { env, file: () => new CursorFile(env, '/data/k.cursor') }
}

test('what was saved last is loaded, by whoever comes next', async () => {
  const { file } = await open()
  assert.equal(await file().load(), undefined)
  const first = file()
  for (let i = 0; i < 5; i++) await first.save(() => cursor(i))
  assert.deepEqual(await file().load(), cursor(4))
  const second = file()
  await second.load()
  await second.save(() => cursor(9))
  assert.deepEqual(await file().load(), cursor(9))
})

test('damage of one slot leaves what the other has', async () => {
  const { env, file } = await open()
  const one = file()
  for (let i = 0; i < 4; i++) await one.save(() => cursor(i))
  const bytes = await env.fs.readFile('/data/k.cursor')
  for (const slot of [0, 1]) {
    const damaged = bytes.slice()
    damaged[slot * 32 * 1024 + 40] ^= 1
    await env.fs.writeFile('/data/k.cursor', damaged)
    // The fourth save went to slot 0.
    assert.deepEqual(await file().load(), cursor(slot === 0 ? 2 : 3))
  }
  await env.fs.writeFile('/data/k.cursor', bytes.subarray(0, 10))
  assert.equal(await file().load(), undefined)
})

test('a loss of power leaves a cursor of the last second', async () => {
  const { env, file } = await open()
  const one = file()
  await one.save(() => cursor(1))
  await env.clock.advance(1500)
  await one.save(() => cursor(2))
  env.fs.losePower()
  const found = await file().load()
  assert.ok(found?.place.offset === 1 || found?.place.offset === 2)
})

test('a full disk is no reason not to save: the file has its size from the beginning', async () => {
  const { env, file } = await open()
  const one = file()
  await one.save(() => cursor(1))
  const { sizeBytes } = (await env.fs.stat('/data/k.cursor'))!
  await one.save(() => cursor(2))
  assert.equal((await env.fs.stat('/data/k.cursor'))!.sizeBytes, sizeBytes)
  env.fs.failing.write = 'EIO'
  await one.save(() => cursor(3))
  await one.save(() => cursor(4))
  assert.equal(env.lines.filter(({ level }) => level === 'error').length, 1)
  env.fs.failing = {}
  await one.save(() => cursor(5))
  assert.deepEqual(await file().load(), cursor(5))
})
