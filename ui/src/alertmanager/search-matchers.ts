import { type Matcher, parseMatchers } from './matchers.ts'

/** The matchers that an address has under `filter`; with text that is none, what is wrong with it. */
export function matchersOfSearch(search: Readonly<Record<string, string>>): {
  readonly matchers: readonly Matcher[]
  readonly problem?: string
} {
  try {
    return { matchers: parseMatchers(search['filter'] ?? '') }
  } catch (error) {
    return { matchers: [], problem: error instanceof Error ? error.message : String(error) }
  }
}
