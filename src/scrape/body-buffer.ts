import { CodedError } from '../base/errors.ts'

const SMALLEST_BYTES = 16 * 1024
/** Buffers over this size must leave a quarter of the budget to the others: who sends much must not keep the rest from being scraped. */
const LARGE_BYTES = 1024 * 1024
const LARGE_SHARE = 0.75
/** Free buffers kept for the next scrapes: those of many that came at once are let go. */
const FREE_BYTES_MAX = 2 * 1024 * 1024

const NOTHING: Uint8Array = new Uint8Array(0)

/** The body is longer than allowed. Source of the text: Prometheus scrape/scrape.go, errBodySizeLimit. */
export class BodySizeError extends CodedError {
  constructor(detail = '') {
    super('limit', `body size limit exceeded${detail}`)
    this.name = 'BodySizeError'
  }
}

/**
 * Buffers for the bodies of running scrapes, in sizes of powers of two. All of them together stay below a budget, so that targets
 * that send without end cost their own scrape and not the process.
 */
export class BufferPool {
  readonly budgetBytes: number
  readonly #free = new Map<number, Uint8Array[]>()
  #freeBytes = 0
  #usedBytes = 0

  constructor(budgetBytes: number) {
    this.budgetBytes = budgetBytes
  }

  /** Bytes that are lent out. */
  get usedBytes(): number {
    return this.#usedBytes
  }

  /** A buffer of at least `sizeBytes`, with whatever content. Throws BodySizeError when the budget is used up. */
  take(sizeBytes: number): Uint8Array {
    let capacity = SMALLEST_BYTES
    while (capacity < sizeBytes) capacity *= 2
    const allowedBytes = capacity > LARGE_BYTES ? this.budgetBytes * LARGE_SHARE : this.budgetBytes
    if (this.#usedBytes + capacity > allowedBytes) {
      throw new BodySizeError(`: bodies of running scrapes take ${this.#usedBytes} bytes, at most ${allowedBytes} are allowed`)
    }
    this.#usedBytes += capacity
    const buffer = this.#free.get(capacity)?.pop()
    if (buffer === undefined) return new Uint8Array(capacity)
    this.#freeBytes -= capacity
    return buffer
  }

  give(buffer: Uint8Array): void {
    this.#usedBytes -= buffer.length
    if (this.#freeBytes + buffer.length > FREE_BYTES_MAX) return
    this.#freeBytes += buffer.length
    const list = this.#free.get(buffer.length)
    if (list === undefined) this.#free.set(buffer.length, [buffer])
    else list.push(buffer)
  }
}

/**
 * A body that grows while it arrives. Takes no memory before, so that a target that is slow to answer costs none. Once there is something,
 * there is room for one byte more than `length`, which the parser needs.
 */
export class BodyBuffer {
  readonly #pool: BufferPool
  readonly #limitBytes: number
  readonly #expectedBytes: number
  #bytes = NOTHING
  length = 0

  /** `limitBytes`: a body of that many bytes is already too long, as upstream has it. */
  constructor(pool: BufferPool, limitBytes: number, expectedBytes = 0) {
    this.#pool = pool
    this.#limitBytes = limitBytes
    this.#expectedBytes = Math.min(expectedBytes, limitBytes)
  }

  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** Throws BodySizeError when the limit or the pool's budget is reached. */
  append(from: Uint8Array, start: number, end: number): void {
    const length = this.length + end - start
    if (length >= this.#limitBytes) throw new BodySizeError()
    if (length >= this.#bytes.length) {
      const before = this.#bytes
      const grown = this.#pool.take(Math.max(length, before.length === 0 ? this.#expectedBytes : 0) + 1)
      if (before.length > 0) {
        grown.set(before.subarray(0, this.length))
        this.#pool.give(before)
      }
      this.#bytes = grown
    }
    this.#bytes.set(start === 0 && end === from.length ? from : from.subarray(start, end), this.length)
    this.length = length
  }

  /** Gives the memory back; the body must not be used afterwards. */
  release(): void {
    if (this.#bytes.length === 0) return
    this.#pool.give(this.#bytes)
    this.#bytes = NOTHING
    this.length = 0
  }
}
