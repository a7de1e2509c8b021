import type { TargetGroup } from './discoverer.ts'

/** Groups from several sides, for the one who yields them. What is not taken yet is handed over together. */
export class Outbox {
  readonly #signal: AbortSignal
  #groups: TargetGroup[] = []
  #isFilled = false
  #wake: (() => void) | undefined

  constructor(signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', () => this.#wake?.(), { once: true })
  }

  put(groups: readonly TargetGroup[]): void {
    this.#groups.push(...groups)
    this.#isFilled = true
    this.#wake?.()
  }

  /** Waits until something was put in; undefined when aborted. */
  async take(): Promise<readonly TargetGroup[] | undefined> {
    while (!this.#isFilled && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#signal.aborted) return undefined
    const groups = this.#groups
    this.#groups = []
    this.#isFilled = false
    return groups
  }
}
