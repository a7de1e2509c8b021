import { errorMessage } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { type Service, untilAborted } from '../base/service.ts'
import type { Db } from '../tsdb/db.ts'

export interface BegunDatabase {
  /** What comes after it begins when it takes samples, while the log is still being read. */
  readonly service: Service
  /** Resolves when what another program left was taken over, and it begins to read its own. */
  readonly takenOver: Promise<void>
  /** Resolves when it takes samples of scrapes. */
  readonly takes: Promise<void>
  /** Resolves when selects are answered. */
  readonly selectable: Promise<void>
  /** Resolves when everything can be read, and written. */
  readonly whole: Promise<void>
  /** For the case that the service was never run: ends the database, and says what went wrong. */
  close(): Promise<void>
}

/** Has a database read what it had from now on: the disk is waited for while the rest of the server is made. */
export function beginDatabase(db: Pick<Db, 'name' | 'run'>, log: Log): BegunDatabase {
  const closing = new AbortController()
  const takenOver = Promise.withResolvers<void>()
  const takes = Promise.withResolvers<void>()
  const selectable = Promise.withResolvers<void>()
  const whole = Promise.withResolvers<void>()
  const running = db.run(closing.signal, whole.resolve, {
    takenOver: takenOver.resolve,
    takes: takes.resolve,
    selectable: selectable.resolve,
  })
  running.catch(() => {
    // Whoever waits for it says it.
  })
  let isServed = false
  const service: Service = {
    name: db.name,
    async run(signal, ready) {
      isServed = true
      void untilAborted(signal).then(() => closing.abort(signal.reason))
      void takes.promise.then(ready)
      await running
    },
  }
  return {
    service,
    takenOver: takenOver.promise,
    takes: takes.promise,
    selectable: selectable.promise,
    whole: whole.promise,
    async close() {
      closing.abort()
      await running.catch((error: unknown) => {
        if (!isServed) log.error('the database ended before the server had begun', { error: errorMessage(error) })
      })
    },
  }
}
