import type { Density, Resolution } from './panel-state.ts'

/** The spans the − and + buttons step through, and the resolutions offered. Milliseconds. */
const rangeChoices = [
  60_000, 300_000, 900_000, 1_800_000, 3_600_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000, 172_800_000, 259_200_000, 604_800_000,
  1_209_600_000,
] as const
export const stepChoices = [1000, 5000, 15_000, 30_000, 60_000, 300_000, 900_000, 3_600_000, 86_400_000] as const

/** Upstream refuses range queries of more points a series. Source: Prometheus documentation, querying/api. */
const pointsMax = 11_000
const pointsOfDensity: Readonly<Record<Density, number>> = { low: 100, medium: 250, high: 750 }

/** The next larger or smaller choice; beyond the list it doubles or halves, down to a second. */
export function nextRange(rangeMs: number, direction: 'larger' | 'smaller'): number {
  if (direction === 'larger') return rangeChoices.find((choice) => choice > rangeMs) ?? rangeMs * 2
  return rangeChoices.findLast((choice) => choice < rangeMs) ?? Math.max(1000, Math.floor(rangeMs / 2000) * 1000)
}

/** Steps of automatic resolutions in seconds: round, so that points fall on round times and neighbouring ranges share them. */
const roundSteps = [1, 2, 3, 5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400]

/** The step in ms. Auto: the largest round one that gives at least the density's points. Fixed: as asked, unless too many points. */
export function chooseStep(rangeMs: number, resolution: Resolution): number {
  const stepMsMin = Math.ceil(rangeMs / (pointsMax - 1))
  if (resolution.type === 'fixed') return Math.max(resolution.stepMs, stepMsMin)
  const stepSecondsMax = rangeMs / pointsOfDensity[resolution.density] / 1000
  return Math.max((roundSteps.findLast((step) => step <= stepSecondsMax) ?? roundSteps[0]) * 1000, stepMsMin)
}

export interface TimeWindow {
  readonly start: number
  readonly end: number
  readonly stepMs: number
}

// A picture that follows the clock must not wobble as its steps slide over the samples, so its end lies on a
// multiple of the step: but only while that hides less than this much of the newest data.
const hiddenMsMax = 15_000

/** Start and end of a range query that ends at `endTime`, or at `now` when the panel follows the clock. */
export function chooseWindow(
  panel: { readonly rangeMs: number; readonly endTime: number | undefined; readonly resolution: Resolution },
  now: number,
): TimeWindow {
  const stepMs = chooseStep(panel.rangeMs, panel.resolution)
  if (panel.endTime !== undefined) return { start: panel.endTime - panel.rangeMs, end: panel.endTime, stepMs }
  const end = stepMs <= hiddenMsMax ? Math.floor(now / stepMs) * stepMs : now
  return { start: end - panel.rangeMs, end, stepMs }
}
