import { isStaleBits, STALE_HIGH, STALE_LOW } from '../../model/staleness.ts'
import type { Timestamp } from '../../model/time.ts'
import { CELL_PAYLOAD_BYTES, CELL_WORDS, CELLS_MASK, CELLS_SHIFT, type Cells } from './cells.ts'
import { LAST_HIGH, LAST_LOW, LAST_TIME_FLOAT, OPEN_BYTES, STATE, TIME_DELTA, WRITE_CELL } from './row.ts'
import type { Slab } from './slab-pool.ts'

/** Samples of one series, in order: what `appendRun` takes some of. */
export class SampleRun {
  readonly times: Float64Array
  readonly values: Float64Array
  /** The bits of the values, the low word of each first. */
  readonly words: Uint32Array

  constructor(room: number) {
    this.times = new Float64Array(room)
    this.values = new Float64Array(room)
    this.words = new Uint32Array(this.values.buffer)
  }
}

/** The words that a sample fills, most significant bit first. */
const code = new Uint32Array(8)

const CELL_PAYLOAD_WORDS = CELL_PAYLOAD_BYTES / 4
/** The bits of an exponent that infinities and what is no number have. */
const NO_NUMBER = 0x7ff00000

/**
 * Writes more floats to the open XOR chunk of a row that has two or more: what `XorSampleEncoder` makes of them, a word at a time, the row's state looked up
 * once. Those from `from` up to `to`, which the chunk has room for, as long as they rise in time and stay before `end`; where it ended. It ends as well, and nothing is
 * done with that sample, where the time between samples has changed by more than nine minutes. Whoever calls it publishes them.
 * Hot, it is what ingestion and replay do for each sample: how bits are put behind others, and a cell behind another, is written out in each place, since
 * a function would have to hand word, place and fill back through memory.
 */
export function appendRun(
  cells: Cells,
  { words, floats }: Slab,
  row: number,
  { times, words: valueWords }: SampleRun,
  from: number,
  to: number,
  end: Timestamp,
): number {
  const state = words[row + STATE]
  const bitsBefore = (state >>> 16) & 0xff
  const firstCell = words[row + WRITE_CELL]
  let leading = state & 0xff
  let trailing = (state >>> 8) & 0xff
  let last = floats[(row >> 1) + LAST_TIME_FLOAT]
  let tDelta = words[row + TIME_DELTA]
  let lastLow = words[row + LAST_LOW] | 0
  let lastHigh = words[row + LAST_HIGH] | 0

  let cell = firstCell
  let cellsAdded = 0
  let place = bitsBefore >>> 5
  let used = bitsBefore & 31
  let cellWords = cells.slabs[cell >>> CELLS_SHIFT].words
  let at = (cell & CELLS_MASK) * CELL_WORDS + 1
  // A window that was restored may have more in this word than what counts.
  let word = used === 0 ? 0 : swapped(cellWords[at + place]) & -(1 << (32 - used))
  let full = 0
  let room = 0
  let rest = 0

  let i = from
  for (; i < to; i++) {
    const t = times[i]
    if (t <= last || t >= end) break
    const delta = t - last
    const change = delta - tDelta
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
      } else break
    }
    last = t
    tDelta = delta

    let low = valueWords[2 * i] | 0
    let high = valueWords[2 * i + 1] | 0
    if ((high & NO_NUMBER) === NO_NUMBER && isStaleBits(high >>> 0, low >>> 0)) {
      high = STALE_HIGH
      low = STALE_LOW
    }
    let highBits = high ^ lastHigh
    let lowBits = low ^ lastLow
    lastHigh = high
    lastLow = low
    let valueBits = 0
    full = 0
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
    for (let n = 0; n < full; n++) {
      if (place === CELL_PAYLOAD_WORDS) {
        const next = cells.add()
        cellWords[at - 1] = next
        cell = next
        cellsAdded++
        cellWords = cells.slabs[cell >>> CELLS_SHIFT].words
        at = (cell & CELLS_MASK) * CELL_WORDS + 1
        place = 0
      }
      cellWords[at + place++] = swapped(code[n])
    }
  }
  if (i === from) return i

  if (used > 0) {
    if (place === CELL_PAYLOAD_WORDS) {
      const next = cells.add()
      cellWords[at - 1] = next
      cell = next
      cellsAdded++
      cellWords = cells.slabs[cell >>> CELLS_SHIFT].words
      at = (cell & CELLS_MASK) * CELL_WORDS + 1
      place = 0
    }
    cellWords[at + place] = swapped(word)
  }
  const bitsAfter = 32 * place + used
  words[row + WRITE_CELL] = cell
  words[row + OPEN_BYTES] += CELL_PAYLOAD_BYTES * cellsAdded + ((bitsAfter + 7) >>> 3) - ((bitsBefore + 7) >>> 3)
  words[row + STATE] = leading | (trailing << 8) | (bitsAfter << 16)
  words[row + TIME_DELTA] = tDelta
  words[row + LAST_LOW] = lastLow
  words[row + LAST_HIGH] = lastHigh
  floats[(row >> 1) + LAST_TIME_FLOAT] = last
  return i
}

/** The bytes of a word in the other order: chunks have the most significant bit first, and words of memory the least significant byte. */
function swapped(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}
