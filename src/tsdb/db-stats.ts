import type { DbBlocks } from './db-blocks.ts'
import type { LogWriter } from './wal/log-writer.ts'
import type { WindowSet } from './window-set.ts'

/** What a database holds. */
export interface DbStats {
  /** Series that get samples, and labels and chunks of all windows. */
  readonly activeSeries: number
  readonly windowCount: number
  readonly chunkCount: number
  readonly labelPairCount: number
  readonly symbolCount: number
  readonly sampleCount: number
  /** Of the samples in windows. */
  readonly minTime: number
  readonly maxTime: number
  /** Of all samples. */
  readonly lowestTime: number
  readonly blockCount: number
  readonly blockBytes: number
  /** In slabs. */
  readonly memoryBytes: number
  readonly logBytes: number
  readonly segmentCount: number
}

export function dbStats(windows: WindowSet, blocks: DbBlocks, log: LogWriter | undefined, lowestTime: number): DbStats {
  let [chunkCount, labelPairCount, symbolCount, sampleCount] = [0, 0, 0, 0]
  for (const window of windows.all) {
    chunkCount += window.chunkCount
    labelPairCount += window.pairs.count
    symbolCount += window.symbols.count
    sampleCount += window.sampleCount
  }
  return {
    activeSeries: windows.slots.used,
    windowCount: windows.windows.length,
    chunkCount,
    labelPairCount,
    symbolCount,
    sampleCount,
    minTime: windows.minTime,
    maxTime: windows.maxTime,
    lowestTime,
    blockCount: blocks.all.length,
    blockBytes: blocks.sizeBytes,
    memoryBytes: windows.pool.usedBytes,
    logBytes: log?.sizeBytes ?? 0,
    segmentCount: log?.segments.length ?? 0,
  }
}
