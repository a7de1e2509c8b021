import { type Env, sleep, type ThreadEntry } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { CompactionOutcome, RunCompaction } from '../tsdb/compact/compact-blocks.ts'
import type { ToCompaction } from './compaction-worker.ts'

const ENTRY: ThreadEntry<ToCompaction, CompactionOutcome> = {
  file: 'roles/compaction-worker',
  isBackground: true,
  load: () => import('./compaction-worker.ts'),
}

/** How long a compaction that is not wanted any more may go on until it comes to look. */
const STOP_MS = 3000

/** Compacts in a thread that is there as long as the compaction is. */
export function compactionThread({ threads, clock }: Env): RunCompaction {
  return async (job, signal) => {
    signal.throwIfAborted()
    const thread = threads.start(ENTRY)
    const over = new AbortController()
    const onAbort = () => {
      thread.post('stop')
      void sleep(clock, STOP_MS, over.signal).then(() => thread.terminate())
    }
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      const outcome = new Promise<CompactionOutcome>((resolve) => thread.onMessage(resolve))
      thread.post(job)
      const ended = thread.exited.then(
        (error): CompactionOutcome => ({
          kind: 'failed',
          message:
            error === undefined ? 'the thread of the compaction was ended' : `the thread of the compaction ended: ${errorMessage(error)}`,
        }),
      )
      const found = await Promise.race([outcome, ended])
      await ended
      return found
    } finally {
      over.abort()
      signal.removeEventListener('abort', onAbort)
    }
  }
}
