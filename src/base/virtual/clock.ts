import type { Clock, Timer } from '../env.ts'

interface Entry {
  due: number
  readonly order: number
  readonly callback: () => void
  readonly intervalMs: number | undefined
}

/**
 * A clock that moves only when `advance` is called. Between two timers every promise that can settle settles,
 * so code on it behaves as on a machine that is infinitely fast.
 */
export class VirtualClock implements Clock {
  #now: number
  #skewMs = 0
  #order = 0
  readonly #entries = new Set<Entry>()

  constructor(startTime: number) {
    this.#now = startTime
  }

  now(): number {
    return this.#now + this.#skewMs
  }

  monotonic(): number {
    return this.#now
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    return this.#add(delayMs, undefined, callback)
  }

  setTicker(intervalMs: number, callback: () => void): Timer {
    return this.#add(intervalMs, intervalMs, callback)
  }

  /** Lets the wall clock jump without time passing. */
  jump(byMs: number): void {
    this.#skewMs += byMs
  }

  /** Lets `byMs` pass: runs what is due, in order of time, then of creation. */
  async advance(byMs: number): Promise<void> {
    const until = this.#now + byMs
    await settle()
    for (;;) {
      const next = this.#earliest()
      if (next === undefined || next.due > until) break
      this.#now = Math.max(this.#now, next.due)
      if (next.intervalMs === undefined) this.#entries.delete(next)
      else next.due += next.intervalMs
      next.callback()
      await settle()
    }
    this.#now = until
  }

  #add(delayMs: number, intervalMs: number | undefined, callback: () => void): Timer {
    const entry: Entry = { due: this.#now + Math.max(0, delayMs), order: this.#order++, intervalMs, callback }
    this.#entries.add(entry)
    return { cancel: () => void this.#entries.delete(entry) }
  }

  #earliest(): Entry | undefined {
    let earliest: Entry | undefined
    for (const entry of this.#entries) {
      if (earliest === undefined || entry.due < earliest.due || (entry.due === earliest.due && entry.order < earliest.order))
        earliest = entry
    }
    return earliest
  }
}

/** A few turns of the event loop: streams and promise chains in memory come to rest. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve))
}
