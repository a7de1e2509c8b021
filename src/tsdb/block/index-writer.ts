import type { Breather } from '../../base/breather.ts'
import type { FileSystem } from '../../base/env.ts'
import { IndexFile } from './index-file.ts'
import type { PairCollector } from './pair-collector.ts'
import { PostingsPasses } from './postings-passes.ts'
import type { SeriesSpill } from './series-spill.ts'
import type { SymbolCollector } from './symbol-collector.ts'

/** What an index is made of. */
export interface IndexParts {
  readonly symbols: SymbolCollector
  readonly pairs: PairCollector
  readonly series: SeriesSpill
  readonly seriesCount: number
}

/** Writes an index of series that were spilled, and makes it durable. */
export function writeIndex(fs: FileSystem, path: string, parts: IndexParts, breather: Breather): Promise<void> {
  return IndexFile.write(fs, path, breather, async (file) => {
    const { symbols, pairs } = parts
    const symbolOrder = await symbols.sorted(breather)
    const ranks = new Uint32Array(symbolOrder.length)
    for (let rank = 0; rank < ranks.length; rank++) ranks[symbolOrder[rank]] = rank
    await file.writeSymbols(symbolOrder, symbols)
    const numbers = await writeSeries(file, parts, ranks)
    const order = await pairs.sorted(ranks, breather)
    const allOffset = await file.writePostings(numbers, 0, numbers.length)
    const offsets = await writePostings(file, parts, order, numbers, breather)
    await file.writePostingsTable(order, pairs, symbols, allOffset, offsets)
  })
}

/** Answers the numbers of the series. */
async function writeSeries(file: IndexFile, { series, seriesCount, pairs }: IndexParts, ranks: Uint32Array): Promise<Uint32Array> {
  const numbers = new Uint32Array(seriesCount)
  let count = 0
  let own = new Uint32Array(128)
  await series.each(
    ({ pairs: ownPairs, pairCount, bytes, chunksStart, chunksEnd }) => {
      if (2 * pairCount > own.length) own = new Uint32Array(4 * pairCount)
      for (let i = 0; i < pairCount; i++) {
        own[2 * i] = ranks[pairs.names[ownPairs[i]]]
        own[2 * i + 1] = ranks[pairs.values[ownPairs[i]]]
      }
      numbers[count++] = file.addSeries(own, pairCount, bytes, chunksStart, chunksEnd)
      return !file.isFull
    },
    () => file.flush(),
  )
  return numbers
}

/** Answers where the postings of each pair are. */
async function writePostings(
  file: IndexFile,
  { pairs, series }: IndexParts,
  order: Uint32Array,
  numbers: Uint32Array,
  breather: Breather,
): Promise<Float64Array> {
  const passes = new PostingsPasses(order, pairs.seriesCounts, pairs.count)
  while (passes.begin()) {
    let at = 0
    await series.each(
      ({ pairs: own, pairCount }) => {
        const number = numbers[at++]
        for (let i = 0; i < pairCount; i++) passes.add(own[i], number)
        return at % 1024 !== 0 || !breather.isDue()
      },
      () => breather.rest(),
    )
    await passes.end(file)
  }
  return passes.offsets
}
