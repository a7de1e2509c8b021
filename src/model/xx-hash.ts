// Numbers of 64 bits as two halves of 32, signed: the engine keeps those where they are, while a bigint is an object, and a hash makes hundreds.
// Products are of parts of 16 bits, so that none has more than 32.

/** The upper half, and the lower. */
type Long = readonly [number, number]

const PRIME_1: Long = [0x9e3779b1 | 0, 0x85ebca87 | 0]
const PRIME_2: Long = [0xc2b2ae3d | 0, 0x27d4eb4f | 0]
const PRIME_3: Long = [0x165667b1 | 0, 0x9e3779f9 | 0]
const PRIME_4: Long = [0x85ebca77 | 0, 0xc2b2ae63 | 0]
const PRIME_5: Long = [0x27d4eb2f | 0, 0x165667c5 | 0]

const STRIPE_BYTES = 32
/** What the four lanes begin with: sums of the primes. */
const LANES = [0x60ea27ee, 0xadc0b5d6, ...PRIME_2, 0, 0, 0x61c8864e, 0x7a143579]

/** What the steps work on. */
let high = 0
let low = 0
/** The four lanes, each its upper half and its lower. */
const lanes = new Int32Array(8)

/** xxHash, 64 bits, seed 0. Source: github.com/Cyan4973/xxHash, doc/xxhash_spec.md. */
export function xxHash64(bytes: Uint8Array): bigint {
  const { length } = bytes
  let at = 0
  if (length >= STRIPE_BYTES) {
    lanes.set(LANES)
    for (; at + STRIPE_BYTES <= length; at += STRIPE_BYTES) {
      for (let lane = 0; lane < 8; lane += 2) {
        read(bytes, at + lane * 4)
        round(lanes[lane], lanes[lane + 1])
        lanes[lane] = high
        lanes[lane + 1] = low
      }
    }
    joinLanes()
  } else {
    high = PRIME_5[0]
    low = PRIME_5[1]
  }
  add(0, length)
  finish(bytes, at)
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
}

function joinLanes(): void {
  let sumHigh = 0
  let sumLow = 0
  for (let lane = 0; lane < 4; lane++) {
    high = lanes[lane * 2]
    low = lanes[lane * 2 + 1]
    rotate(lane === 0 ? 1 : lane === 3 ? 18 : 2 + lane * 5)
    add(sumHigh, sumLow)
    sumHigh = high
    sumLow = low
  }
  for (let lane = 0; lane < 8; lane += 2) {
    high = lanes[lane]
    low = lanes[lane + 1]
    round(0, 0)
    high ^= sumHigh
    low ^= sumLow
    multiply(PRIME_1)
    add(PRIME_4[0], PRIME_4[1])
    sumHigh = high
    sumLow = low
  }
}

/** What is left of the bytes after the last whole stripe, and the end. */
function finish(bytes: Uint8Array, from: number): void {
  const { length } = bytes
  let at = from
  for (; at + 8 <= length; at += 8) {
    const hashHigh = high
    const hashLow = low
    read(bytes, at)
    round(0, 0)
    high ^= hashHigh
    low ^= hashLow
    rotate(27)
    multiply(PRIME_1)
    add(PRIME_4[0], PRIME_4[1])
  }
  if (at + 4 <= length) {
    const hashHigh = high
    const hashLow = low
    high = 0
    low = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
    multiply(PRIME_1)
    high ^= hashHigh
    low ^= hashLow
    rotate(23)
    multiply(PRIME_2)
    add(PRIME_3[0], PRIME_3[1])
    at += 4
  }
  for (; at < length; at++) {
    const hashHigh = high
    const hashLow = low
    high = 0
    low = bytes[at]
    multiply(PRIME_5)
    high ^= hashHigh
    low ^= hashLow
    rotate(11)
    multiply(PRIME_1)
  }
  // Shifted by 33, 29 and 32 bits.
  low ^= high >>> 1
  multiply(PRIME_2)
  low ^= (low >>> 29) | (high << 3)
  high ^= high >>> 29
  multiply(PRIME_3)
  low ^= high
}

function read(bytes: Uint8Array, at: number): void {
  low = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
  high = bytes[at + 4] | (bytes[at + 5] << 8) | (bytes[at + 6] << 16) | (bytes[at + 7] << 24)
}

/** Hot: times the second prime, and the lane, turned left by 31 bits, times the first, in one piece. */
function round(laneHigh: number, laneLow: number): void {
  let a0 = low & 0xffff
  let a1 = low >>> 16
  let p0 = Math.imul(a0, 0xeb4f)
  let p1 = (Math.imul(a1, 0xeb4f) + (p0 >>> 16)) | 0
  let p2 = (Math.imul(a0, 0x27d4) + (p1 & 0xffff)) | 0
  const timesHigh = Math.imul(a1, 0x27d4) + (p1 >>> 16) + (p2 >>> 16) + Math.imul(high, 0x27d4eb4f) + Math.imul(low, 0xc2b2ae3d)
  const times = (p2 << 16) | (p0 & 0xffff)
  const sum = (times + laneLow) | 0
  const sumHigh = (timesHigh + laneHigh + ((sum ^ MIN) < (laneLow ^ MIN) ? 1 : 0)) | 0
  const turnedHigh = (sumHigh << 31) | (sum >>> 1)
  const turned = (sum << 31) | (sumHigh >>> 1)
  a0 = turned & 0xffff
  a1 = turned >>> 16
  p0 = Math.imul(a0, 0xca87)
  p1 = (Math.imul(a1, 0xca87) + (p0 >>> 16)) | 0
  p2 = (Math.imul(a0, 0x85eb) + (p1 & 0xffff)) | 0
  high = (Math.imul(a1, 0x85eb) + (p1 >>> 16) + (p2 >>> 16) + Math.imul(turnedHigh, 0x85ebca87) + Math.imul(turned, 0x9e3779b1)) | 0
  low = (p2 << 16) | (p0 & 0xffff)
}

/** Turns the order of signed numbers into that of numbers without a sign. */
const MIN = -0x8000_0000

function add(addHigh: number, addLow: number): void {
  const sum = (low + addLow) | 0
  // It is smaller than a part where it went over.
  high = (high + addHigh + ((sum ^ MIN) < (addLow ^ MIN) ? 1 : 0)) | 0
  low = sum
}

/** To the left, by less than 32 bits. */
function rotate(by: number): void {
  const upper = high
  high = (upper << by) | (low >>> (32 - by))
  low = (low << by) | (upper >>> (32 - by))
}

function multiply(by: Long): void {
  const a0 = low & 0xffff
  const a1 = low >>> 16
  const b0 = by[1] & 0xffff
  const b1 = by[1] >>> 16
  const p0 = Math.imul(a0, b0)
  const p1 = (Math.imul(a1, b0) + (p0 >>> 16)) | 0
  const p2 = (Math.imul(a0, b1) + (p1 & 0xffff)) | 0
  high = (Math.imul(a1, b1) + (p1 >>> 16) + (p2 >>> 16) + Math.imul(high, by[1]) + Math.imul(low, by[0])) | 0
  low = (p2 << 16) | (p0 & 0xffff)
}
