import { CodedError } from '../../base/errors.ts'
import type { OpenParts } from './open-parts.ts'

/**
 * What is held of a block: it is opened when it is first asked for, and opened anew after the cache has given it up. Who is reading has it until
 * the last one has read.
 */
export class HeldParts {
  readonly #read: (dropped: () => void) => Promise<OpenParts>
  readonly #name: () => string
  #parts: OpenParts | undefined
  #opening: Promise<OpenParts> | undefined
  /** The cache has given up the parts; who is reading has them still. */
  #isDropped = false
  #readerCount = 0
  #isClosed = false
  #lastReaderGone: (() => void) | undefined

  /** `read` opens them, and has `dropped` called when there is need of the memory; `name` is the block's, for who comes too late. */
  constructor(read: (dropped: () => void) => Promise<OpenParts>, name: () => string) {
    this.#read = read
    this.#name = name
  }

  /** Undefined: it is not open. */
  get now(): OpenParts | undefined {
    return this.#parts
  }

  /** Opens it, where it is not open. A failure is tried again at the next call. */
  open(): Promise<OpenParts> {
    this.#opening ??= this.#read(() => this.#dropped()).then(
      (parts) => {
        this.#parts = parts
        return parts
      },
      (error) => {
        this.#opening = undefined
        throw error
      },
    )
    return this.#opening
  }

  /** What it is read from, by who has begun to read. */
  async used(): Promise<OpenParts> {
    const parts = this.#parts ?? (await this.open())
    parts.isUsed = true
    return parts
  }

  /** To be followed by `endReading`. Throws once it is closed. */
  beginReading(): void {
    if (this.#isClosed) throw new CodedError('unavailable', `${this.#name()} is closed`)
    this.#readerCount++
  }

  endReading(): void {
    this.#readerCount--
    if (this.#readerCount > 0) return
    if (this.#isDropped) this.rest()
    this.#lastReaderGone?.()
  }

  /** Lets go of what is held, unless it is being read. */
  rest(): void {
    const parts = this.#parts
    if (parts === undefined || this.#readerCount > 0) return
    this.#parts = undefined
    this.#opening = undefined
    this.#isDropped = false
    parts.close().catch(() => {})
  }

  /** Refuses who asks from now on, waits for who is reading, and lets go of the files. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#readerCount > 0) {
      await new Promise<void>((resolve) => {
        this.#lastReaderGone = resolve
      })
    }
    const [opening] = await Promise.allSettled([this.#opening])
    if (opening.status === 'fulfilled') await opening.value?.close()
  }

  #dropped(): void {
    this.#isDropped = true
    if (this.#readerCount === 0) this.rest()
  }
}
