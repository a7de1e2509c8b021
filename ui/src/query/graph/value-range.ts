/** Room above and below; zero stays in sight when it is near anyway, and a flat line runs through the middle. */
export function valueRange(min: number | null, max: number | null, stacked: boolean): [number, number] {
  if (min === null || max === null || !Number.isFinite(min) || !Number.isFinite(max)) return [0, 1]
  if (stacked) {
    min = Math.min(min, 0)
    max = Math.max(max, 0)
  }
  if (min === max) {
    if (min === 0) return [0, 1]
    return min > 0 ? [0, min * 2] : [min * 2, 0]
  }
  const span = max - min
  const low = min >= 0 && min < span ? 0 : min - span * 0.05
  const high = max <= 0 && -max < span ? 0 : max + span * 0.05
  return [low, high]
}

/** How much larger than the lines' a value may be and still be worth making them smaller for. */
const reachMax = 4

/** The largest of the lines' maximum and those values that do not flatten the lines. */
export function reachingTo(max: number | null, values: readonly number[]): number | null {
  if (max === null) return null
  let reached = max
  for (const value of values) if (value > reached && value <= max * reachMax) reached = value
  return reached
}
