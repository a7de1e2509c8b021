import { listSegments } from '../wal/replay.ts'
import { type Segment, segmentPath } from '../wal/segment.ts'
import type { RecoverOptions, Recovery } from './recover.ts'

/**
 * For a database that only forwards: nothing comes back into memory, and what the log has is known by its files. When a segment was last written
 * to stands for its newest sample.
 */
export async function leaveUnread({ env, dir, onLoaded }: RecoverOptions): Promise<Recovery> {
  const start = env.clock.monotonic()
  const segments: Segment[] = []
  for (const number of await listSegments(env, `${dir}/log`)) {
    const path = segmentPath(`${dir}/log`, number)
    const stat = await env.fs.stat(path)
    if (stat !== null) segments.push({ number, path, sizeBytes: stat.sizeBytes, maxTime: stat.modifiedTime, deletionsEnd: 0 })
  }
  onLoaded(segments.at(-1)?.number ?? 0)
  const report = { segments, bytes: 0, samples: 0, series: 0, samplesLost: 0, damages: [], corruptions: 0 }
  return { report, checkpoint: undefined, lastCheckpoint: 0, seconds: (env.clock.monotonic() - start) / 1000 }
}
