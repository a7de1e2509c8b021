import { type Env, sleep } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { diskStateOf, type StorageHealth } from './storage-health.ts'
import type { LogWriter } from './wal/log-writer.ts'

/** When a disk that failed is tried again: first, and at last. */
const REPAIR_MS = 500
const REPAIR_MS_MAX = 5000

/** Tries until a log whose disk failed takes batches again, or the database ends. */
export async function repairLog(
  { log: lines, clock }: Pick<Env, 'log' | 'clock'>,
  log: LogWriter,
  health: StorageHealth,
  ended: AbortSignal,
): Promise<void> {
  const start = clock.monotonic()
  for (let delayMs = REPAIR_MS; ; delayMs = Math.min(2 * delayMs, REPAIR_MS_MAX)) {
    await sleep(clock, delayMs, ended)
    if (ended.aborted) return
    try {
      await log.repair()
      health.set('log', 'normal')
      lines.info('samples are taken again', { durationMs: Math.round(clock.monotonic() - start) })
      return
    } catch (error) {
      health.set('log', diskStateOf(error))
      lines.debug('the disk does not yet', { error: errorMessage(error) })
    }
  }
}
