import type { Breather } from '../../base/breather.ts'
import type { Matcher } from '../../model/matcher.ts'
import type { BlockIndex } from './block-index.ts'
import { countPostings, intersect, NO_POSTINGS, PostingsUnion, readPostings, subtract } from './postings.ts'
import type { PostingsTable } from './postings-table.ts'

// A matcher becomes a set of postings: those a series must be in one of (`want`), or those it must be in none of (what matches the
// empty value is stated by what it does not match). Single values are looked up first. A matcher that goes over many values is left
// for later when there are few candidates by then: looking at their labels is cheaper than reading all those postings.

/** Reading the postings of a value costs about as much as looking at the labels of so many series. */
const SERIES_PER_VALUE = 8

export interface MatchedSeries {
  /** Numbers of series, rising, which is label order. */
  readonly series: Uint32Array
  /** What the labels of the series must still be matched by. */
  readonly late: readonly Matcher[]
}

/** The series that fulfil all matchers, but for what is left to be looked at. What it answers is not to be written to. */
export async function findSeries(index: BlockIndex, matchers: readonly Matcher[], breather: Breather): Promise<MatchedSeries> {
  const known = index.matches.find(matchers)
  if (known !== undefined) return known
  const matched = await matchSeries(index, matchers, breather)
  index.matches.keep(matchers, matched)
  return matched
}

async function matchSeries(index: BlockIndex, matchers: readonly Matcher[], breather: Breather): Promise<MatchedSeries> {
  const { postings: table } = await index.tables()
  if (table.allOffset === undefined) return { series: NO_POSTINGS, late: [] }
  const lookUps: { readonly want: boolean; readonly values: readonly string[]; readonly name: string }[] = []
  const walks: Matcher[] = []
  for (const matcher of matchers) {
    if (matchesAll(matcher)) continue
    const values = literalValues(matcher)
    if (values === undefined) walks.push(matcher)
    else lookUps.push({ want: !matcher.matchesEmpty, values, name: matcher.name })
  }
  let found: Uint32Array | undefined
  const avoid: Uint32Array[] = []
  const wanted: { readonly offsets: readonly number[]; readonly count: number }[] = []
  for (const { want, values, name } of lookUps) {
    const offsets: number[] = []
    for (const value of values) {
      const offset = await table.find(name, value)
      if (offset !== undefined) offsets.push(offset)
    }
    if (want && offsets.length === 0) return { series: NO_POSTINGS, late: [] }
    if (!want) {
      for (const offset of offsets) avoid.push(await readPostings(index.file, offset))
      continue
    }
    let count = 0
    for (const offset of offsets) count += await countPostings(index.file, offset)
    wanted.push({ offsets, count })
  }
  wanted.sort((a, b) => a.count - b.count)
  for (const { offsets } of wanted) {
    const series = await unite(index, offsets, breather)
    found = found === undefined ? series : intersect(found, series)
    if (found.length === 0) return { series: found, late: [] }
  }
  const late: Matcher[] = []
  walks.sort((a, b) => table.valueCount(a.name) - table.valueCount(b.name))
  for (const matcher of walks) {
    if (found !== undefined && found.length <= SERIES_PER_VALUE * table.valueCount(matcher.name)) {
      late.push(matcher)
      continue
    }
    const want = !matcher.matchesEmpty
    const series = await unite(index, await walk(table, matcher, want, breather), breather)
    if (want) found = found === undefined ? series : intersect(found, series)
    else found = subtract(found ?? (await readPostings(index.file, table.allOffset)), series)
    if (found.length === 0) break
  }
  found ??= await readPostings(index.file, table.allOffset)
  for (const series of avoid) found = subtract(found, series)
  return { series: found, late }
}

/** Offsets of the postings of the values that match (`want`), or that do not. */
async function walk(table: PostingsTable, matcher: Matcher, want: boolean, breather: Breather): Promise<readonly number[]> {
  const offsets: number[] = []
  const prefix = want && matcher.operator === '=~' ? (matcher.regex?.prefix ?? '') : ''
  for await (const group of table.groups(matcher.name, prefix)) {
    for (let i = 0; i < group.values.length; i++) if (matcher.matches(group.values[i]) === want) offsets.push(group.offsets[i])
    if (breather.isDue()) await breather.rest()
  }
  return offsets
}

async function unite(index: BlockIndex, offsets: readonly number[], breather: Breather): Promise<Uint32Array> {
  if (offsets.length === 0) return NO_POSTINGS
  if (offsets.length === 1) return readPostings(index.file, offsets[0])
  const union = new PostingsUnion(index.firstSeries, index.seriesEnd, index.file.path)
  for (const offset of offsets) {
    union.add(await readPostings(index.file, offset))
    if (breather.isDue()) await breather.rest()
  }
  return union.postings()
}

/** Whether there is no need to look. */
function matchesAll({ operator, value }: Matcher): boolean {
  return operator === '=~' && value === '.*'
}

/** The values of the set when the index can look them up one by one. */
function literalValues({ operator, value, regex }: Matcher): readonly string[] | undefined {
  if (operator === '=' || operator === '!=') return value === '' ? undefined : [value]
  const literals = regex?.setMatches
  return literals === undefined || literals.includes('') ? undefined : [...new Set(literals)]
}
