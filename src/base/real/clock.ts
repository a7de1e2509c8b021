import type { Clock } from '../env.ts'

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(delayMs, callback) {
    if (delayMs <= 0) {
      const immediate = setImmediate(callback)
      return { cancel: () => clearImmediate(immediate) }
    }
    // Node rounds down to whole ms; a timer must not fire before its time.
    const timeout = setTimeout(callback, Math.ceil(delayMs))
    return { cancel: () => clearTimeout(timeout) }
  },
  setTicker(intervalMs, callback) {
    const interval = setInterval(callback, intervalMs)
    return { cancel: () => clearInterval(interval) }
  },
}
