import { dropHistograms, isAnyPresent, type StepSeries } from '../exec/columns.ts'
import type { SeriesFunction } from './series-function.ts'

// Only an instant query has an order of series to change; NaN comes last either way, equals stay as they were.

function sortBy(compare: (a: number, b: number) => number): SeriesFunction {
  return ({ steps, memory, annotations, range, isRangeQuery, emit }) => {
    if (isRangeQuery) annotations.sortInRangeQuery(range)
    const isOrdered = !isRangeQuery && steps.count === 1
    const held: StepSeries[] = []
    return {
      add(series) {
        // Histograms have no order, and are left out even where nothing is sorted.
        dropHistograms(series)
        if (!isAnyPresent(series.present)) memory.release(series)
        else if (isOrdered) held.push(series)
        else emit(series)
      },
      finish() {
        held.sort((a, b) => {
          const [x, y] = [a.values[0], b.values[0]]
          if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y))
          return compare(x, y)
        })
        return held
      },
    }
  }
}

/** -1, 0, 1: the difference of infinities is no number. */
function order(x: number, y: number): number {
  return x < y ? -1 : x > y ? 1 : 0
}

export const sort = sortBy(order)
export const sortDescending = sortBy((x, y) => order(y, x))
