import type { Labels } from './labels.ts'

const MASK = (1n << 64n) - 1n
const PRIME_1 = 0x9e3779b185ebca87n
const PRIME_2 = 0xc2b2ae3d27d4eb4fn
const PRIME_3 = 0x165667b19e3779f9n
const PRIME_4 = 0x85ebca77c2b2ae63n
const PRIME_5 = 0x27d4eb2f165667c5n

/**
 * The hash of a label set, as upstream's default build finds it: of each name and value behind its length. Slow: for what must
 * choose the same series as upstream, once a series. Source: Prometheus model/labels/labels_stringlabels.go, Hash.
 */
export function labelHash({ pairs }: Labels): bigint {
  const parts: Buffer[] = []
  for (const text of pairs) {
    const bytes = Buffer.from(text)
    const { length } = bytes
    parts.push(length < 0xff ? Buffer.of(length) : Buffer.of(0xff, length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff), bytes)
  }
  return xxHash64(Buffer.concat(parts))
}

/** xxHash, 64 bits, seed 0. Source: github.com/Cyan4973/xxHash, doc/xxhash_spec.md. */
export function xxHash64(bytes: Buffer): bigint {
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
