import type { Clock } from '../../base/env.ts'
import type { SendBatch } from './send-batch.ts'

export interface ShardOptions {
  readonly clock: Clock
  /** Batches that wait, beside the one that is filled and the one that is sent. */
  readonly queueMax: number
  /** How long a batch is filled at most. */
  readonly deadlineMs: number
  /** Sends a batch, or finds that it is not to be sent; the next one waits for it. */
  deliver(batch: SendBatch, shard: Shard): Promise<void>
}

/** Sends its batches one after the other, so that the samples of a series keep their order. */
export class Shard {
  readonly #options: ShardOptions
  /** The one that is filled. */
  open: SendBatch | undefined
  readonly queue: SendBatch[] = []
  sending: SendBatch | undefined
  /** Entries of the log before it, by the count of the reader, are done with as far as they are this shard's. */
  doneSequence: number
  #isFlushing = false
  #work = Promise.withResolvers<void>()
  #room: PromiseWithResolvers<void> | undefined

  constructor(options: ShardOptions, sequence: number) {
    this.#options = options
    this.doneSequence = sequence
  }

  get isIdle(): boolean {
    return this.sending === undefined && this.queue.length === 0 && (this.open === undefined || this.open.isEmpty)
  }

  get hasRoom(): boolean {
    return this.queue.length < this.#options.queueMax
  }

  /** Resolves when `hasRoom`. */
  untilRoom(): Promise<void> {
    if (this.hasRoom) return Promise.resolve()
    this.#room ??= Promise.withResolvers()
    return this.#room.promise
  }

  /** The batch that is filled was begun, or is full. */
  touched(): void {
    this.#work.resolve()
  }

  /** Puts the batch that is filled among those that wait. */
  seal(): void {
    if (this.open === undefined) return
    this.queue.push(this.open)
    this.open = undefined
    this.#work.resolve()
  }

  /** Batches are not waited for to be full any more. */
  flush(): void {
    this.#isFlushing = true
    this.#work.resolve()
  }

  /** Takes out what waits and fulfils the condition. */
  take(isTaken: (batch: SendBatch) => boolean): readonly SendBatch[] {
    const taken = this.queue.filter(isTaken)
    for (const batch of taken) this.queue.splice(this.queue.indexOf(batch), 1)
    if (this.open !== undefined && isTaken(this.open)) {
      taken.push(this.open)
      this.open = undefined
    }
    this.#letIn()
    return taken
  }

  /** Who waits for room looks again, whether there is some or not. */
  letGo(): void {
    this.#room?.resolve()
    this.#room = undefined
  }

  /** Sends until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const onAbort = () => this.#work.resolve()
    signal.addEventListener('abort', onAbort, { once: true })
    while (!signal.aborted) {
      const batch = this.#next()
      if (batch === undefined) {
        await this.#untilWork()
        continue
      }
      this.sending = batch
      this.#letIn()
      await this.#options.deliver(batch, this)
    }
    this.letGo()
    signal.removeEventListener('abort', onAbort)
  }

  #next(): SendBatch | undefined {
    const waiting = this.queue.shift()
    if (waiting !== undefined) return waiting
    const { open } = this
    if (open === undefined || open.isEmpty) return undefined
    const isDue = this.#isFlushing || open.isFull || this.#options.clock.monotonic() >= open.openedAt + this.#options.deadlineMs
    if (!isDue) return undefined
    this.open = undefined
    return open
  }

  async #untilWork(): Promise<void> {
    const { clock, deadlineMs } = this.#options
    const { open } = this
    const work = this.#work
    const timer =
      open === undefined || open.isEmpty
        ? undefined
        : clock.setTimer(Math.max(0, open.openedAt + deadlineMs - clock.monotonic()), () => work.resolve())
    await work.promise
    timer?.cancel()
    this.#work = Promise.withResolvers()
  }

  #letIn(): void {
    if (this.hasRoom) this.letGo()
  }
}
