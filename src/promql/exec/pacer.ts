import { Breather } from '../../base/breather.ts'
import type { Clock } from '../../base/env.ts'

/** Keeps a query from holding the event loop, and stops it when it is cancelled or out of time. */
export class Pacer extends Breather {
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #deadline: number
  readonly #onDeadline: () => void

  /** `deadline` in monotonic ms; `onDeadline` aborts the signal. */
  constructor(clock: Clock, signal: AbortSignal, deadline: number, onDeadline: () => void) {
    super(clock, signal)
    this.#clock = clock
    this.#signal = signal
    this.#deadline = deadline
    this.#onDeadline = onDeadline
  }

  /** Lets the event loop turn. Rejects with the signal's reason when the query is to stop. */
  override async rest(): Promise<void> {
    this.check()
    await super.rest()
    this.check()
  }

  /** Throws the signal's reason when the query is to stop. */
  check(): void {
    if (!this.#signal.aborted && this.#clock.monotonic() >= this.#deadline) this.#onDeadline()
    this.#signal.throwIfAborted()
  }
}
