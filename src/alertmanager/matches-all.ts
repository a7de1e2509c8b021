import type { Labels } from '../model/labels.ts'
import type { Matcher } from '../model/matcher.ts'

/** Whether labels meet every condition; an absent label has the empty value. */
export function matchesAll(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => matcher.matches(labels.get(matcher.name)))
}
