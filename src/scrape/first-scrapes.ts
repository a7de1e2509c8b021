import type { Clock } from '../base/env.ts'

/** From the beginning of one to that of the next: at 500 series a target a tenth of a core. */
const EVERY_MS = 50
/** What part of its interval a target waits at most: no slot goes by without a scrape. */
const INTERVAL_SHARE = 1 / 3

/**
 * Spreads the first scrapes of targets, each of which has all its series to find by their labels, as long as there is something more urgent to do.
 */
export class FirstScrapes {
  readonly #clock: Clock
  readonly #isBusy: () => boolean
  /** By the monotonic clock: when the next one may begin. */
  #free = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, isBusy: () => boolean) {
    this.#clock = clock
    this.#isBusy = isBusy
  }

  /** How long the scrape that is due waits. To be asked once for each: who has waited may begin. */
  delayMs(intervalMs: number): number {
    if (!this.#isBusy()) return 0
    const now = this.#clock.monotonic()
    const at = Math.max(this.#free, now)
    const longest = intervalMs * INTERVAL_SHARE
    // Who does not wait for a turn takes none: turns are never further away than the longest wait.
    if (at - now >= longest) return longest
    this.#free = at + EVERY_MS
    return at - now
  }
}
