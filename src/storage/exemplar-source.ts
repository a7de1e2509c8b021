import type { Exemplar } from '../model/exemplar.ts'
import type { Labels } from '../model/labels.ts'
import type { Matcher } from '../model/matcher.ts'
import type { Timestamp } from '../model/time.ts'
import type { QueryContext } from './series-source.ts'

export interface SeriesExemplars {
  readonly labels: Labels
  /** Times rising. */
  readonly exemplars: readonly Exemplar[]
}

export interface ExemplarRequest {
  /** Times of the exemplars, both inclusive. */
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
  /** Each set is a conjunction; a series counts when any set matches. */
  readonly matcherSets: readonly (readonly Matcher[])[]
}

/** Where exemplars can be read. */
export interface ExemplarSource {
  /** Series in label order, each with at least one exemplar. */
  exemplars(request: ExemplarRequest, ctx: QueryContext): Promise<readonly SeriesExemplars[]>
}
