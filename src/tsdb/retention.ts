import type { FileSystem } from '../base/env.ts'
import type { Timestamp } from '../model/time.ts'

/** What is kept; 0: no such limit. */
export interface Retention {
  /** What is older than the newest sample by this goes. */
  readonly timeMs: number
  /** Blocks and log together have at most this many bytes. */
  readonly sizeBytes: number
  /** The same as a share of the disk, from 0 to 100; counts instead of `sizeBytes` where both are given. */
  readonly percentage: number
}

/** What is older goes. A sample of the far future is no reason to let go of what is from today, and neither is a clock that is. */
export function keptSince(newest: Timestamp, now: Timestamp, retentionMs: number): Timestamp {
  return Math.min(newest, now) - retentionMs
}

/** How many bytes may be kept; 0: there is no limit. Source: Prometheus tsdb/db.go, BeyondSizeRetention. */
export async function keptBytes(fs: FileSystem, dir: string, { sizeBytes, percentage }: Retention): Promise<number> {
  if (percentage <= 0) return sizeBytes
  const { totalBytes } = await fs.usage(dir)
  // A file system that does not know how large it is limits nothing.
  return totalBytes > 0 ? Math.floor((totalBytes * percentage) / 100) : sizeBytes
}
