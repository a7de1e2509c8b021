import { SampleColumns } from '../../chunkenc/codec.ts'
import { CounterResetHint, type Histogram } from '../../model/histogram.ts'
import type { Labels } from '../../model/labels.ts'
import { isStaleMarker } from '../../model/staleness.ts'
import type { Samples } from '../plan/plan.ts'
import type { StepSeries } from './columns.ts'
import type { QueryRun } from './query-run.ts'
import { SampleTally } from './sample-tally.ts'
import { scan } from './scan.ts'
import { lastReference, type Reference, referenceTimes, type Steps, stepsBetween } from './steps.ts'

/** Called once a series, and waited for. The samples hold no staleness marker; they are the caller's and change with the next call. */
export type SamplesVisitor = (labels: Labels, samples: SampleColumns, dropName: boolean) => void | Promise<void>

/** The times at which the windows of `steps` end. */
export function windowEnds(samples: Samples, steps: Steps): Reference {
  if (samples.kind === 'selected') return referenceTimes(steps, samples.selection.offsetMs, samples.selection.at)
  return referenceTimes(steps, samples.offsetMs, samples.at)
}

/** How far beyond their ranges samples are looked at. */
export function reachBeyond(run: QueryRun, samples: Samples): { readonly beforeMs: number; readonly afterMs: number } {
  const extended = samples.kind === 'selected' ? samples.selection.extended : undefined
  return { beforeMs: extended === undefined ? 0 : run.lookbackMs, afterMs: extended === 'smoothed' ? run.lookbackMs : 0 }
}

/** Reads all samples that the windows of `steps` may hold, series by series. Answers how many samples a subquery looked at in all. */
export async function readSamples(run: QueryRun, samples: Samples, steps: Steps, visit: SamplesVisitor): Promise<number> {
  const ends = windowEnds(samples, steps)
  const { beforeMs, afterMs } = reachBeyond(run, samples)
  const minTime = ends.first - samples.rangeMs - beforeMs + 1
  const maxTime = lastReference(ends, steps) + afterMs
  if (samples.kind === 'selected') {
    await scan(run, samples.selection, { minTime, maxTime, stepMs: steps.stepMs }, (labels, columns) => {
      removeStaleMarkers(columns)
      return visit(labels, columns, false)
    })
    return 0
  }
  const { stepMs } = samples
  // The first multiple of the step inside the open start of the range.
  const start = Math.floor((minTime - 1) / stepMs) * stepMs + stepMs
  const inner = stepsBetween(start, maxTime, stepMs)
  if (inner.count === 0) return 0
  const tally = new SampleTally(inner.count, steps.count > 1 ? run.memory : undefined)
  const columns = new SampleColumns(0)
  let isCharged = false
  const visitSeries = (series: StepSeries) => {
    if (!isCharged) run.context.budget.chargeBytes(inner.count * BYTES_PER_SAMPLE)
    isCharged = true
    gather(series, inner, columns)
    const { labels, dropName } = series
    run.memory.release(series)
    return columns.length > 0 ? visit(labels, columns, dropName) : undefined
  }
  // Series come without waiting: those that come while a visit goes on are kept for after it.
  let visited: Promise<void> | undefined
  const held: StepSeries[] = []
  await run.counting(tally).execute(samples.input, inner, (series) => {
    if (visited !== undefined) {
      held.push(series)
      return
    }
    visited = visitSeries(series) ?? undefined
    visited?.catch(() => {})
  })
  await visited
  for (const series of held) await visitSeries(series)
  if (isCharged) run.context.budget.releaseBytes(inner.count * BYTES_PER_SAMPLE)
  run.tally.addSubquery(tally, inner, ends, samples.rangeMs, steps.count)
  return tally.total
}

const BYTES_PER_SAMPLE = 16

/** Hot: runs once a series. Most series have no marker, which their decoder knows, and are left as they are. */
export function removeStaleMarkers(columns: SampleColumns): void {
  if (!columns.mayHaveMarkers) return
  const { timestamps, values, histograms, startTimes, length } = columns
  let kept = 0
  while (kept < length && !isStaleMarker(values[kept])) kept++
  for (let i = kept + 1; i < length; i++) {
    if (isStaleMarker(values[i])) continue
    timestamps[kept] = timestamps[i]
    values[kept] = values[i]
    if (histograms !== undefined) histograms[kept] = histograms[i]
    if (startTimes !== undefined) startTimes[kept] = startTimes[i]
    kept++
  }
  if (kept < length) columns.cut(kept)
}

/** What is known of a reset holds between neighbours; a subquery may leave some out, and see others twice. */
function withoutResetHint(histogram: Histogram | undefined): Histogram | undefined {
  if (histogram === undefined || histogram.counterResetHint === CounterResetHint.gauge) return histogram
  return { ...histogram, counterResetHint: CounterResetHint.unknown }
}

function gather(series: StepSeries, steps: Steps, into: SampleColumns): void {
  into.clear()
  into.reserve(steps.count)
  for (let k = 0; k < steps.count; k++) {
    if (series.present[k] === 1) into.push(steps.start + k * steps.stepMs, series.values[k])
  }
  const { histograms } = series
  if (histograms !== undefined) into.histograms = histograms.filter((_, k) => series.present[k] === 1).map(withoutResetHint)
}
