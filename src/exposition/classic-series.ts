// Names of the series of classic histograms, and what they say of the histogram that they are of.

import { type Labels, METRIC_NAME } from '../model/labels.ts'
import { LineRole, layoutKey } from './histogram-layout.ts'
import { unescaped } from './page-text.ts'

/** What a series of this name is of its histogram; undefined: none of its series. */
export function roleOf(name: string): LineRole | undefined {
  if (name.endsWith('_bucket')) return LineRole.bucket
  if (name.endsWith('_sum')) return LineRole.sum
  return name.endsWith('_count') ? LineRole.count : undefined
}

/** The histogram's name. */
export function nameWithoutSuffix(name: string): string {
  const size = name.endsWith('_bucket')
    ? '_bucket'.length
    : name.endsWith('_sum')
      ? '_sum'.length
      : name.endsWith('_count')
        ? '_count'.length
        : 0
  return size === 0 ? name : name.slice(0, -size)
}

/** Equal for all series of a histogram, and made of its labels. */
export function keyOf(labels: Labels, name: string): string {
  const { pairs } = labels
  const kept: string[] = []
  for (let i = 0; i < pairs.length; i += 2) {
    if (pairs[i] === METRIC_NAME) kept.push(METRIC_NAME, name)
    else if (pairs[i] !== 'le') kept.push(pairs[i], pairs[i + 1])
  }
  return layoutKey(kept)
}

const TYPE_LINE = /#[ \t]+TYPE[ \t]+("(?:[^"\\]|\\.)*"|[^ \t]+)/

/** The name that a TYPE line has. */
export function familyName(bytes: Uint8Array, start: number, end: number): string {
  const written = TYPE_LINE.exec(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8'))?.[1] ?? ''
  if (!written.startsWith('"')) return written
  return unescaped(written.slice(1, -1))
}
