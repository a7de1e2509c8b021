import type { Clock, Timer } from '../env.ts'

/** Node takes what is longer for 1 ms. */
const DELAY_MS_MAX = 2 ** 31 - 1

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(delayMs, callback) {
    if (delayMs <= 0) {
      const immediate = setImmediate(callback)
      return { cancel: () => clearImmediate(immediate) }
    }
    if (delayMs > DELAY_MS_MAX) return longTimer(delayMs, callback)
    // Node rounds down to whole ms; a timer must not fire before its time.
    const timeout = setTimeout(callback, Math.ceil(delayMs))
    return { cancel: () => clearTimeout(timeout) }
  },
  setTicker(intervalMs, callback) {
    if (intervalMs > DELAY_MS_MAX) {
      const next = (): Timer =>
        longTimer(intervalMs, () => {
          timer = next()
          callback()
        })
      let timer = next()
      return { cancel: () => timer.cancel() }
    }
    const interval = setInterval(callback, intervalMs)
    return { cancel: () => clearInterval(interval) }
  },
}

/** In pieces that Node can wait for. */
function longTimer(delayMs: number, callback: () => void): Timer {
  let leftMs = delayMs
  let timer: Timer
  const wait = () => {
    const pieceMs = Math.min(leftMs, DELAY_MS_MAX)
    leftMs -= pieceMs
    timer = realClock.setTimer(pieceMs, leftMs > 0 ? wait : callback)
  }
  wait()
  return { cancel: () => timer.cancel() }
}
