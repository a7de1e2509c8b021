import type { Env } from '../base/env.ts'
import type { ParsedFlags } from '../config/flags.ts'
import type { ConfigReloader } from '../config/reload.ts'
import type { serverFlags } from '../config/server-flags.ts'
import { formatByteSize } from '../model/byte-size.ts'
import { formatDuration } from '../model/duration.ts'
import { type Db, openDb } from '../tsdb/db.ts'
import type { RecoverUntil } from '../tsdb/recovery/recover-until.ts'
import type { Retention } from '../tsdb/retention.ts'
import { blockEncodings, lateSpanMs } from '../tsdb/storage-schema.ts'
import { compactionThread } from './compaction-thread.ts'
import { guardSeries, type SeriesGuard } from './guard-series.ts'
import { dataDir, isAgent } from './server-parts.ts'

type Flags = ParsedFlags<typeof serverFlags>

/** What an agent compares exemplars with, to find those that it has had. */
const AGENT_EXEMPLARS_MAX = 10_000

export interface StorageOptions {
  readonly env: Env
  readonly flags: Flags
  /** Those that are on. */
  readonly features: ReadonlySet<string>
  readonly reloader: ConfigReloader
  readonly recoverUntil: RecoverUntil | undefined
}

/** Opens the database as flags and file want it, and has it follow the file. */
export async function openServerStorage({
  env,
  flags,
  features,
  reloader,
  recoverUntil,
}: StorageOptions): Promise<{ readonly db: Db; readonly guard: SeriesGuard }> {
  const { values } = flags
  const agent = isAgent(values)
  const retention = retentionOf(flags, reloader.current.storage.retention)
  const blockRangeMs = agent ? values['storage.agent.retention.min-time'] : values['storage.tsdb.min-block-duration']
  const db = await openDb({
    env,
    dir: dataDir(values),
    retentionMs: retention.timeMs,
    retentionBytes: retention.sizeBytes,
    blockRangeMs,
    maxBlockMs: values['storage.tsdb.max-block-duration'],
    runCompaction: compactionThread(env),
    walFsync: values['storage.wal.fsync'],
    flushOnExit: values['storage.tsdb.flush-on-exit'],
    recoverUntil,
    forwardOnly: agent,
  })
  await reloader.subscribe(({ storage }) => {
    db.takeLateSamples(lateSpanMs(storage, blockRangeMs))
    db.retain(retentionOf(flags, storage.retention))
    db.encodeBlocks(blockEncodings(storage, features))
  })
  const guard = await guardSeries(env, reloader, db)
  if (agent) db.keepExemplars(AGENT_EXEMPLARS_MAX)
  else if (features.has('exemplar-storage')) await reloader.subscribe(({ exemplarsMax }) => db.keepExemplars(exemplarsMax))
  return { db, guard }
}

/**
 * What is kept: what the file says, else what the flags say. Who limits the size alone means it.
 * Source: Prometheus cmd/prometheus/main.go: the default time is for those who give neither.
 */
function retentionOf({ values, given }: Flags, file: Retention): Retention {
  const isTimeGiven = given.has('storage.tsdb.retention.time') || given.has('storage.tsdb.retention')
  const sizeBytes = file.sizeBytes || values['storage.tsdb.retention.size']
  const { percentage } = file
  const timeMs = sizeBytes + percentage > 0 && !isTimeGiven ? 0 : values['storage.tsdb.retention.time']
  return { timeMs: file.timeMs || timeMs, sizeBytes, percentage }
}

/** As the status page shows it. */
export function retentionText({ timeMs, sizeBytes, percentage }: Retention): string {
  const size = percentage > 0 ? `${percentage}%` : sizeBytes > 0 ? formatByteSize(sizeBytes) : ''
  return [timeMs > 0 ? formatDuration(timeMs) : '', size].filter((text) => text !== '').join(' or ')
}
