import type { Clock, Thread, ThreadEntry, ThreadEnv, ThreadPort, Threads, Timer } from '../env.ts'

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

/** A thread can be ended anywhere. Ours cannot; but whatever it waits for, it waits for ever then. */
class Life {
  isOver = false

  clock(clock: Clock): Clock {
    const whileAlive = (callback: () => void) => () => {
      if (!this.isOver) callback()
    }
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      setTimer: (delayMs, callback): Timer => clock.setTimer(delayMs, whileAlive(callback)),
      setTicker: (intervalMs, callback): Timer => clock.setTicker(intervalMs, whileAlive(callback)),
    }
  }

  /** The same object, whose methods do nothing once the life is over. So do those of what they give, files and such. */
  guard<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (_, name) => {
        const member = Reflect.get(target, name, target) as unknown
        if (typeof member !== 'function') return member
        return (...args: unknown[]) => {
          if (this.isOver) return NEVER
          const answer: unknown = Reflect.apply(member, target, args)
          return answer instanceof Promise ? this.#settledInLife(answer) : answer
        }
      },
    })
  }

  #settledInLife(answer: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      answer.then(
        (value) => {
          if (!this.isOver) resolve(isFile(value) ? this.guard(value) : value)
        },
        (error) => {
          if (!this.isOver) reject(error)
        },
      )
    })
  }
}

const NEVER = new Promise<never>(() => {})

function isFile(value: unknown): value is object {
  return typeof value === 'object' && value !== null && 'sync' in value
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
