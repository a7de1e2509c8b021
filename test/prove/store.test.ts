import { test } from 'node:test'
import { proveStore } from './store.ts'

test('a disk that fails and ends at any call costs nothing that was promised', async (t) => {
  const seed = Number(process.env.PROMONTORY_SEED ?? 20261122)
  t.diagnostic(`seed ${seed}`)
  const tally = await proveStore({ seed, count: 25, print: (line) => t.diagnostic(line) })
  t.diagnostic(tally.text())
})

test("a file that takes another's place is durable, though an fsync of the one before it failed", async () => {
  await proveStore({ seed: 731, count: 1, print: () => {} })
})
