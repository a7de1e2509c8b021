import { assert } from '../../base/assert.ts'
import { Breather } from '../../base/breather.ts'
import type { Env } from '../../base/env.ts'
import type { Timestamp } from '../../model/time.ts'
import { AppendStatus, type SeriesRef } from '../../storage/appender.ts'
import type { ExemplarRing } from '../exemplars/exemplar-ring.ts'
import { digest, digestHistogram } from '../histogram-digest.ts'
import { keptSince } from '../retention.ts'
import { listSegments, type ReplayReport, type ReplayTarget, replayLog } from '../wal/replay.ts'
import { histogramKind } from '../window/sample-kind.ts'
import type { WindowSet } from '../window-set.ts'
import { type CheckpointAhead, type LoadedCheckpoint, listCheckpoints, loadCheckpoint, removeUnfinished } from './load-checkpoint.ts'
import { type RecoverUntil, setAside } from './recover-until.ts'
import { UnappliedSamples } from './unapplied-samples.ts'

// What a database had in memory comes back in two steps: the last checkpoint, then what the log has after it.

/** How often a long replay says how far it is. */
const PROGRESS_MS = 5000

export interface RecoverOptions {
  readonly env: Pick<Env, 'fs' | 'log' | 'clock'>
  readonly dir: string
  /** As in `DbOptions`. */
  readonly retentionMs: number
  /** Hands over the newest checkpoint, if it is being read, or was: nobody else keeps it. */
  readonly takeAhead?: () => Promise<CheckpointAhead | undefined> | undefined
  /** What the log has after it is set aside first. */
  readonly until: RecoverUntil | undefined
  readonly signal: AbortSignal
  /** Series of the checkpoint are there. From now on others may write to segments with higher numbers than these, and apply nothing before all is read. */
  readonly onLoaded: (segmentBefore: number) => void
  readonly onSegment: (segmentsDone: number, segmentsTotal: number) => void
  /** All was checked, and comes into the windows in turn. Series by series it can be had now. */
  readonly onRead?: (unapplied: UnappliedSamples) => void
  /** Whether somebody does, or works on it. */
  readonly isAsked?: () => boolean
}

export interface Recovery {
  readonly report: ReplayReport
  readonly checkpoint: LoadedCheckpoint | undefined
  /** The highest number of a checkpoint, used or not. */
  readonly lastCheckpoint: number
  readonly seconds: number
}

/** Brings back into `windows` and `exemplars`, which have nothing yet, what is in no block. */
export async function recover(
  { env, dir, retentionMs, takeAhead, until, signal, onLoaded, onSegment, onRead, isAsked }: RecoverOptions,
  windows: WindowSet,
  exemplars: ExemplarRing,
): Promise<Recovery> {
  const { clock, log } = env
  await removeUnfinished(env, dir)
  if (until !== undefined) await setAside(env, dir, until)
  const lastCheckpoint = (await listCheckpoints(env, dir))[0] ?? 0
  const start = clock.monotonic()
  const checkpoint = await loadCheckpoint(env, dir, windows, exemplars, takeAhead?.())
  if (checkpoint !== undefined) {
    const { number, sizeBytes } = checkpoint
    const { segment, offset } = checkpoint.start.position
    const durationMs = Math.round(clock.monotonic() - start)
    log.info('checkpoint loaded', { number, sizeBytes, series: windows.slots.used, segment, offset, durationMs })
  }
  const numbers = await listSegments(env, `${dir}/log`)
  onLoaded(Math.max(numbers.at(-1) ?? 0, checkpoint?.start.position.segment ?? 0))
  let saidAt = clock.monotonic()
  const target = replayTarget(windows, exemplars, env, signal, {
    progress: (bytesDone, bytesTotal) => {
      const now = clock.monotonic()
      if (now - saidAt < PROGRESS_MS) return
      saidAt = now
      const seconds = (now - start) / 1000
      log.info('write-ahead log is being replayed', { percent: Math.floor((100 * bytesDone) / bytesTotal), bytesDone, bytesTotal, seconds })
    },
    restBegins: (rest) => onRead?.(new UnappliedSamples(rest)),
    isAsked: () => isAsked?.() === true,
    segmentEnd: (done, total) => {
      onSegment(done, total)
      windows.closeOld()
      if (retentionMs > 0) windows.dropBefore(keptSince(windows.maxTime, clock.now(), retentionMs))
      return !signal.aborted
    },
  })
  const report = await replayLog(env, `${dir}/log`, numbers, `${dir}/quarantine`, target, checkpoint?.start, signal)
  // A checkpoint may have windows that became blocks after it.
  windows.dropCut()
  return { report, checkpoint, lastCheckpoint, seconds: (clock.monotonic() - start) / 1000 }
}

function replayTarget(
  windows: WindowSet,
  exemplars: ExemplarRing,
  { clock }: Pick<Env, 'clock'>,
  signal: AbortSignal,
  rest: Pick<ReplayTarget, 'progress' | 'restBegins' | 'isAsked' | 'segmentEnd'>,
): ReplayTarget {
  const { cutTime, slots } = windows
  const slotOf = (ref: SeriesRef) => {
    const slot = slots.slotOf(ref)
    assert(slot >= 0, 'a series is not let go while its segment is replayed')
    return slot
  }
  const sample = (ref: SeriesRef, t: Timestamp, v: number, startTime: Timestamp) => {
    if (t < cutTime) return
    const slot = slots.floatSlotOf(ref)
    if (slot >= 0) {
      if (windows.apply(slot, t, v, startTime) === AppendStatus.ok && t > slots.lastTime(slot)) slots.setLastFloat(slot, t, v)
      return
    }
    const other = slotOf(ref)
    if (windows.apply(other, t, v, startTime) === AppendStatus.ok && t > slots.lastTime(other)) slots.setLast(other, t, v)
  }
  return {
    ...rest,
    // What comes back was admitted once.
    series: (labels, time) => windows.series(labels, Math.max(time, cutTime), true),
    samples: (ref, run, count) => {
      for (let i = windows.applyRun(ref, run, 0, count); i < count; i = windows.applyRun(ref, run, i + 1, count))
        sample(ref, run.times[i], run.values[i], 0)
    },
    sample,
    histogram: (ref, t, isFloat, histogram, startTime) => {
      if (t < cutTime) return
      const slot = slotOf(ref)
      digestHistogram(histogram)
      const { high, low } = digest
      if (windows.applyHistogram(slot, t, isFloat, histogram, startTime, high, low) !== AppendStatus.ok) return
      if (t > slots.lastTime(slot)) slots.setLastBits(slot, t, histogramKind(isFloat), high, low)
    },
    exemplar: (ref, exemplar) => {
      exemplars.add(ref, () => windows.labels(slotOf(ref)), exemplar)
    },
    metadata: (ref, metadata) => slots.metadata.set(slotOf(ref), metadata),
    deletion: (deletion) => windows.delete(deletion, new Breather(clock, signal)),
  }
}
