import type { Windows } from './window-kernel.ts'

// When the counting behind a sample began tells of resets that values do not show, and what was counted before the first sample.
// Source: Prometheus promql/functions.go, isStartTimestampReset; promql/promqltest/testdata/start_timestamps.test.

/** Whether the counter began anew between sample `at` and the one before it. */
export function isStartReset({ timestamps, startTimes }: Windows, at: number): boolean {
  if (startTimes === undefined) return false
  const start = startTimes[at]
  const before = timestamps[at - 1]
  // A start that is not known, or not before its own sample, says nothing.
  if (start === 0 || start >= timestamps[at] || start < before) return false
  if (start > before) return true
  // It begins where the last one ended: a delta, unless nobody knew when that one began.
  const startBefore = startTimes[at - 1]
  return startBefore !== 0 && startBefore < before
}

/** When counting began for the first sample of a window that begins after `windowStart`; undefined where not inside the window. */
export function startInside({ timestamps, startTimes }: Windows, first: number, windowStart: number): number | undefined {
  const start = startTimes === undefined ? 0 : startTimes[first]
  return start !== 0 && start > windowStart && start < timestamps[first] ? start : undefined
}

/** Whether any window holds a sample whose counting began before the sample before it, and not when that one's did. */
export function hasOverlap({ timestamps, startTimes, lo, hi, stepCount }: Windows): boolean {
  if (startTimes === undefined) return false
  for (let k = 0; k < stepCount; k++) {
    for (let i = lo[k] + 1; i < hi[k]; i++) {
      if (startTimes[i] !== 0 && startTimes[i] < timestamps[i - 1] && startTimes[i] !== startTimes[i - 1]) return true
    }
  }
  return false
}
