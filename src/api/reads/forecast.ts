import type { Timestamp } from '../../model/time.ts'
import { type EngineSettings, lookbackOf, planQuestion } from '../../promql/evaluate.ts'
import { reachOf } from '../../promql/exec/reach.ts'
import { parseMetricSelector } from '../../promql/parser/parse.ts'
import type { SelectRequest } from '../../storage/series-source.ts'
import type { ReadEstimate } from '../../tsdb/estimate-read.ts'
import type { Read } from './read.ts'

/** What a read will look at, at most, and about how long it takes. */
export interface ReadForecast {
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
  /** Of computing; Infinity where nobody can tell. */
  readonly costMs: number
  /** Of that what is the less for each of several threads the more there are: reading samples and working on them, and not finding and naming series. */
  readonly divisibleMs: number
  /** Whether all that it looks at is in memory. */
  readonly isInMemory: boolean
}

export type Estimate = (request: SelectRequest) => ReadEstimate

// Measured with the benchmarks of promql/exec on one core, generously: a series that is found, named and written; a sample that is read; a
// sample that is made at a step.
const MS_PER_SERIES = 0.002
const MS_PER_SAMPLE = 0.000_03
const MS_PER_POINT = 0.000_1

/** Throws `bad_data` for a query that does not parse. */
export function forecast(read: Read, settings: EngineSettings, estimate: Estimate): ReadForecast {
  let [minTime, maxTime, costMs, divisibleMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0]
  let isInMemory = true
  const add = (request: SelectRequest, stepCount: number, readsSamples = true) => {
    minTime = Math.min(minTime, request.minTime)
    maxTime = Math.max(maxTime, request.maxTime)
    const { seriesCount, sampleCount, blockCount } = estimate(request)
    if (blockCount > 0) isInMemory = false
    const workMs = seriesCount * stepCount * MS_PER_POINT + (readsSamples ? sampleCount * MS_PER_SAMPLE : 0)
    divisibleMs += workMs
    costMs += workMs + seriesCount * MS_PER_SERIES
  }
  if (read.kind === 'query') {
    const { question } = read
    for (const reach of reachOf(planQuestion(question, settings), question.steps, lookbackOf(question, settings)))
      add(reach, reach.stepCount)
    return { minTime, maxTime, costMs, divisibleMs, isInMemory }
  }
  const isWanted = read.kind === 'series' || read.kind === 'federate'
  for (const selector of read.selectors)
    add({ minTime: read.minTime, maxTime: read.maxTime, matchers: parseMetricSelector(selector) }, 1, read.kind === 'federate')
  // Names and values of all series come from the index alone; how many values there are is not known before.
  return {
    minTime: read.minTime,
    maxTime: read.maxTime,
    costMs: isWanted || read.selectors.length > 0 ? costMs : 0,
    divisibleMs: 0,
    isInMemory,
  }
}
