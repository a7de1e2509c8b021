import type { GettableSilence } from '../../../src/api/types/alertmanager.ts'
import { type Matcher, matcherOfJson } from './matchers.ts'

/** Where our API says how many sets of matchers a silence has; it shows them as well. */
export const MATCHER_SETS = 'promontory_matcher_sets'

/** All sets of matchers: an alert is silenced where all matchers of one of them fit. */
export function setsOf({
  matchers,
  matcherSets = [matchers],
}: Pick<GettableSilence, 'matchers' | 'matcherSets'>): readonly (readonly Matcher[])[] {
  return matcherSets.map((set) => set.map(matcherOfJson))
}
