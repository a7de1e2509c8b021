// How well a name fits what is searched for: 1 is as well as can be, 0 not at all.
// Source of the scores: Prometheus web/api/v1/search_filters.go, util/strutil/subsequence.go and jarowinkler.go.

/** Which names are found, and how well they fit; undefined: not found. */
export type SearchFilter = (name: string) => number | undefined

export const FUZZ_ALGORITHMS = ['subsequence', 'jarowinkler'] as const
export type FuzzAlgorithm = (typeof FUZZ_ALGORITHMS)[number]

export interface SearchTerms {
  /** A name that fits any of them is found; empty ones say nothing. */
  readonly terms: readonly string[]
  /** 0 to 1: how well a name must fit. */
  readonly threshold: number
  readonly algorithm: FuzzAlgorithm
  readonly caseSensitive: boolean
}

/** Undefined: there is nothing to search for, everything fits. */
export function searchFilter({ terms, threshold, algorithm, caseSensitive }: SearchTerms): SearchFilter | undefined {
  const fold = caseSensitive ? (text: string) => text : (text: string) => text.toLowerCase()
  const filters = terms.filter((term) => term !== '').map((term) => termFilter(fold(term), threshold, algorithm))
  if (filters.length === 0) return undefined
  return (name) => {
    const folded = fold(name)
    let best: number | undefined
    for (const filter of filters) {
      const score = filter(folded)
      if (score !== undefined && (best === undefined || score > best)) best = score
    }
    return best
  }
}

function termFilter(term: string, threshold: number, algorithm: FuzzAlgorithm): SearchFilter {
  if (algorithm === 'subsequence') {
    return (name) => {
      if (name.startsWith(term)) return 1
      const score = subsequenceScore(term, name)
      return score > 0 && score >= threshold ? score : undefined
    }
  }
  return (name) => {
    if (name.includes(term)) return name.startsWith(term) ? 1 : 0.9
    if (threshold === 0) return undefined
    const score = jaroWinkler(term, name)
    return score >= threshold ? score : undefined
  }
}

/**
 * How well `text` fits when the characters of `pattern` must occur in it in order: runs count by the square of their length, gaps
 * count against it by their share of the text, what follows the last run by half of that. 1 only for the same text.
 */
export function subsequenceScore(pattern: string, text: string): number {
  if (pattern === '' || pattern === text) return 1
  const [wanted, chars] = [[...pattern], [...text]]
  let best = -1
  for (let start = 0; start + wanted.length <= chars.length; start++) {
    if (chars[start] !== wanted[0]) continue
    const score = scoreFrom(wanted, chars, start)
    // What cannot be completed from here cannot from further on.
    if (score === undefined) break
    best = Math.max(best, score)
  }
  return best < 0 ? 0 : best / wanted.length ** 2
}

function scoreFrom(wanted: readonly string[], chars: readonly string[], start: number): number | undefined {
  const share = 1 / chars.length
  let score = 0
  let gapStart = 0
  let at = start
  for (let next = 0; next < wanted.length; ) {
    while (at < chars.length && chars[at] !== wanted[next]) at++
    if (at === chars.length) return undefined
    score -= (at - gapStart) * share
    const runStart = at
    while (next < wanted.length && at < chars.length && chars[at] === wanted[next]) {
      at++
      next++
    }
    score += (at - runStart) ** 2
    gapStart = at
  }
  return score - (chars.length - gapStart) * share * 0.5
}

/** The similarity of two texts after Jaro and Winkler: characters in common and in order, with a bonus for a common beginning. */
export function jaroWinkler(a: string, b: string): number {
  if (a === b) return 1
  if (a === '' || b === '') return 0
  const [shorter, longer] = [[...a], [...b]].sort((one, other) => one.length - other.length)
  const distance = Math.max(0, Math.floor(longer.length / 2) - 1)
  const taken = new Uint8Array(longer.length)
  const matched: string[] = []
  for (const [i, char] of shorter.entries()) {
    const end = Math.min(i + distance + 1, longer.length)
    for (let j = Math.max(0, i - distance); j < end; j++) {
      if (taken[j] === 1 || longer[j] !== char) continue
      taken[j] = 1
      matched.push(char)
      break
    }
  }
  const count = matched.length
  if (count === 0) return 0
  const inOrder = longer.filter((_, j) => taken[j] === 1)
  const transposed = matched.filter((char, i) => char !== inOrder[i]).length
  const jaro = (count / shorter.length + count / longer.length + (count - transposed / 2) / count) / 3
  let prefix = 0
  while (prefix < Math.min(4, shorter.length) && shorter[prefix] === longer[prefix]) prefix++
  return jaro + prefix * 0.1 * (1 - jaro)
}
