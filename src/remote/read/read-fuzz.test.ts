import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkRead, fuzzedReads, type ReadForm } from '../../../test/support/read-fuzz.ts'

test('whatever the bytes of a request or an answer are, they are read or refused', async () => {
  const seen = new Map<ReadForm, Set<boolean>>()
  await fc.assert(
    fc.asyncProperty(fuzzedReads, async (read) => {
      const good = await checkRead(read)
      seen.set(read.form, (seen.get(read.form) ?? new Set()).add(good))
    }),
    { seed: Number(process.env.PROMONTORY_SEED ?? 5), numRuns: 2000 },
  )
  for (const form of ['request', 'samples', 'frames'] as const) assert.equal(seen.get(form)?.size, 2, form)
})
