import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { File } from '../../base/env.ts'
import { type VirtualEnv, virtualEnv } from '../../base/env-virtual.ts'
import { LogWriter } from './log-writer.ts'
import { segmentPath } from './segment.ts'

const DIR = '/data/log'

async function openWriter(env: VirtualEnv, segmentBefore = 0): Promise<LogWriter> {
  await env.fs.mkdir(DIR)
  return new LogWriter({
    fs: env.fs,
    clock: env.clock,
    log: env.log,
    dir: DIR,
    fsync: 'interval',
    segmentBytes: 1,
    segmentBefore,
    onSync: () => {},
    onFailure: () => {},
  })
}

/** A segment with something up to `maxTime`. */
async function writeSegment(writer: LogWriter, maxTime: number): Promise<void> {
  writer.beginBatch()
  writer.encoder.deletion({ minTime: 0, maxTime, matchers: [] })
  await writer.writeBatch(maxTime)
}

const names = (env: VirtualEnv) => env.fs.readDir(DIR)
const name = (number: number) => segmentPath(DIR, number).slice(DIR.length + 1)

/** Segments 1 to `count`, all durable, and that with the number after them. */
async function filled(env: VirtualEnv, count: number): Promise<LogWriter> {
  const writer = await openWriter(env)
  for (let number = 1; number <= count + 1; number++) await writeSegment(writer, number)
  await writer.sync()
  return writer
}

test('a segment that was removed does not come back by a power loss', async () => {
  const env = virtualEnv()
  const writer = await filled(env, 3)
  await writer.removeBefore(3)
  env.fs.losePower()
  assert.deepEqual(await names(env), [name(3), name(4)])
})

test('a segment goes only when those before it are gone for good', async () => {
  const env = virtualEnv()
  const writer = await filled(env, 3)
  env.fs.fault = (call) => (call === 'syncDir' ? 'EIO' : undefined)
  await assert.rejects(writer.removeBefore(4), /EIO/)
  assert.deepEqual(await names(env), [name(2), name(3), name(4)])
  await assert.rejects(writer.removeBefore(4), /EIO/)
  assert.deepEqual(await names(env), [name(2), name(3), name(4)])
  env.fs.fault = undefined
  await writer.removeBefore(4)
  env.fs.losePower()
  assert.deepEqual(await names(env), [name(4)])
})

test('a segment whose fsync is under way stays until it is known how that ends', async () => {
  const env = virtualEnv()
  const open = env.fs.open.bind(env.fs)
  const { promise: failed, reject } = Promise.withResolvers<void>()
  env.fs.open = async (path, mode): Promise<File> => {
    const file = await open(path, mode)
    return path === segmentPath(DIR, 1) && mode === 'create' ? { ...file, sync: () => failed } : file
  }
  const writer = await openWriter(env)
  await writeSegment(writer, 1)
  await writeSegment(writer, 2)
  const synced = writer.sync()
  await writer.removeBefore(2)
  assert.deepEqual(await names(env), [name(1), name(2)])
  reject(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }))
  await assert.rejects(synced, /EIO/)
  await writer.repair()
  assert.deepEqual(await names(env), [name(1), name(2)])
  await writer.removeBefore(2)
  assert.deepEqual(await names(env), [name(2)])
  await writer.close()
})

for (const isRefused of [false, true]) {
  test(`a log of many segments is made durable with few files open${isRefused ? ', also where the disk refuses that' : ''}`, async () => {
    const env = virtualEnv()
    const first = await filled(env, 300)
    await first.close()
    const { segments } = first
    const open = env.fs.open.bind(env.fs)
    let [openCount, openMost] = [0, 0]
    env.fs.open = async (path, mode): Promise<File> => {
      const file = await open(path, mode)
      openMost = Math.max(openMost, ++openCount)
      return {
        ...file,
        close: async () => {
          openCount--
          await file.close()
        },
      }
    }
    const writer = await openWriter(env, segments.at(-1)!.number)
    if (isRefused) env.fs.failing.sync = 'EIO'
    await writer.adopt(segments)
    assert.equal(writer.failure === undefined, !isRefused)
    env.fs.failing = {}
    if (isRefused) await writer.repair()
    assert.ok(openMost < 5, `${openMost} files open`)
    assert.equal(openCount, 0)
    env.fs.losePower()
    assert.equal((await names(env)).length, 301)
    await writer.close()
  })
}
