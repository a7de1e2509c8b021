import type { Clock } from './env.ts'

/** How long a piece of work goes on before it lets others run. */
const TURN_MS = 8
/** While others are in a hurry. */
const HURRIED_TURN_MS = 2
/** However busy others are: somebody may ask how it goes. */
const TURN_MS_MAX = 200

/** Keeps long work from holding the event loop: `if (breather.isDue()) await breather.rest()` wherever it can pause. */
export class Breather {
  readonly #clock: Clock
  readonly #signal: AbortSignal | undefined
  readonly #weight: number
  readonly #isHurried: () => boolean
  #turnStart: number
  #turnMs = TURN_MS

  /**
   * `weight`: what others took of the last turn it may take so many times in the next one, so that they leave it its share. `isHurried`: whether
   * others need more than that.
   */
  constructor(clock: Clock, signal?: AbortSignal, weight = 0, isHurried: () => boolean = () => false) {
    this.#clock = clock
    this.#signal = signal
    this.#weight = weight
    this.#isHurried = isHurried
    this.#turnStart = clock.monotonic()
  }

  /** Whether it is time for `rest`. Costs what reading the clock costs. */
  isDue(): boolean {
    return this.#clock.monotonic() - this.#turnStart >= (this.#isHurried() ? HURRIED_TURN_MS : this.#turnMs)
  }

  /** Lets the event loop turn. Rejects with the signal's reason when it has aborted. */
  async rest(): Promise<void> {
    const restStart = this.#clock.monotonic()
    await new Promise<void>((resolve) => this.#clock.setTimer(0, resolve))
    this.#turnStart = this.#clock.monotonic()
    this.#turnMs = Math.min(Math.max(TURN_MS, this.#weight * (this.#turnStart - restStart)), TURN_MS_MAX)
    this.#signal?.throwIfAborted()
  }
}

/** Does work that yields wherever it can pause, and rests when it is time to. What the work throws, this rejects with. */
export async function doInTurns<T>(work: Generator<undefined, T>, breather: Breather): Promise<T> {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    if (breather.isDue()) await breather.rest()
  }
}

/** Does such work in one piece. */
export function doAtOnce<T>(work: Generator<undefined, T>): T {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}
