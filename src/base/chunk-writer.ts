const CHUNK_BYTES_MIN = 4 * 1024
const CHUNK_BYTES_MAX = 64 * 1024

/**
 * Collects an answer as bytes, chunk by chunk, so that no text of its whole length ever exists. Hot code asks `room`
 * for space, writes at `length` itself and moves `length`.
 */
export class ChunkWriter {
  /** The chunk being filled. */
  bytes: Buffer
  /** How much of it is. */
  length = 0
  #full: Uint8Array[] = []
  #nextBytes: number

  /** `expectedBytes`: of all that will be written, about. What is expected comes in few chunks, and what is not in small ones first. */
  constructor(expectedBytes = 0) {
    this.#nextBytes = Math.max(CHUNK_BYTES_MIN, Math.min(expectedBytes, CHUNK_BYTES_MAX))
    this.bytes = Buffer.allocUnsafe(this.#nextBytes)
  }

  /** Makes `count` bytes of room at `length`; the chunk may be another one afterwards. */
  room(count: number): void {
    if (this.length + count <= this.bytes.length) return
    if (this.length > 0) this.#full.push(this.bytes.subarray(0, this.length))
    this.#nextBytes = Math.min(this.#nextBytes * 2, CHUNK_BYTES_MAX)
    this.bytes = Buffer.allocUnsafe(Math.max(this.#nextBytes, count))
    this.length = 0
  }

  text(text: string): void {
    this.room(text.length * 3)
    this.length += this.bytes.write(text, this.length, 'utf8')
  }

  /** ASCII only. */
  ascii(text: string): void {
    this.room(text.length)
    this.length += this.bytes.write(text, this.length, 'latin1')
  }

  byte(code: number): void {
    this.room(1)
    this.bytes[this.length++] = code
  }

  /** Whether `take` has something to give. */
  get hasFull(): boolean {
    return this.#full.length > 0
  }

  /** The chunks that are full; they are the caller's. */
  take(): readonly Uint8Array[] {
    const full = this.#full
    this.#full = []
    return full
  }

  /** All that is left, the chunk being filled included. The writer is used up. */
  end(): readonly Uint8Array[] {
    if (this.length > 0) this.#full.push(this.bytes.subarray(0, this.length))
    this.length = 0
    this.bytes = Buffer.alloc(0)
    return this.take()
  }
}
