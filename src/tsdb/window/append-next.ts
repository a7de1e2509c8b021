import { isStaleBits, STALE_HIGH, STALE_LOW } from '../../model/staleness.ts'
import type { Timestamp } from '../../model/time.ts'
import { CELL_PAYLOAD_BYTES, CELL_WORDS, CELLS_MASK, CELLS_SHIFT, type Cells } from './cells.ts'
import { LAST_HIGH, LAST_LOW, LAST_TIME_FLOAT, OPEN_BYTES, STATE, TIME_DELTA, WRITE_CELL } from './row.ts'
import type { Slab } from './slab-pool.ts'

const floats = new Float64Array(1)
const floatWords = new Uint32Array(floats.buffer)
/** The words that a sample fills, most significant bit first. */
const code = new Uint32Array(8)

const CELL_PAYLOAD_WORDS = CELL_PAYLOAD_BYTES / 4

/**
 * Writes one more float to the open XOR chunk of a row that has two or more: what `XorSampleEncoder` makes of it, a word at a time and with no state but
 * the row's. Whoever calls it publishes it. False, and nothing is done, where the time between samples has changed by more than nine minutes.
 * Hot, it is what ingestion and replay do for each sample: half of what the encoder takes.
 */
export function appendNext(cells: Cells, { words, floats: rowFloats }: Slab, row: number, t: Timestamp, v: number): boolean {
  const tDelta = t - rowFloats[(row >> 1) + LAST_TIME_FLOAT]
  const change = tDelta - words[row + TIME_DELTA]

  // The change of the time, and then what the value's bits begin with: at most 24 bits, and 13.
  let bits = 0
  let count = 1
  if (change !== 0) {
    if (change >= -8191 && change <= 8192) {
      bits = (0b10 << 14) | (change & 0x3fff)
      count = 16
    } else if (change >= -65535 && change <= 65536) {
      bits = (0b110 << 17) | (change & 0x1ffff)
      count = 20
    } else if (change >= -524287 && change <= 524288) {
      bits = (0b1110 << 20) | (change & 0xfffff)
      count = 24
    } else return false
  }

  const state = words[row + STATE]
  const bitsUsed = (state >>> 16) & 0xff
  let cell = words[row + WRITE_CELL]
  let place = bitsUsed >>> 5
  let used = bitsUsed & 31
  let cellWords = cells.slabs[cell >>> CELLS_SHIFT].words
  let at = (cell & CELLS_MASK) * CELL_WORDS + 1
  // A window that was restored may have more in this word than what counts.
  let word = used === 0 ? 0 : swapped(cellWords[at + place]) & -(1 << (32 - used))
  let full = 0

  floats[0] = v
  let low = floatWords[0] | 0
  let high = floatWords[1] | 0
  // biome-ignore lint/suspicious/noSelfCompare: the cheapest test for NaN, and this runs once a sample.
  if (v !== v && isStaleBits(high >>> 0, low >>> 0)) {
    high = STALE_HIGH
    low = STALE_LOW
  }
  let highBits = high ^ words[row + LAST_HIGH]
  let lowBits = low ^ words[row + LAST_LOW]
  let leading = state & 0xff
  let trailing = (state >>> 8) & 0xff
  let valueBits = 0
  let room = 0
  let rest = 0
  if ((highBits | lowBits) === 0) {
    bits <<= 1
    count++
  } else {
    const zerosBefore = highBits === 0 ? 31 : Math.min(31, Math.clz32(highBits))
    const zerosAfter = lowBits === 0 ? 63 - Math.clz32(highBits & -highBits) : 31 - Math.clz32(lowBits & -lowBits)
    // Of a chunk with no bits yet `leading` is larger than any number of zeros.
    if (zerosBefore >= leading && zerosAfter >= trailing) {
      bits = (bits << 2) | 0b10
      count += 2
    } else {
      leading = zerosBefore
      trailing = zerosAfter
      // The change of the time goes first: together they may be more than a word.
      room = 32 - used
      if (count < room) {
        word |= bits << (room - count)
        used += count
      } else {
        rest = count - room
        code[full++] = word | (bits >>> rest)
        word = rest === 0 ? 0 : bits << (32 - rest)
        used = rest
      }
      bits = (0b11 << 11) | (leading << 6) | ((64 - leading - trailing) & 0x3f)
      count = 13
    }
    valueBits = 64 - leading - trailing
    if (trailing >= 32) {
      lowBits = trailing === 32 ? highBits : highBits >>> (trailing - 32)
      highBits = 0
    } else if (trailing > 0) {
      lowBits = (lowBits >>> trailing) | (highBits << (32 - trailing))
      highBits >>>= trailing
    }
  }
  room = 32 - used
  if (count < room) {
    word |= bits << (room - count)
    used += count
  } else {
    rest = count - room
    code[full++] = word | (bits >>> rest)
    word = rest === 0 ? 0 : bits << (32 - rest)
    used = rest
  }
  if (valueBits > 32) {
    room = 32 - used
    count = valueBits - 32
    if (count < room) {
      word |= highBits << (room - count)
      used += count
    } else {
      rest = count - room
      code[full++] = word | (highBits >>> rest)
      word = rest === 0 ? 0 : highBits << (32 - rest)
      used = rest
    }
    valueBits = 32
  }
  if (valueBits > 0) {
    room = 32 - used
    if (valueBits < room) {
      word |= lowBits << (room - valueBits)
      used += valueBits
    } else {
      rest = valueBits - room
      code[full++] = word | (rest === 0 ? lowBits : lowBits >>> rest)
      word = rest === 0 ? 0 : lowBits << (32 - rest)
      used = rest
    }
  }

  const bitsWritten = 32 * (place + full) + used
  if (used > 0) code[full++] = word
  for (let i = 0; i < full; i++) {
    if (place === CELL_PAYLOAD_WORDS) {
      const next = cells.add()
      cellWords[at - 1] = next
      cell = next
      cellWords = cells.slabs[cell >>> CELLS_SHIFT].words
      at = (cell & CELLS_MASK) * CELL_WORDS + 1
      place = 0
    }
    cellWords[at + place++] = swapped(code[i])
  }
  words[row + WRITE_CELL] = cell
  words[row + OPEN_BYTES] += ((bitsWritten + 7) >>> 3) - ((bitsUsed + 7) >>> 3)
  const bitsInCell = 32 * place - (used === 0 ? 0 : 32 - used)
  words[row + STATE] = leading | (trailing << 8) | (bitsInCell << 16)
  words[row + TIME_DELTA] = tDelta
  words[row + LAST_LOW] = low
  words[row + LAST_HIGH] = high
  rowFloats[(row >> 1) + LAST_TIME_FLOAT] = t
  return true
}

/** The bytes of a word in the other order: chunks have the most significant bit first, and words of memory the least significant byte. */
function swapped(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}
