import { CodedError } from '../../base/errors.ts'
import { parseDuration } from '../../model/duration.ts'
import type { Labels } from '../../model/labels.ts'
import { parseSeriesDescription } from '../parser/series-description.ts'

/** When the counting behind each sample of a series began. */
export interface StartDescription {
  readonly labels: Labels
  /** In ms, added to the time of the sample; undefined where it is not known. */
  readonly offsets: readonly (number | undefined)[]
}

const ITEM = /^(?:_|([+-]?)(\d[\da-wyz]*))(?:([+-])(\d[\da-wyz]*)(?=x))?(?:x(\d+))?$/
const COUNT_MAX = 1_000_000

/**
 * A line such as `metric{label="value"}@st _ -30s-1mx2 0`: `a-bxn` goes on n times, each b less than the one before.
 * Throws `bad_data`. Source: Prometheus promql/promqltest/testdata/start_timestamps.test.
 */
export function parseStartDescription(text: string): StartDescription {
  const at = text.indexOf('@st')
  const { labels } = parseSeriesDescription(text.slice(0, at))
  const offsets: (number | undefined)[] = []
  for (const item of text
    .slice(at + '@st'.length)
    .split(/\s+/)
    .filter(Boolean)) {
    const parts = ITEM.exec(item)
    const count = Number(parts?.[5] ?? 0)
    if (parts === null || count > COUNT_MAX) throw new CodedError('bad_data', `unexpected ${JSON.stringify(item)} in start times`)
    const [, sign, base, stepSign, step] = parts
    if (base === undefined) {
      for (let i = 0; i < Math.max(count, 1); i++) offsets.push(undefined)
      continue
    }
    const first = (sign === '-' ? -1 : 1) * parseDuration(base)
    const change = step === undefined ? 0 : (stepSign === '-' ? -1 : 1) * parseDuration(step)
    for (let i = 0; i <= count; i++) offsets.push(first + i * change)
  }
  return { labels, offsets }
}
