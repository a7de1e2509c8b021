/** More is not kept: an fsync that takes so long is another trouble. */
const KEPT_BYTES_MAX = 32 * 1024 * 1024

/** Memory of so much is used again after an fsync. What is larger goes: it was a burst. */
const REUSED_BYTES_MAX = 1024 * 1024

const NO_BYTES = new Uint8Array(0)

/** What was written to a file since its last fsync, kept in case that the next one fails: nobody knows then what the disk has of it. */
export class UnsyncedBytes {
  #bytes = NO_BYTES
  #length = 0
  /** Bytes of the end that were too many to keep. */
  #left = 0

  get length(): number {
    return this.#length + this.#left
  }

  /** What is here of them: all, but for what is beyond some 32 MiB. */
  get kept(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  push(bytes: Uint8Array): void {
    if (this.#left > 0 || this.#length + bytes.length > KEPT_BYTES_MAX) {
      this.#left += bytes.length
      return
    }
    if (this.#length + bytes.length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length + bytes.length, 2 * this.#bytes.length))
      larger.set(this.kept)
      this.#bytes = larger
    }
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** The first bytes are durable now. */
  dropFirst(count: number): void {
    const dropped = Math.min(count, this.#length)
    this.#bytes.copyWithin(0, dropped, this.#length)
    this.#length -= dropped
    this.#left -= Math.min(count - dropped, this.#left)
    if (this.#bytes.length > REUSED_BYTES_MAX) this.letGo()
  }

  /** Nothing is written to the file any more: it takes no memory once all is durable. A segment is known for hours after its last fsync. */
  letGo(): void {
    if (this.#length === 0) this.#bytes = NO_BYTES
  }

  /** The last bytes do not count any more. */
  dropLast(count: number): void {
    const beyond = Math.min(count, this.#left)
    this.#left -= beyond
    this.#length -= Math.min(count - beyond, this.#length)
  }
}
