import { WASM_PAGE_BYTES, type WasmMemory, WasmProgram } from '../base/wasm-instance.ts'
import type { Timestamp } from '../model/time.ts'
import type { SampleColumns } from './codec.ts'
import { NOTES, XOR_KERNEL, XorFailure } from './xor-kernel.ts'

interface Kernels {
  decodeXor(at: number, end: number, count: number, times: number, values: number, minTime: Timestamp, maxTime: Timestamp): number
}

/** Where encoded bytes go, and how many: a chunk of a block has some hundreds of them. */
const INPUT_AT = 64
const INPUT_BYTES = 8192
/** Behind them, for the kernel reads whole words; then the columns. */
const COLUMNS_AT = INPUT_AT + INPUT_BYTES + 64
const PAGES_FIRST = 2
const BYTES_PER_SAMPLE = 16

/** A chunk of less is decoded sooner than copied. */
const SAMPLES_MIN = 6

/**
 * Columns of samples in memory that compiled code decodes chunks into. One at a time uses it: whoever takes it gives it back.
 * The code is the same in all threads, which share it once it is compiled.
 */
export class DecodeMemory {
  readonly #memory: WasmMemory
  readonly #kernels: Kernels
  #input = new BigInt64Array(0)
  /** Of the bytes that the last chunk was in: those that come one after the other mostly lie in the same. */
  #data: Uint8Array = new Uint8Array(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  #notes = new DataView(new ArrayBuffer(0))
  #valuesAt = COLUMNS_AT
  #capacity = 0
  timestamps = new Float64Array(0)
  values = new Float64Array(0)

  constructor(memory: WasmMemory, kernels: Kernels) {
    this.#memory = memory
    this.#kernels = kernels
    this.grow(Math.floor((PAGES_FIRST * WASM_PAGE_BYTES - COLUMNS_AT) / BYTES_PER_SAMPLE))
  }

  get sizeBytes(): number {
    return this.#memory.buffer.byteLength
  }

  /** Makes the columns longer; arrays of before are no longer to be used. */
  grow(capacity: number): void {
    const missing = COLUMNS_AT + capacity * BYTES_PER_SAMPLE - this.sizeBytes
    if (missing > 0) this.#memory.grow(Math.ceil(missing / WASM_PAGE_BYTES))
    const { buffer } = this.#memory
    const valuesAt = COLUMNS_AT + capacity * 8
    new Uint8Array(buffer).copyWithin(valuesAt, this.#valuesAt, this.#valuesAt + this.#capacity * 8)
    this.#valuesAt = valuesAt
    this.#capacity = capacity
    this.timestamps = new Float64Array(buffer, COLUMNS_AT, capacity)
    this.values = new Float64Array(buffer, valuesAt, capacity)
    this.#input = new BigInt64Array(buffer, INPUT_AT, INPUT_BYTES / 8)
    this.#notes = new DataView(buffer, 0, NOTES.bytes)
  }

  /** Whether a chunk is worth it, and fits. */
  takes(byteCount: number, sampleCount: number): boolean {
    return sampleCount >= SAMPLES_MIN && byteCount <= INPUT_BYTES
  }

  /**
   * Appends the samples of an XOR chunk between the times to `out`, whose columns are these and have room. The bits lie in `data` from `start`
   * up to, not including, `end`. Throws as `decodeXor` does.
   */
  decodeXor(data: Uint8Array, start: number, end: number, count: number, minTime: Timestamp, maxTime: Timestamp, out: SampleColumns): void {
    this.#copy(data, start, end)
    const [times, values] = [COLUMNS_AT + 8 * out.length, this.#valuesAt + 8 * out.length]
    const added = this.#kernels.decodeXor(INPUT_AT, INPUT_AT + end - start, count, times, values, minTime, maxTime)
    if (added < 0) throw this.#failure(added, count)
    out.length += added
    const notes = this.#notes
    out.noteAdded(
      added,
      notes.getInt32(NOTES.isEven, true) !== 0,
      notes.getFloat64(NOTES.spacingMs, true),
      notes.getInt32(NOTES.hasMarker, true) !== 0,
      notes.getInt32(NOTES.mayFall, true) !== 0,
    )
  }

  /** In words, and without an object: for some hundreds of bytes, to make a view of them takes as long as to copy them. */
  #copy(data: Uint8Array, start: number, end: number): void {
    if (data !== this.#data) {
      this.#data = data
      this.#view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    }
    const input = this.#input
    const view = this.#view
    const wholeEnd = Math.min(end, data.length - 7)
    let at = start
    let i = 0
    for (; at < wholeEnd; at += 8, i++) input[i] = view.getBigInt64(at, true)
    for (let bit = 0n; at < end; at++, bit += 8n) input[i] = bit === 0n ? BigInt(data[at]) : input[i] | (BigInt(data[at]) << bit)
  }

  #failure(kind: number, count: number): Error {
    const index = this.#notes.getInt32(NOTES.failedAt, true)
    if (kind === XorFailure.endsEarly) return new Error(`decode xor chunk: bytes end in sample ${index} of ${count}`)
    const bits = this.#notes.getInt32(NOTES.failedBits, true)
    return new Error(`decode xor chunk: sample ${index} has ${bits >>> 8} leading zeros and ${bits & 0xff} bits, want at most 64`)
  }
}

/** Of those that nobody uses so many are kept, if they are no larger. */
const IDLE_MAX = 2
const IDLE_BYTES_MAX = 4 * 2 ** 20

const idle: DecodeMemory[] = []
const program = new WasmProgram<Kernels>([XOR_KERNEL])

/** Undefined where compiled code is not to be had: chunks are decoded all the same. */
export function takeDecodeMemory(): DecodeMemory | undefined {
  const known = idle.pop()
  if (known !== undefined) return known
  const started = program.start(PAGES_FIRST)
  return started && new DecodeMemory(started.memory, started.exports)
}

export function giveBackDecodeMemory(memory: DecodeMemory | undefined): void {
  if (memory !== undefined && idle.length < IDLE_MAX && memory.sizeBytes <= IDLE_BYTES_MAX) idle.push(memory)
}
