import { compareStrings } from '../model/labels.ts'
import type { QueryBudget } from './series-source.ts'

/** A place in the list, and the object of the text. */
const BYTES_PER_TEXT = 32

/** Charges a budget for a list of texts; they stay charged. */
export function chargeTexts(texts: readonly string[], budget: QueryBudget): void {
  let bytes = 0
  for (const text of texts) bytes += BYTES_PER_TEXT + text.length
  budget.chargeBytes(bytes)
}

/** What is in any of the lists, each once. The lists are sorted, and so is what is made of them, which is charged and cut at `limit` unless that is 0. */
export function uniteTexts(lists: readonly (readonly string[])[], limit: number, budget: QueryBudget): readonly string[] {
  let left = lists.filter((list) => list.length > 0)
  if (left.length === 0) return []
  while (left.length > 1) {
    const merged: (readonly string[])[] = []
    for (let i = 0; i + 1 < left.length; i += 2) {
      if (areSame(left[i], left[i + 1])) {
        merged.push(left[i])
        continue
      }
      const both = merge(left[i], left[i + 1])
      chargeTexts(both, budget)
      merged.push(both)
    }
    if (left.length % 2 === 1) merged.push(left[left.length - 1])
    left = merged
  }
  return limit > 0 && left[0].length > limit ? left[0].slice(0, limit) : left[0]
}

/** Windows that follow each other mostly have the same. */
function areSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function merge(a: readonly string[], b: readonly string[]): string[] {
  const out: string[] = []
  let [i, j] = [0, 0]
  while (i < a.length && j < b.length) {
    const order = compareStrings(a[i], b[j])
    out.push(order <= 0 ? a[i] : b[j])
    if (order <= 0) i++
    if (order >= 0) j++
  }
  for (; i < a.length; i++) out.push(a[i])
  for (; j < b.length; j++) out.push(b[j])
  return out
}
