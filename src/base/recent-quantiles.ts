import type { Clock } from './env.ts'

/** Buckets of a doubling: what a quantile says is at most 2 % from the truth. */
const STEPS = 16
const STEPS_SHIFT = 16
/** Values from 2^-30, a nanosecond, to 2^16; what is less or more counts as these. */
const EXPONENT_MIN = -30
const BUCKETS = 46 * STEPS

const value = new Float64Array(1)
const words = new Uint32Array(value.buffer)

/**
 * Quantiles of not negative values of about the last so many ms. Takes nanoseconds a value, which a sketch whose parts move takes
 * microseconds for.
 */
export class RecentQuantiles {
  readonly #clock: Clock
  readonly #partMs: number
  /** By part of the time, the current one and those before: how many values are in each bucket; undefined: none. */
  readonly #parts: (Uint32Array | undefined)[]
  #current = 0
  #currentEnd: number

  constructor(clock: Clock, spanMs: number, partCount: number) {
    this.#clock = clock
    this.#partMs = spanMs / partCount
    this.#parts = new Array<Uint32Array | undefined>(partCount).fill(undefined)
    this.#currentEnd = clock.monotonic() + this.#partMs
  }

  observe(observed: number): void {
    this.#turn()
    let part = this.#parts[this.#current]
    if (part === undefined) {
      part = new Uint32Array(BUCKETS)
      this.#parts[this.#current] = part
    }
    part[bucketOf(observed)]++
  }

  /** 0 where there was no value. */
  quantile(share: number): number {
    this.#turn()
    let count = 0
    for (const part of this.#parts) for (let b = 0; part !== undefined && b < BUCKETS; b++) count += part[b]
    if (count === 0) return 0
    let left = Math.max(1, Math.ceil(share * count))
    for (let b = 0; b < BUCKETS; b++) {
      for (const part of this.#parts) left -= part?.[b] ?? 0
      if (left <= 0) return middleOf(b)
    }
    return middleOf(BUCKETS - 1)
  }

  #turn(): void {
    const now = this.#clock.monotonic()
    for (let turns = 0; now >= this.#currentEnd && turns < this.#parts.length; turns++) {
      this.#current = (this.#current + 1) % this.#parts.length
      this.#parts[this.#current] = undefined
      this.#currentEnd += this.#partMs
    }
    if (now >= this.#currentEnd) this.#currentEnd = now + this.#partMs
  }
}

/** The exponent and the first bits of the fraction. */
function bucketOf(observed: number): number {
  value[0] = observed
  const bucket = (words[1] >>> STEPS_SHIFT) - (1023 + EXPONENT_MIN) * STEPS
  return observed > 0 ? Math.min(Math.max(bucket, 0), BUCKETS - 1) : 0
}

function middleOf(bucket: number): number {
  const exponent = EXPONENT_MIN + Math.floor(bucket / STEPS)
  return 2 ** exponent * (1 + ((bucket % STEPS) + 0.5) / STEPS)
}
