import { type Clock, sleep } from '../../base/env.ts'
import { endOf, type NotifyStage } from './notification.ts'

/** Lets the members before this one go first: by then the log says what they have told. */
export function waitStage(clock: Clock, waitMs: () => number): NotifyStage {
  return {
    name: 'wait',
    async run(notification, signal) {
      const ms = waitMs()
      if (ms > 0) await sleep(clock, ms, signal)
      if (signal.aborted) throw endOf(signal)
      return notification
    },
  }
}
