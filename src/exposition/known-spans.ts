import { NO_SPANS, type Spans } from '../model/histogram.ts'
import type { NumberList } from './number-list.ts'

/** Spans that are kept to be given out again; a power of two. */
const KEPT_COUNT = 1024
/** Longer ones are made each time. */
const KEPT_NUMBERS_MAX = 64
/** A length beyond what a span can have becomes the longest, which no buckets fit. */
const LENGTH_MAX = 0x7fffffff

const kept: (Spans | undefined)[] = new Array(KEPT_COUNT)

/**
 * Spans of a histogram, mostly those of an earlier one: a series has the same from page to page, and nobody changes them. Arrays that
 * live until they are stored are what collecting garbage costs most for.
 */
export function knownSpans(numbers: NumberList): Spans {
  if (numbers.length === 0) return NO_SPANS
  if (numbers.length > KEPT_NUMBERS_MAX) return spansOf(numbers)
  let hash = numbers.length
  for (let i = 0; i < numbers.length; i++) hash = Math.imul(hash ^ numbers.at(i), 0x9e3779b1)
  const at = (hash ^ (hash >>> 15)) & (KEPT_COUNT - 1)
  const known = kept[at]
  if (known !== undefined && isSame(known, numbers)) return known
  const spans = spansOf(numbers)
  kept[at] = spans
  return spans
}

function isSame(spans: Spans, numbers: NumberList): boolean {
  if (spans.length !== numbers.length) return false
  for (let i = 0; i < spans.length; i++) if (spans[i] !== numbers.at(i)) return false
  return true
}

function spansOf(numbers: NumberList): Spans {
  const spans = new Int32Array(numbers.length)
  for (let i = 0; i < spans.length; i++) spans[i] = Math.min(numbers.at(i), LENGTH_MAX)
  return spans
}
