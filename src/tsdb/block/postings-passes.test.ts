import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Breather } from '../../base/breather.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { IndexFile } from './index-file.ts'
import { PostingsPasses } from './postings-passes.ts'

test('postings of many passes are those of one', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { maxLength: 6 }), { maxLength: 50 }),
      fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], { minLength: 10 }),
      fc.integer({ min: 1, max: 60 }),
      async (series, order, perPass) => {
        const counts = new Uint32Array(10)
        for (const own of series) for (const pair of own) counts[pair]++
        const env = virtualEnv({ seed: 1 })
        const write = async (path: string, limit?: number) => {
          const passes = new PostingsPasses(Uint32Array.from(order), counts, 10, limit)
          let passCount = 0
          await IndexFile.write(env.fs, path, new Breather(env.clock), async (file) => {
            for (; passes.begin(); passCount++) {
              for (const [i, own] of series.entries()) for (const pair of own) passes.add(pair, 7 * i)
              await passes.end(file)
            }
          })
          return { passCount, offsets: passes.offsets, bytes: await env.fs.readFile(path) }
        }
        const [whole, parts] = [await write('/whole'), await write('/parts', perPass)]
        assert.equal(whole.passCount, 1)
        assert.ok(parts.passCount >= counts.reduce((sum, count) => sum + count, 0) / Math.max(perPass, ...counts))
        assert.deepEqual(parts.offsets, whole.offsets)
        assert.deepEqual(parts.bytes, whole.bytes)
        const list = Buffer.from(whole.bytes)
        for (let pair = 0; pair < 10; pair++) {
          const at = whole.offsets[pair]
          const found = Array.from({ length: list.readUInt32BE(at + 4) }, (_, i) => list.readUInt32BE(at + 8 + 4 * i))
          const want = series.flatMap((own, i) => (own.includes(pair) ? [7 * i] : []))
          assert.deepEqual(found, want)
        }
      },
    ),
  ))
