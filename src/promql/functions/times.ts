import { Labels } from '../../model/labels.ts'
import type { SeriesFunction } from './series-function.ts'

/** The time of the step, in seconds, for each series. Of a selector it is the sample's: that one is planned as a selection. */
export const timestamp: SeriesFunction = ({ steps, dropName, emit }) => ({
  add(series) {
    series.histograms = undefined
    for (let k = 0; k < steps.count; k++) series.values[k] = (steps.start + k * steps.stepMs) / 1000
    dropName(series)
    emit(series)
  },
  finish: () => [],
})

/** What is computed has no start; of a selector it is the sample's: that one is planned as a selection. */
export const startTimestamp: SeriesFunction = ({ memory }) => ({
  add: (series) => memory.release(series),
  finish: () => [],
})

/** A scalar as one series without labels. */
export const vector: SeriesFunction = ({ steps, memory, scalars }) => ({
  add() {},
  finish() {
    const out = memory.series(Labels.empty, steps.count)
    out.values.set(scalars[0])
    out.present.fill(1)
    return [out]
  },
})
