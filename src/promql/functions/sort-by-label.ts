import { compareLabels, compareStrings } from '../../model/labels.ts'
import type { StepSeries } from '../exec/columns.ts'
import type { SeriesFunction } from './series-function.ts'

/**
 * Whether `a` comes before `b` where runs of digits count as numbers. Equal texts do.
 * Source: github.com/facette/natsort, Compare, which upstream uses.
 */
export function isBeforeNaturally(a: string, b: string): boolean {
  const [left, right] = [a.match(CHUNKS) ?? [], b.match(CHUNKS) ?? []]
  for (let i = 0; i < left.length; i++) {
    if (i >= right.length) return false
    const [x, y] = [left[i], right[i]]
    const areNumbers = isDigits(x) && isDigits(y)
    if (areNumbers ? Number(x) !== Number(y) : x !== y) return areNumbers ? Number(x) < Number(y) : compareStrings(x, y) < 0
    if (i === left.length - 1) return true
    if (i === right.length - 1) return false
  }
  return left.length === 0 && right.length > 0
}

const CHUNKS = /\d+|\D+/g

function isDigits(text: string): boolean {
  return text >= '0' && text[0] <= '9'
}

/** sort_by_label(v, label…): means something in an instant query only. */
function sortByLabel(sign: 1 | -1): SeriesFunction {
  return ({ steps, annotations, range, strings, isRangeQuery, emit }) => {
    if (isRangeQuery) annotations.sortInRangeQuery(range)
    if (isRangeQuery || steps.count !== 1) return { add: emit, finish: () => [] }
    const held: StepSeries[] = []
    return {
      add(series) {
        held.push(series)
      },
      finish() {
        return held.sort((a, b) => {
          for (const name of strings) {
            const [x, y] = [a.labels.get(name), b.labels.get(name)]
            if (x !== y) return isBeforeNaturally(x, y) ? -sign : sign
          }
          return sign * compareLabels(a.labels, b.labels)
        })
      },
    }
  }
}

export const sortByLabelAscending = sortByLabel(1)
export const sortByLabelDescending = sortByLabel(-1)
