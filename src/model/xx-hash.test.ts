import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { xxHash64 } from './xx-hash.ts'

// Known answers: github.com/cespare/xxhash, xxhash_test.go.
test('xxHash64 of texts of all lengths', () => {
  const check = (text: string, want: bigint) => assert.equal(xxHash64(Buffer.from(text)), want, text)
  check('', 0xef46db3751d8e999n)
  check('a', 0xd24ec4f1a98c6e5bn)
  check('as', 0x1c330fb2d66be179n)
  check('asd', 0x631c37ce72a97393n)
  check('asdf', 0x415872f599cea71en)
  check('Call me Ishmael. Some years ago--never mind how long precisely-', 0x02a2e85470d6fd96n)
})

test('halves of 32 bits give what numbers of 64 bits do', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.equal(xxHash64(bytes), asSpecified(Buffer.from(bytes)))
    }),
    { seed: Number(process.env.PROMONTORY_SEED ?? 1), numRuns: 500 },
  )
})

const MASK = (1n << 64n) - 1n
const PRIME_1 = 0x9e3779b185ebca87n
const PRIME_2 = 0xc2b2ae3d27d4eb4fn
const PRIME_3 = 0x165667b19e3779f9n
const PRIME_4 = 0x85ebca77c2b2ae63n
const PRIME_5 = 0x27d4eb2f165667c5n

/** Word for word as in doc/xxhash_spec.md. */
function asSpecified(bytes: Buffer): bigint {
  let at = 0
  let hash: bigint
  if (bytes.length >= 32) {
    const lanes = [(PRIME_1 + PRIME_2) & MASK, PRIME_2, 0n, -PRIME_1 & MASK]
    for (; at + 32 <= bytes.length; at += 32) {
      for (let lane = 0; lane < 4; lane++) lanes[lane] = round(lanes[lane], bytes.readBigUInt64LE(at + lane * 8))
    }
    hash = rotate(lanes[0], 1n) + rotate(lanes[1], 7n) + rotate(lanes[2], 12n) + rotate(lanes[3], 18n)
    for (const lane of lanes) hash = (((hash & MASK) ^ round(0n, lane)) * PRIME_1 + PRIME_4) & MASK
  } else {
    hash = PRIME_5
  }
  hash = (hash + BigInt(bytes.length)) & MASK
  for (; at + 8 <= bytes.length; at += 8) {
    hash = (rotate(hash ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * PRIME_1 + PRIME_4) & MASK
  }
  for (; at + 4 <= bytes.length; at += 4) {
    hash = (rotate(hash ^ ((BigInt(bytes.readUInt32LE(at)) * PRIME_1) & MASK), 23n) * PRIME_2 + PRIME_3) & MASK
  }
  for (; at < bytes.length; at++) hash = (rotate(hash ^ ((BigInt(bytes[at]) * PRIME_5) & MASK), 11n) * PRIME_1) & MASK
  hash = ((hash ^ (hash >> 33n)) * PRIME_2) & MASK
  hash = ((hash ^ (hash >> 29n)) * PRIME_3) & MASK
  return hash ^ (hash >> 32n)
}

function round(lane: bigint, input: bigint): bigint {
  return (rotate((lane + input * PRIME_2) & MASK, 31n) * PRIME_1) & MASK
}

function rotate(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (64n - by))) & MASK
}
