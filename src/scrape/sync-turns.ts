import type { Clock } from '../base/env.ts'

/** How long the event loop is held for taking over targets, by all jobs together. */
const TURN_MS = 8

/** Lets pools with many targets take them over in turns, one pool a turn: what else there is to do is done in between. */
export class SyncTurns {
  readonly #clock: Clock
  readonly #waiting: (() => void)[] = []
  #turnStart = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Somebody begins: its turn is now. */
  begin(): void {
    this.#turnStart = this.#clock.monotonic()
  }

  /** Whether it is time for `rest`. */
  isDue(): boolean {
    return this.#clock.monotonic() - this.#turnStart >= TURN_MS
  }

  /** Resolves when it is one's turn again. */
  rest(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      if (this.#waiting.length === 1) this.#clock.setTimer(0, () => this.#next())
    })
  }

  #next(): void {
    this.#turnStart = this.#clock.monotonic()
    this.#waiting.shift()?.()
    if (this.#waiting.length > 0) this.#clock.setTimer(0, () => this.#next())
  }
}
