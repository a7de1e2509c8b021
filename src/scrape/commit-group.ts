import type { Appender } from '../storage/appender.ts'
import { QueuedTimer, type TimerQueue } from './timer-queue.ts'

/** How long a scrape's samples may wait for those of others. They become readable that much later. */
const WAIT_MS_MAX = 20

/**
 * Commits together what scrapes bring at about the same time, so that the storage makes one write of it: the way of a write through
 * the thread pool and back costs more than reading a page of 100 lines.
 */
export class CommitGroup {
  readonly #timer: QueuedTimer
  #waiting: { readonly appender: Appender; readonly resolve: (committed: Promise<void>) => void }[] = []

  constructor(timers: TimerQueue) {
    this.#timer = new QueuedTimer(timers, () => this.#commit())
  }

  /** Commits the appender before long; settles as its commit does. */
  commit(appender: Appender): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ appender, resolve })
      if (this.#waiting.length === 1) this.#timer.arm(0, WAIT_MS_MAX)
    })
  }

  #commit(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { appender, resolve } of waiting) resolve(appender.commit())
  }
}
