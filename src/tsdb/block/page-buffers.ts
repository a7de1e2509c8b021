/**
 * Buffers of pages that are used again: for one who reads a file from its beginning to its end, and would leave all of it to the garbage
 * collector. Only for a single reader, who says when it is done with what it got.
 */
export class PageBuffers {
  readonly #sizeBytes: number
  #free: Buffer[] = []
  #given: Buffer[] = []

  constructor(sizeBytes: number) {
    this.#sizeBytes = sizeBytes
  }

  take(sizeBytes: number): Buffer {
    return (sizeBytes === this.#sizeBytes ? this.#free.pop() : undefined) ?? Buffer.allocUnsafeSlow(sizeBytes)
  }

  /** A page that the cache has dropped; the reader may still look at it. */
  give(bytes: Buffer): void {
    if (bytes.length === this.#sizeBytes) this.#given.push(bytes)
  }

  /** The reader is done with all that it got until now, but for what the cache has. */
  settle(): void {
    this.#free.push(...this.#given)
    this.#given = []
  }
}
