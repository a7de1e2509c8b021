import type { ThreadPort } from '../../base/env.ts'
import type { FromThread, ToThread } from './thread-messages.ts'

/** Takes reads and does not answer: fails at `sum(m)`, and in a thread of its own loops for ever at anything else. */
export function runThread(port: ThreadPort<FromThread, ToThread>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<void>()
  port.onMessage((message) => {
    if (message.kind !== 'read' || message.read.kind !== 'query') return
    if (message.read.question.query === 'sum(m)') reject(new Error('out of memory'))
  })
  return promise
}
