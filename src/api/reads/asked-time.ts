import type { Clock } from '../../base/env.ts'

/** When something was asked last, for all threads to see. */
export class AskedTime {
  readonly #clock: Clock
  readonly word: Int32Array<SharedArrayBuffer>

  constructor(clock: Clock, word = new Int32Array(new SharedArrayBuffer(4))) {
    this.#clock = clock
    this.word = word
  }

  set(): void {
    Atomics.store(this.word, 0, this.#clock.now() | 0)
  }

  /** Whether that was less than `ms` ago. The clock may have been put back, and the word has its low bits only. */
  isWithin(ms: number): boolean {
    return Math.abs(((this.#clock.now() | 0) - Atomics.load(this.word, 0)) | 0) < ms
  }
}
