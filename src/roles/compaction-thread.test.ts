import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Env } from '../base/env.ts'
import { realEnv } from '../base/env-real.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { Labels } from '../model/labels.ts'
import { MemorySource } from '../storage/memory-source.ts'
import { everything } from '../tsdb/block/block.fixture.ts'
import { writeBlock } from '../tsdb/block/block-writer.ts'
import { newUlid } from '../tsdb/block/ulid.ts'
import { compactionThread } from './compaction-thread.ts'

/** Blocks of one series each, one after the other; their directories. */
async function blocks(env: Env, dir: string, count: number): Promise<readonly string[]> {
  const paths: string[] = []
  for (let n = 0; n < count; n++) {
    const timestamps = [n * 1000, n * 1000 + 500]
    const meta = await writeBlock(
      env,
      dir,
      everything(new MemorySource([{ labels: Labels.of({ n: String(n) }), timestamps, values: [1, 2] }])),
    )
    paths.push(`${dir}/${meta!.ulid}`)
  }
  return paths
}

test('a compaction in a thread of its own makes the block, and says what is damaged', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'promontory-compaction-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const env = realEnv(virtualEnv().log)
  const sources = await blocks(env, dir, 3)
  const run = compactionThread(env)
  const ulid = newUlid(env)
  assert.deepEqual(await run({ dir, ulid, sources }, new AbortController().signal), { kind: 'done', seriesCount: 3 })
  assert.ok(readdirSync(dir).includes(ulid))
  await env.fs.writeFile(`${sources[1]}/index`, 'no index')
  const failed = await run({ dir, ulid: newUlid(env), sources }, new AbortController().signal)
  assert.ok(failed.kind === 'damaged' && failed.source === sources[1], JSON.stringify(failed))
})

test('a compaction that is not wanted any more ends, and one whose thread fails says so', async () => {
  const env = virtualEnv()
  await env.fs.mkdir('/data')
  const sources = await blocks(env, '/data', 2)
  const { open } = env.fs
  // A disk that never answers.
  env.fs.open = (path, mode) => (path.endsWith('.spill') ? new Promise(() => {}) : open.call(env.fs, path, mode))
  const stop = new AbortController()
  const outcome = compactionThread(env)({ dir: '/data', ulid: newUlid(env), sources }, stop.signal)
  await env.clock.advance(10)
  stop.abort(new Error('the end'))
  await env.clock.advance(10_000)
  assert.deepEqual(await outcome, { kind: 'failed', message: 'the thread of the compaction was ended' })

  env.fs.open = open
  const late = new AbortController()
  late.abort(new Error('the end'))
  await assert.rejects(compactionThread(env)({ dir: '/data', ulid: newUlid(env), sources }, late.signal), /the end/)
  const broken: Env = {
    ...env,
    threads: { start: (entry) => env.threads.start({ ...entry, load: () => Promise.reject(new Error('no memory')) }) },
  }
  const lost = compactionThread(broken)({ dir: '/data', ulid: newUlid(env), sources }, new AbortController().signal)
  await env.clock.advance(10)
  assert.deepEqual(await lost, { kind: 'failed', message: 'the thread of the compaction ended: no memory' })
})
