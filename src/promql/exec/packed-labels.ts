import { Labels } from '../../model/labels.ts'
import type { PackedLabels } from './split-helpers.ts'

export function packLabels(sets: readonly Labels[]): PackedLabels {
  const texts: string[] = []
  for (const { pairs } of sets) for (const text of pairs) texts.push(text)
  return {
    text: texts.join(''),
    lengths: Uint32Array.from(texts, ({ length }) => length),
    counts: Uint32Array.from(sets, ({ pairs }) => pairs.length),
  }
}

export function unpackLabels({ text, lengths, counts }: PackedLabels): Labels[] {
  const sets: Labels[] = []
  let [at, next] = [0, 0]
  for (const count of counts) {
    const pairs = new Array<string>(count)
    for (let i = 0; i < count; i++) {
      const end = at + lengths[next++]
      pairs[i] = text.slice(at, end)
      at = end
    }
    sets.push(Labels.fromSortedPairs(pairs))
  }
  return sets
}
