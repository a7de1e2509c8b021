import type { Clock } from './env.ts'

/** How long a piece of work goes on before it lets others run. */
const TURN_MS = 8

/** Keeps long work from holding the event loop: `if (breather.isDue()) await breather.rest()` wherever it can pause. */
export class Breather {
  readonly #clock: Clock
  readonly #signal: AbortSignal | undefined
  #turnStart: number

  constructor(clock: Clock, signal?: AbortSignal) {
    this.#clock = clock
    this.#signal = signal
    this.#turnStart = clock.monotonic()
  }

  /** Whether it is time for `rest`. Costs what reading the clock costs. */
  isDue(): boolean {
    return this.#clock.monotonic() - this.#turnStart >= TURN_MS
  }

  /** Lets the event loop turn. Rejects with the signal's reason when it has aborted. */
  async rest(): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.setTimer(0, resolve))
    this.#turnStart = this.#clock.monotonic()
    this.#signal?.throwIfAborted()
  }
}
