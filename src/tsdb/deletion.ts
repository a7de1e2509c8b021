import type { Matcher } from '../model/matcher.ts'
import type { Timestamp } from '../model/time.ts'

/** The samples of all series that fulfil the matchers, from `minTime` to `maxTime`, both inclusive, that were there when it was said. */
export interface Deletion {
  readonly minTime: Timestamp
  readonly maxTime: Timestamp
  readonly matchers: readonly Matcher[]
}
