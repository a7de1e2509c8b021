import type { Clock, Timer } from '../base/env.ts'

/** Longer waits are done in steps: Node's timers fire at once when the delay does not fit 31 bits. */
const DELAY_MS_MAX = 2 ** 31 - 1

/** A call that is due at a monotonic time. Kept by its owner and armed again and again: a scrape loop has two. */
export class QueuedTimer {
  readonly #queue: TimerQueue
  readonly callback: () => void
  /** Monotonic ms. */
  due = 0
  /** Position in the queue's heap; -1: not armed. */
  index = -1

  constructor(queue: TimerQueue, callback: () => void) {
    this.#queue = queue
    this.callback = callback
  }

  /**
   * Calls back after at least `delayMs`; replaces what was armed before. With `slackMs` the call may come so much later, and timers
   * with the same slack that are due within it are called together: waking up costs more than most of what is done then.
   */
  arm(delayMs: number, slackMs = 0): void {
    this.#queue.add(this, delayMs, slackMs)
  }

  cancel(): void {
    this.#queue.remove(this)
  }
}

/** Many timers over one timer of the clock: a binary heap by due time. Arming and cancelling cost a few steps and no allocation. */
export class TimerQueue {
  readonly #clock: Clock
  readonly #heap: QueuedTimer[] = []
  #timer: Timer | undefined
  #timerDue = Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(timer: QueuedTimer, delayMs: number, slackMs = 0): void {
    if (timer.index >= 0) this.#take(timer.index)
    const due = this.#clock.monotonic() + delayMs
    timer.due = slackMs > 0 ? Math.ceil(due / slackMs) * slackMs : due
    timer.index = this.#heap.length
    this.#heap.push(timer)
    this.#rise(timer.index)
    if (this.#heap[0].due < this.#timerDue) this.#schedule()
  }

  remove(timer: QueuedTimer): void {
    if (timer.index < 0) return
    this.#take(timer.index)
    // A timer of the clock that fires for nothing is harmless, one left behind keeps the process alive.
    if (this.#heap.length === 0) this.#schedule()
  }

  get size(): number {
    return this.#heap.length
  }

  #schedule(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#timerDue = Infinity
    const first = this.#heap[0]
    if (first === undefined) return
    this.#timerDue = first.due
    this.#timer = this.#clock.setTimer(Math.min(DELAY_MS_MAX, Math.max(0, first.due - this.#clock.monotonic())), () => this.#fire())
  }

  #fire(): void {
    const now = this.#clock.monotonic()
    this.#timer = undefined
    this.#timerDue = now
    for (let first = this.#heap[0]; first !== undefined && first.due <= now; first = this.#heap[0]) {
      this.#take(0)
      first.callback()
    }
    this.#schedule()
  }

  #take(index: number): void {
    const heap = this.#heap
    heap[index].index = -1
    const last = heap.pop()!
    if (index === heap.length) return
    heap[index] = last
    last.index = index
    this.#rise(index)
    this.#sink(last.index)
  }

  #rise(index: number): void {
    const heap = this.#heap
    const timer = heap[index]
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (heap[parent].due <= timer.due) break
      heap[index] = heap[parent]
      heap[index].index = index
      index = parent
    }
    heap[index] = timer
    timer.index = index
  }

  #sink(index: number): void {
    const heap = this.#heap
    const timer = heap[index]
    for (;;) {
      let child = index * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1].due < heap[child].due) child++
      if (heap[child].due >= timer.due) break
      heap[index] = heap[child]
      heap[index].index = index
      index = child
    }
    heap[index] = timer
    timer.index = index
  }
}
