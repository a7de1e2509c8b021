import type { Clock, Thread, ThreadEntry, ThreadEnv, ThreadPort, Threads } from '../env.ts'
import { Life } from './life.ts'

/** Threads that run in this one, by turns of the virtual clock. Messages are cloned as between threads, and arrive by a timer. */
export class VirtualThreads implements Threads {
  readonly #env: ThreadEnv

  constructor(env: ThreadEnv) {
    this.#env = env
  }

  start<Taken, Sent>(entry: ThreadEntry<Taken, Sent>): Thread<Taken, Sent> {
    const life = new Life()
    const { clock, fs } = this.#env
    const toThread = new Channel<Taken>(clock, life)
    const fromThread = new Channel<Sent>(clock, life)
    const { promise: exited, resolve } = Promise.withResolvers<Error | undefined>()
    const end = (error?: Error) => {
      if (life.isOver) return
      life.isOver = true
      clock.setTimer(0, () => resolve(error))
    }
    const port: ThreadPort<Sent, Taken> = {
      post: (message, transfer) => fromThread.post(message, transfer),
      onMessage: (handler) => toThread.listen(handler),
    }
    const env: ThreadEnv = { ...this.#env, clock: life.clock(clock), fs: life.guard(fs) }
    void entry
      .load()
      .then(({ runThread }) => (life.isOver ? undefined : runThread(port, env)))
      .then(
        () => fromThread.whenDelivered(() => end()),
        (error: Error) => end(error),
      )
    return {
      exited,
      post: (message, transfer) => toThread.post(message, transfer),
      onMessage: (handler) => fromThread.listen(handler),
      terminate: () => end(),
    }
  }
}

class Channel<Message> {
  readonly #clock: Clock
  readonly #life: Life
  #handler: ((message: Message) => void) | undefined
  readonly #early: Message[] = []
  #underway = 0
  #whenDelivered: (() => void) | undefined

  constructor(clock: Clock, life: Life) {
    this.#clock = clock
    this.#life = life
  }

  post(message: Message, transfer: readonly ArrayBuffer[] = []): void {
    if (this.#life.isOver) return
    const cloned = structuredClone(message, { transfer: [...transfer] })
    this.#underway++
    this.#clock.setTimer(0, () => {
      this.#underway--
      if (!this.#life.isOver) {
        if (this.#handler === undefined) this.#early.push(cloned)
        else this.#handler(cloned)
      }
      if (this.#underway === 0) this.#whenDelivered?.()
    })
  }

  listen(handler: (message: Message) => void): void {
    this.#handler = handler
    for (const message of this.#early.splice(0)) handler(message)
  }

  /** Calls back when nothing is on its way. */
  whenDelivered(callback: () => void): void {
    if (this.#underway === 0) callback()
    else this.#whenDelivered = callback
  }
}
