import type { BitReader } from './bit-reader.ts'
import type { BitWriter } from './bit-writer.ts'

/** A chunk's start times are told from this sample on whether they change or not: its place must fit the header. */
export const START_CHANGE_MAX = 0x7f
/** In the header: the first sample has a start time. */
export const FIRST_START_KNOWN = 0x80

/**
 * Writes when the counting behind each sample began. `header` is the byte of the chunk that says which samples have it;
 * the fields are the state of the chunk. Source: Prometheus tsdb/chunkenc/st.go and xor2.go.
 */
export class StartTimeEncoder {
  /** FIRST_START_KNOWN | the index of the first sample that tells its start, 0 where none does. */
  header = 0
  startTime = 0
  /** The time of the sample before the last less the start of the last. */
  difference = 0

  reset(): void {
    this.header = 0
    this.startTime = 0
    this.difference = 0
  }

  /** Adds the start time of sample `index` at `t`, after the rest of it; `previousTime` is the time of the sample before. */
  encode(bits: BitWriter, index: number, t: number, previousTime: number, startTime: number): void {
    const change = this.header & START_CHANGE_MAX
    if (index === 0) {
      if (startTime !== 0) {
        bits.putVarint(t - startTime)
        this.header = FIRST_START_KNOWN
      }
    } else if (change !== 0) {
      const difference = previousTime - startTime
      bits.putVarbitInt(difference - this.difference)
      this.difference = difference
    } else if (startTime !== this.startTime || index === START_CHANGE_MAX) {
      this.difference = previousTime - startTime
      this.header |= index
      bits.putVarbitInt(this.difference)
    }
    this.startTime = startTime
  }
}

/** Reads what StartTimeEncoder writes. */
export class StartTimeDecoder {
  #isFirstKnown = false
  #change = 0
  #difference = 0
  /** Of the sample read last; 0 where it is not known. */
  startTime = 0

  open(header: number): void {
    this.#isFirstKnown = (header & FIRST_START_KNOWN) !== 0
    this.#change = header & START_CHANGE_MAX
    this.#difference = 0
    this.startTime = 0
  }

  /** To be called once for every sample, in order, after the rest of it was read. */
  read(bits: BitReader, index: number, t: number, previousTime: number): void {
    if (index === 0) {
      if (this.#isFirstKnown) this.startTime = t - bits.readVarint()
    } else if (this.#change !== 0 && index >= this.#change) {
      const read = bits.readVarbitInt()
      this.#difference = index === this.#change ? read : this.#difference + read
      this.startTime = previousTime - this.#difference
    }
  }
}
