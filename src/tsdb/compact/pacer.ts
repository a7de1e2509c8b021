import type { Clock } from '../../base/env.ts'

/** How long work goes on before it pauses. */
const WORK_MS = 20
/** A pause that a machine's sleep made necessary is none of ours: no single piece of work is answered with more. */
const PAUSE_MS_MAX = 1000

/**
 * Keeps work in the background from taking all of a core: it pauses as long as it has worked. What others make it wait for counts as
 * work, so on a busy machine it gives way.
 */
export class Pacer {
  readonly #clock: Clock
  readonly #signal: AbortSignal
  #workStart: number

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock
    this.#signal = signal
    this.#workStart = clock.monotonic()
  }

  /** Whether it is time for `pause`. */
  isDue(): boolean {
    return this.#clock.monotonic() - this.#workStart >= WORK_MS
  }

  /** Rejects with the signal's reason when that has aborted. */
  async pause(): Promise<void> {
    const pauseMs = Math.min(PAUSE_MS_MAX, this.#clock.monotonic() - this.#workStart)
    await new Promise<void>((resolve) => this.#clock.setTimer(pauseMs, resolve))
    this.#workStart = this.#clock.monotonic()
    this.#signal.throwIfAborted()
  }
}
