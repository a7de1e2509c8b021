import type { Clock, Timer } from '../base/env.ts'

export interface SuspicionOptions {
  readonly clock: Clock
  /** Who said it first: that is no confirmation. */
  readonly from: string
  /** With so many confirmations it lasts the least. */
  readonly confirmationsMax: number
  readonly leastMs: number
  readonly mostMs: number
  expired(): void
}

/**
 * How long a member may be suspect before it is dead: the less the more members say so by themselves.
 * Source: hashicorp/memberlist suspicion.go; Dadgar, Phillips, Currey: Lifeguard, section IV.
 */
export class Suspicion {
  readonly #options: SuspicionOptions
  readonly #confirmedBy = new Set<string>()
  readonly #start: number
  #timer: Timer

  constructor(options: SuspicionOptions) {
    this.#options = options
    this.#start = options.clock.monotonic()
    this.#timer = this.#arm()
  }

  /** Whether it was news. */
  confirm(from: string): boolean {
    const { confirmationsMax } = this.#options
    if (this.#confirmedBy.size >= confirmationsMax || from === this.#options.from || this.#confirmedBy.has(from)) return false
    this.#confirmedBy.add(from)
    this.#timer.cancel()
    this.#timer = this.#arm()
    return true
  }

  cancel(): void {
    this.#timer.cancel()
  }

  #arm(): Timer {
    const { clock, confirmationsMax, leastMs, mostMs, expired } = this.#options
    const share = confirmationsMax < 1 ? 1 : Math.log(this.#confirmedBy.size + 1) / Math.log(confirmationsMax + 1)
    const lastsMs = Math.max(leastMs, mostMs - share * (mostMs - leastMs))
    return clock.setTimer(Math.max(0, this.#start + lastsMs - clock.monotonic()), expired)
  }
}

/** The least that suspicion lasts in a cluster of so many. */
export function leastSuspicionMs(memberCount: number, probeIntervalMs: number): number {
  return SUSPICION_MULT * Math.max(1, Math.log10(Math.max(1, memberCount))) * probeIntervalMs
}

export const SUSPICION_MULT = 4
export const SUSPICION_MOST_MULT = 6
