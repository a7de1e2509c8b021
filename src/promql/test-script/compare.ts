import type { Histogram } from '../../model/histogram.ts'
import { compareLabels } from '../../model/labels.ts'
import type { SequenceValue } from '../parser/series-description.ts'
import type { QueryResult, QueryValue } from '../value.ts'
import { almostEqual } from './almost-equal.ts'
import { almostEqualHistograms, describeHistogram } from './compare-histograms.ts'
import type { EvalCommand, Expectation, ExpectedSeries } from './script.ts'

/** Whether a histogram of an answer is the expected one; `hasHint`: what it says of counter resets counts, too. */
export type SameHistogram = (want: Histogram, got: Histogram, hasHint: boolean) => boolean

// Each function answers what is wrong, or undefined. Source: Prometheus promql/promqltest/test.go and util/almost.

export function compareValue(command: EvalCommand, value: QueryValue, isSame: SameHistogram = isSameHistogram): string | undefined {
  switch (value.type) {
    case 'string':
      return value.v === (command.string ?? '')
        ? undefined
        : `expected string ${JSON.stringify(command.string ?? '')}, got ${JSON.stringify(value.v)}`
    case 'scalar':
      if (command.scalar === undefined) return `expected vector or matrix, got scalar ${value.v}`
      return almostEqual(command.scalar, value.v) ? undefined : `expected scalar ${command.scalar}, got ${value.v}`
    case 'vector':
      return command.scalar === undefined
        ? compareVector(command, value, isSame)
        : `expected scalar, got a vector of ${value.samples.length}`
    case 'matrix':
      return command.scalar === undefined
        ? compareMatrix(command, value, isSame)
        : `expected scalar, got a matrix of ${value.series.length}`
  }
}

function compareVector(command: EvalCommand, { samples }: QueryValue & { type: 'vector' }, isSame: SameHistogram): string | undefined {
  const expected = byLabels(command)
  const seen = new Set<string>()
  const ordered = command.expectations.some(({ type }) => type === 'ordered')
  for (const [position, { labels, v, h }] of samples.entries()) {
    const want = expected.get(labels.key())
    if (want === undefined) return `unexpected series ${labels} with value ${v}`
    if (seen.has(labels.key())) return `series ${labels} is in the result twice`
    if (ordered && want.position !== position) return `expected ${labels} at position ${want.position + 1}, but it is at ${position + 1}`
    const difference = compareSample(`${labels}`, want.values[0], v, h, isSame)
    if (difference !== undefined) return difference
    seen.add(labels.key())
  }
  return missing(expected, seen)
}

function compareMatrix(command: EvalCommand, { series }: QueryValue & { type: 'matrix' }, isSame: SameHistogram): string | undefined {
  const expected = byLabels(command)
  const seen = new Set<string>()
  for (const [index, { labels, timestamps, values, histograms, length }] of series.entries()) {
    if (index > 0 && compareLabels(series[index - 1].labels, labels) > 0) return `matrix is not sorted: ${labels} comes too late`
    const want = expected.get(labels.key())
    if (want === undefined) return `unexpected series ${labels} with ${length} points`
    seen.add(labels.key())
    let point = 0
    for (const [step, wantValue] of want.values.entries()) {
      const time = command.start + step * command.stepMs
      if (time > command.end) return `expected ${want.values.length} points for ${labels}, the range has room for ${step}`
      if (wantValue.kind === 'omitted') continue
      if (point >= length) return `expected a point of ${labels} at ${time}, the result ends after ${length} points`
      if (timestamps[point] !== time)
        return `expected a point of ${labels} at ${time}, got one at ${timestamps[point]} (value ${values[point]})`
      const difference = compareSample(`${labels} at ${time}`, wantValue, values[point], histograms?.[point], isSame)
      if (difference !== undefined) return difference
      point++
    }
    if (point < length) return `unexpected point of ${labels} at ${timestamps[point]} with value ${values[point]}`
  }
  return missing(expected, seen)
}

function compareSample(
  where: string,
  want: SequenceValue | undefined,
  value: number,
  histogram: Histogram | undefined,
  isSame: SameHistogram,
): string | undefined {
  const got = histogram === undefined ? String(value) : describeHistogram(histogram)
  if (want?.kind === 'value' && histogram === undefined && almostEqual(want.value, value)) return undefined
  if (want?.kind === 'histogram') {
    if (histogram !== undefined && isSame(want.histogram, histogram, want.hasHint)) return undefined
    return `expected ${describeHistogram(want.histogram)} for ${where}, got ${got}`
  }
  return `expected ${want?.kind === 'value' ? want.value : undefined} for ${where}, got ${got}`
}

function isSameHistogram(want: Histogram, got: Histogram, hasHint: boolean): boolean {
  return almostEqualHistograms(want, got) && (!hasHint || want.counterResetHint === got.counterResetHint)
}

function byLabels({ series }: EvalCommand): ReadonlyMap<string, ExpectedSeries> {
  return new Map(series.map((expected) => [expected.labels.key(), expected]))
}

function missing(expected: ReadonlyMap<string, ExpectedSeries>, seen: ReadonlySet<string>): string | undefined {
  for (const [key, { labels }] of expected) if (!seen.has(key)) return `expected series ${labels} is missing`
  return undefined
}

/** Every expected annotation must be there, and where some are expected, no others. */
export function compareAnnotations({ expectations }: EvalCommand, result: QueryResult): string | undefined {
  for (const [type, found] of [
    ['warn', result.warnings],
    ['info', result.infos],
  ] as const) {
    const wanted = expectations.filter((expectation) => expectation.type === type)
    const complaint = compareAnnotationsOf(type, wanted, found)
    if (complaint !== undefined) return complaint
    if (found.length > 0 && expectations.some((expectation) => expectation.type === `no_${type}`))
      return `unexpected ${type} annotation ${found[0]}`
  }
  return undefined
}

function compareAnnotationsOf(type: string, wanted: readonly Expectation[], found: readonly string[]): string | undefined {
  if (wanted.length === 0) return undefined
  if (found.length === 0) return `expected ${type} annotation ${JSON.stringify(wanted[0].text)}, got none`
  const absent = wanted.find((expectation) => !found.some((message) => expectation.matches(message)))
  if (absent !== undefined) return `expected ${type} annotation ${JSON.stringify(absent.text)}, got ${JSON.stringify(found)}`
  const extra = found.find((message) => !wanted.some((expectation) => expectation.matches(message)))
  return extra === undefined ? undefined : `unexpected ${type} annotation ${JSON.stringify(extra)}`
}
