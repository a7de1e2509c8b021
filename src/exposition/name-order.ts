import { compareStrings } from '../model/labels.ts'

/** Up to here inserting is faster than the general sort, and cannot be made slow by who chooses the names. */
const INSERTION_PAIRS_MAX = 48

/** Positions of the names of flat pairs (`[name, value, …]`), in the order of the names. Hot: once per new series. */
export function nameOrder(pairs: readonly string[]): number[] {
  return pairs.length <= INSERTION_PAIRS_MAX ? insertionOrder(pairs) : sortOrder(pairs)
}

function insertionOrder(pairs: readonly string[]): number[] {
  const order: number[] = []
  for (let at = 0; at < pairs.length; at += 2) {
    const name = pairs[at]
    let i = order.length
    order.push(at)
    for (; i > 0 && compareStrings(pairs[order[i - 1]], name) > 0; i--) order[i] = order[i - 1]
    order[i] = at
  }
  return order
}

function sortOrder(pairs: readonly string[]): number[] {
  const order: number[] = []
  for (let at = 0; at < pairs.length; at += 2) order.push(at)
  return order.sort((a, b) => compareStrings(pairs[a], pairs[b]))
}
