import type { Clock } from '../../base/env.ts'

/** Timers of the platform cannot be longer. */
const WAIT_MS_MAX = 86_400_000

/** Waits of one loop, which others may end. */
export class Waker {
  #wake: (() => void) | undefined
  #isAwake = false

  /** Ends the wait, or the next one where there is none now. */
  wake(): void {
    if (this.#wake === undefined) this.#isAwake = true
    else this.#wake()
  }

  /** Resolves after `delayMs`, a day at most, or before: when it is woken, or `signal` aborts. Ask again what is due. */
  wait(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
    const isAwake = this.#isAwake
    this.#isAwake = false
    if (isAwake || signal.aborted || delayMs <= 0) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        this.#wake = undefined
        timer.cancel()
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = clock.setTimer(Math.min(delayMs, WAIT_MS_MAX), done)
      signal.addEventListener('abort', done, { once: true })
      this.#wake = done
    })
  }
}
