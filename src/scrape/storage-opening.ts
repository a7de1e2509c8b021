import type { Clock } from '../base/env.ts'

/** What part of its interval a scrape that was made waits at most for the storage to open: then it is refused, and the next one is made. */
const INTERVAL_SHARE = 1 / 3

/** Lets scrapes be made while the storage opens: what they bring waits for it. */
export class StorageOpening {
  readonly #clock: Clock
  #isOpen = false
  readonly #over: Promise<void>
  #end: () => void = () => {}

  /** `open` resolves when the storage takes samples; undefined: it does. */
  constructor(clock: Clock, open: Promise<void> | undefined) {
    this.#clock = clock
    this.#over = new Promise((resolve) => {
      this.#end = () => {
        this.#isOpen = true
        resolve()
      }
    })
    if (open === undefined) this.#end()
    else void open.then(this.#end)
  }

  /** Resolves when what a target's scrape has brought can be stored, or is to be refused; undefined: it can. */
  wait(intervalMs: number): Promise<void> | undefined {
    if (this.#isOpen) return undefined
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(intervalMs * INTERVAL_SHARE, resolve)
      void this.#over.then(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  /** Nobody waits any more. */
  end(): void {
    this.#end()
  }
}
