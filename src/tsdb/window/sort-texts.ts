import type { Breather } from '../../base/breather.ts'
import { compareStrings, sortStrings } from '../../model/labels.ts'

/** Merged between two looks at the clock. */
const STRIDE = 1024
/** Texts that are sorted at once: some ms. */
const SORTED_AT_ONCE = 8192

/** Puts texts into the order of bytes, lets others run on the way. */
export async function sortTexts(texts: string[], breather: Breather): Promise<readonly string[]> {
  if (texts.length <= SORTED_AT_ONCE) return sortStrings(texts)
  let runs: (readonly string[])[] = []
  for (let from = 0; from < texts.length; from += SORTED_AT_ONCE) {
    runs.push(sortStrings(texts.slice(from, from + SORTED_AT_ONCE)))
    if (breather.isDue()) await breather.rest()
  }
  while (runs.length > 1) {
    const merged: (readonly string[])[] = []
    for (let i = 0; i < runs.length; i += 2) merged.push(i + 1 < runs.length ? await merge(runs[i], runs[i + 1], breather) : runs[i])
    runs = merged
  }
  return runs[0]
}

async function merge(a: readonly string[], b: readonly string[], breather: Breather): Promise<readonly string[]> {
  const merged: string[] = []
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (merged.length % STRIDE === 0 && breather.isDue()) await breather.rest()
    merged.push(j === b.length || (i < a.length && compareStrings(a[i], b[j]) <= 0) ? a[i++] : b[j++])
  }
  return merged
}
