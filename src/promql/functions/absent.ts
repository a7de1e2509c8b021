import type { SeriesFunction } from './series-function.ts'

/** 1 at the steps at which the argument has no series. */
export const absent: SeriesFunction = ({ steps, memory, absentLabels }) => {
  const out = memory.series(absentLabels, steps.count)
  out.present.fill(1)
  return {
    add(series) {
      for (let k = 0; k < steps.count; k++) if (series.present[k] === 1) out.present[k] = 0
      memory.release(series)
    },
    finish() {
      out.values.fill(1)
      return [out]
    },
  }
}
