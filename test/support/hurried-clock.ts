import type { Clock } from '../../src/base/env.ts'

/** A clock on which each look at the monotonic time takes 1 ms of it, and a turn of the event loop as much: work that rests does so often. */
export class HurriedClock implements Clock {
  readonly #clock: Clock
  #looks = 0
  /** Timers for the next turn of the event loop. */
  restCount = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  monotonic(): number {
    return this.#clock.monotonic() + this.#looks++
  }

  setTimer(delayMs: number, callback: () => void): ReturnType<Clock['setTimer']> {
    if (delayMs === 0) this.restCount++
    return this.#clock.setTimer(Math.max(1, delayMs), callback)
  }

  setTicker(intervalMs: number, callback: () => void): ReturnType<Clock['setTicker']> {
    return this.#clock.setTicker(intervalMs, callback)
  }
}
