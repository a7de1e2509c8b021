import type { Clock, Timer } from '../env.ts'

/** A thread, and a process, can be ended anywhere. Ours cannot; but whatever it waits for, it waits for ever then. */
export class Life {
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
