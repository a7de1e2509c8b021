import { test } from 'node:test'
import fc from 'fast-check'
import { FuzzedOtlpReceiver, fuzzedOtlpRequests } from '../../../test/support/otlp-fuzz.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 1)

test('every body has an answer', async () => {
  const receiver = new FuzzedOtlpReceiver()
  await fc.assert(
    fc.asyncProperty(fuzzedOtlpRequests, async (request) => void (await receiver.check(request))),
    { seed: SEED, numRuns: 400 },
  )
})
