import type { BlockKeeper } from './block-keeper.ts'
import type { DbBlocks } from './db-blocks.ts'
import type { ExemplarRing } from './exemplars/exemplar-ring.ts'
import type { Checkpointer } from './recovery/checkpointer.ts'
import type { RefusalCounts } from './refusal-counts.ts'
import type { LogWriter } from './wal/log-writer.ts'
import type { WindowSet } from './window-set.ts'

interface Counted {
  readonly windows: WindowSet
  readonly exemplars: ExemplarRing
  readonly refused: RefusalCounts
  readonly blocks: DbBlocks
  /** What of the windows' samples was there at the start; undefined: it is still being read. */
  readonly replayed: { readonly samples: number; readonly histograms: number } | undefined
  /** What has come meanwhile. */
  readonly early: { readonly float: number; readonly histogram: number } | undefined
  readonly corruptions: number
  readonly log: LogWriter | undefined
  readonly checkpointer: Checkpointer | undefined
  readonly keeper: BlockKeeper | undefined
}

/** What has happened in a database since its start. */
export function dbCounters({ windows, exemplars, refused, blocks, replayed, early, corruptions, log, checkpointer, keeper }: Counted) {
  const histogramsAppended = replayed === undefined ? (early?.histogram ?? 0) : windows.histogramsAppended - replayed.histograms
  const floatsAppended = replayed === undefined ? (early?.float ?? 0) : windows.samplesAppended - replayed.samples - histogramsAppended
  return {
    floatsAppended,
    histogramsAppended,
    seriesCreated: windows.seriesCreated,
    seriesRemoved: windows.seriesRemoved,
    outOfOrder: refused.outOfOrder,
    duplicate: refused.duplicate,
    tooOld: refused.tooOld,
    tooLate: refused.tooLate,
    lateAppended: windows.late.appended,
    exemplarsAppended: exemplars.appended,
    exemplarsOutOfOrder: exemplars.outOfOrder,
    exemplarsMax: exemplars.max,
    exemplarCount: exemplars.count,
    exemplarSeriesCount: exemplars.seriesCount,
    oldestExemplarTime: exemplars.oldestTime,
    corruptions,
    commitsRefused: refused.commits,
    checkpointsBegun: checkpointer?.begun ?? 0,
    checkpointsFailed: checkpointer?.failed ?? 0,
    checkpointsRemoved: checkpointer?.removed ?? 0,
    checkpointBytes: checkpointer?.sizeBytes ?? 0,
    writeFailures: log?.writeFailures ?? 0,
    syncFailures: log?.syncFailures ?? 0,
    currentSegment: log?.currentSegment ?? 0,
    blockLoads: blocks.loads,
    blockLoadFailures: blocks.loadFailures,
    blocksQuarantined: blocks.quarantined,
    cutsBegun: keeper?.cutsBegun ?? 0,
    cuts: keeper?.cuts ?? 0,
    cutsFailed: keeper?.cutsFailed ?? 0,
    compactionsBegun: keeper?.compactions.begun ?? 0,
    compactions: keeper?.compactions.compacted ?? 0,
    compactionsFailed: keeper?.compactions.failed ?? 0,
    verticalCompactions: keeper?.compactions.vertical ?? 0,
    isCompacting: keeper?.compactions.isRunning ?? false,
    timeRetentions: keeper?.timeRetentions ?? 0,
    sizeRetentions: keeper?.sizeRetentions ?? 0,
  }
}
