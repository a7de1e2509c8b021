import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { Ulid } from './block/ulid.ts'
import type { BlockEncodings } from './block-encodings.ts'
import { cutBlock } from './cut-block.ts'
import type { DbBlocks } from './db-blocks.ts'
import { checkpointDir } from './recovery/load-checkpoint.ts'
import type { LogWriter } from './wal/log-writer.ts'
import type { WindowSet } from './window-set.ts'

// 1. All windows become blocks, or none: what was made is taken back when one cannot be.
// 2. Checkpoints and then the log go when the blocks are durable. A crash before that leaves both: the samples count once, and replay brings them back.
// 3. The blocks say nothing of the log, and end with their last sample: who goes on with the directory takes every sample that is newer, and
//    late ones as before.

/**
 * Leaves a directory whose samples are all in blocks: for Prometheus, or whoever else reads those. Nothing may be appended any more, and the
 * log must be closed. A disk that refuses is logged, and the log stays as it is.
 */
export async function flushToBlocks(
  env: Env,
  dir: string,
  encodings: BlockEncodings,
  windows: WindowSet,
  blocks: DbBlocks,
  log: LogWriter,
): Promise<void> {
  const start = env.clock.monotonic()
  const begun: Ulid[] = []
  const { signal } = new AbortController()
  try {
    for (const window of windows.windows) {
      if (windows.sampleCountOf(window) === 0) continue
      const options = { dir, signal, isPartial: true, encodings, begun: (ulid: Ulid) => void begun.push(ulid) }
      await cutBlock(env, window, windows.late.beside(window), options)
    }
  } catch (error) {
    env.log.error('not flushed to blocks, the log stays', { dir, error: errorMessage(error) })
    // What they have the log has as well.
    for (const ulid of begun) await blocks.discard(ulid)
    return
  }
  try {
    // A checkpoint says where in the log it goes on.
    await env.fs.remove(checkpointDir(dir))
    await env.fs.syncDir(dir)
    await log.removeBefore(Number.POSITIVE_INFINITY)
  } catch (error) {
    env.log.error('flushed to blocks, the log is not emptied', { dir, error: errorMessage(error) })
    return
  }
  env.log.info('flushed to blocks', { dir, blocks: begun.length, seconds: (env.clock.monotonic() - start) / 1000 })
}
