import type { Clock } from '../../base/env.ts'

/** How long a query computes before it lets others run. */
const TURN_MS = 8

/** Keeps a query from holding the event loop, and stops it when it is cancelled or out of time. */
export class Pacer {
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #deadline: number
  readonly #onDeadline: () => void
  #turnStart: number

  /** `deadline` in monotonic ms; `onDeadline` aborts the signal. */
  constructor(clock: Clock, signal: AbortSignal, deadline: number, onDeadline: () => void) {
    this.#clock = clock
    this.#signal = signal
    this.#deadline = deadline
    this.#onDeadline = onDeadline
    this.#turnStart = clock.monotonic()
  }

  /** Whether it is time for `rest`. Cheap enough to ask once a series. */
  due(): boolean {
    return this.#clock.monotonic() - this.#turnStart >= TURN_MS
  }

  /** Lets the event loop turn. Rejects with the signal's reason when the query is to stop. */
  async rest(): Promise<void> {
    this.check()
    await new Promise<void>((resolve) => this.#clock.setTimer(0, resolve))
    this.#turnStart = this.#clock.monotonic()
    this.check()
  }

  /** Throws the signal's reason when the query is to stop. */
  check(): void {
    if (!this.#signal.aborted && this.#clock.monotonic() >= this.#deadline) this.#onDeadline()
    this.#signal.throwIfAborted()
  }
}
