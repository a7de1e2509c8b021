import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fingerprint } from './alert.ts'
import { Labels } from './labels.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 20260801)

/** The plain way, in 64 bits. */
function plain({ pairs }: Labels): string {
  let hash = 0xcbf29ce484222325n
  for (const text of pairs)
    for (const byte of [...Buffer.from(text), 0xff]) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash.toString(16).padStart(16, '0')
}

test('a fingerprint is that of upstream', () => {
  // As Alertmanager 0.33 shows it.
  assert.equal(fingerprint(Labels.of({ alertname: 'A' })), 'd2c6efc389df0927')
  assert.equal(fingerprint(Labels.of({ alertname: 'A', x: '1' })), '6051004c729abe0e')
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary', minLength: 1 })), (labels) => {
      const set = Labels.of(Object.entries(labels))
      assert.equal(fingerprint(set), plain(set))
    }),
    { seed: SEED },
  )
})
