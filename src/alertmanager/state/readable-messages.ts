import { errorMessage } from '../../base/errors.ts'
import type { Log } from '../../base/log.ts'
import { delimitedMessages } from '../../base/message-fields.ts'

/** What of another member's state can be read: one message that cannot, from whatever version or hand, keeps out none of the others. */
export function readableMessages<T>(remote: Uint8Array, decode: (message: Uint8Array) => T, log: Log, state: string): readonly T[] {
  const read: T[] = []
  let problem: string | undefined
  let unreadableCount = 0
  const failed = (error: unknown) => {
    unreadableCount++
    problem ??= errorMessage(error)
  }
  try {
    for (const message of delimitedMessages(remote)) {
      try {
        read.push(decode(message))
      } catch (error) {
        failed(error)
      }
    }
  } catch (error) {
    failed(error)
  }
  if (problem !== undefined) log.warn('messages of a cluster member cannot be read', { state, count: unreadableCount, error: problem })
  return read
}
