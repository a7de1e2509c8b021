import type { Env } from '../base/env.ts'

/** A ticker that is waited for. A tick that nobody waits for is kept, but only one. An abort ends the waiting. */
export class Pace {
  readonly #signal: AbortSignal
  readonly #close: () => void
  #pending = false
  #wake: (() => void) | undefined

  constructor(env: Env, intervalMs: number, signal: AbortSignal) {
    this.#signal = signal
    const ticker = env.clock.setTicker(intervalMs, () => this.#tick())
    const onAbort = () => this.#tick()
    signal.addEventListener('abort', onAbort, { once: true })
    this.#close = () => {
      ticker.cancel()
      signal.removeEventListener('abort', onAbort)
    }
  }

  async next(): Promise<void> {
    if (!this.#pending && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#pending = false
  }

  close(): void {
    this.#close()
  }

  #tick(): void {
    this.#pending = true
    this.#wake?.()
    this.#wake = undefined
  }
}
