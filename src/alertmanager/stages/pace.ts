import type { Clock, Timer } from '../../base/env.ts'

/** So few are quick and share connections; as many wait for a receiver that is slow, and no more memory is held than theirs. */
const AT_ONCE = 6
/** Who waits for slow ones goes on after so long for each before it: 200 a second. */
const EVERY_MS = 5

/**
 * Lets notifications of one entry of a receiver go one after the other where hundreds are due at once, as after a burst of alerts: those that
 * begin at once also end at once, so that the first is as late as the last, and the bodies of all stand in memory.
 */
export class Pace {
  readonly #clock: Clock
  readonly #waiting: (() => void)[] = []
  #running = 0
  #timer: Timer | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Runs it when it is its turn, which comes soon whatever becomes of the others. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running < AT_ONCE && this.#waiting.length === 0) this.#running++
    else await this.#turn()
    try {
      return await task()
    } finally {
      this.#running--
      if (this.#running < AT_ONCE) this.#next()
    }
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#schedule()
    })
  }

  #schedule(): void {
    this.#timer ??= this.#clock.setTimer(EVERY_MS, () => {
      this.#timer = undefined
      this.#next()
      if (this.#waiting.length > 0) this.#schedule()
    })
  }

  #next(): void {
    const next = this.#waiting.shift()
    if (next === undefined) return
    this.#running++
    next()
  }
}
