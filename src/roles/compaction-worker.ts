// The thread of a compaction: does one job and ends, so that its memory goes away.
import type { ThreadMain } from '../base/env.ts'
import { type CompactionJob, type CompactionOutcome, compactBlocks } from '../tsdb/compact/compact-blocks.ts'

/** First the job; `stop` ends it early. */
export type ToCompaction = CompactionJob | 'stop'

export const runThread: ThreadMain<ToCompaction, CompactionOutcome> = (port, env) =>
  new Promise((resolve, reject) => {
    const stop = new AbortController()
    port.onMessage((message) => {
      if (message === 'stop') return stop.abort(new Error('the compaction is not wanted any more'))
      compactBlocks(env, message, stop.signal).then((outcome) => {
        port.post(outcome)
        resolve()
      }, reject)
    })
  })
