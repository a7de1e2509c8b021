import { type Service, untilAborted } from '../base/service.ts'
import type { DirLock } from '../tsdb/lock.ts'

/** Gives the directory back when all that writes to it has ended. */
export function locked(lock: DirLock): Service {
  return {
    name: 'lock of the data directory',
    async run(signal, ready) {
      ready()
      await untilAborted(signal)
      await lock.release()
    },
  }
}
