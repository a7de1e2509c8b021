import type { Clock } from '../base/env.ts'

/** What part of its interval a scrape that was made waits at most for the storage to open: then it is refused, and the next one is made. */
const INTERVAL_SHARE = 1 / 3

/** Lets scrapes be made while the storage opens: what they bring waits for it. */
export class StorageOpening {
  readonly #clock: Clock
  #isOpen: boolean
  /** One that has waited long enough is gone: opening may take longer than many scrapes of all targets. */
  readonly #waiting = new Set<() => void>()

  /** `open` resolves when the storage takes samples; undefined: it does. */
  constructor(clock: Clock, open: Promise<void> | undefined) {
    this.#clock = clock
    this.#isOpen = open === undefined
    void open?.then(() => this.end())
  }

  /** Resolves when what a target's scrape has brought can be stored, or is to be refused; undefined: it can. */
  wait(intervalMs: number): Promise<void> | undefined {
    if (this.#isOpen) return undefined
    return new Promise((resolve) => {
      const goOn = () => {
        timer.cancel()
        this.#waiting.delete(goOn)
        resolve()
      }
      const timer = this.#clock.setTimer(intervalMs * INTERVAL_SHARE, goOn)
      this.#waiting.add(goOn)
    })
  }

  /** Nobody waits any more. */
  end(): void {
    this.#isOpen = true
    for (const goOn of this.#waiting) goOn()
  }
}
