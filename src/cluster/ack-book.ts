import type { Clock, Timer } from '../base/env.ts'

interface Entry {
  readonly acked: () => void
  readonly nacked: () => void
  readonly timer: Timer
}

/** Who waits for the answer to which ping. */
export class AckBook {
  readonly #clock: Clock
  readonly #entries = new Map<number, Entry>()
  #sequence = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The number of a new ping. `ended` is called once when no answer counts any more; not after an ack. */
  expect(withinMs: number, { acked, nacked = () => {}, ended = () => {} }: { acked(): void; nacked?(): void; ended?(): void }): number {
    this.#sequence = (this.#sequence + 1) >>> 0
    const sequence = this.#sequence
    const timer = this.#clock.setTimer(withinMs, () => {
      this.#entries.delete(sequence)
      ended()
    })
    this.#entries.set(sequence, { acked, nacked, timer })
    return sequence
  }

  ack(sequence: number): void {
    const entry = this.#entries.get(sequence)
    if (entry === undefined) return
    this.#entries.delete(sequence)
    entry.timer.cancel()
    entry.acked()
  }

  nack(sequence: number): void {
    this.#entries.get(sequence)?.nacked()
  }

  close(): void {
    for (const { timer } of this.#entries.values()) timer.cancel()
    this.#entries.clear()
  }
}
