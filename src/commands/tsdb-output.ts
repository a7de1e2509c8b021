import { formatByteSize } from '../model/byte-size.ts'
import type { BlockMeta } from '../tsdb/block/block-meta.ts'
import { formatGoDuration } from './go-duration.ts'

// What the tsdb commands have in common. Source of the form: Prometheus cmd/promtool/tsdb.go, printBlocks; Go text/tabwriter.

/** Of the cache of a tool. */
export const TOOL_CACHE_BYTES = 64 * 1024 * 1024

export const DEFAULT_DIRECTORY = 'data/'

const HEADER = ['BLOCK ULID', 'MIN TIME', 'MAX TIME', 'DURATION', 'NUM SAMPLES', 'NUM CHUNKS', 'NUM SERIES', 'SIZE']
const CELL_WIDTH_MIN = 13
const PADDING = 2

export interface BlockRow {
  readonly meta: BlockMeta
  readonly sizeBytes: number
}

/** A table of blocks, a line each. */
export function blockTable(
  rows: readonly BlockRow[],
  { isHuman, hasHeader }: { readonly isHuman: boolean; readonly hasHeader: boolean },
): string[] {
  const cells = rows.map(({ meta, sizeBytes }) => [
    meta.ulid,
    isHuman ? timeText(meta.minTime) : String(meta.minTime),
    isHuman ? timeText(meta.maxTime) : String(meta.maxTime),
    formatGoDuration(meta.maxTime - meta.minTime),
    String(meta.stats.numSamples),
    String(meta.stats.numChunks),
    String(meta.stats.numSeries),
    isHuman ? formatByteSize(sizeBytes) : String(sizeBytes),
  ])
  const table = hasHeader ? [HEADER, ...cells] : cells
  const widths = HEADER.map((_, column) => Math.max(CELL_WIDTH_MIN, ...table.map((row) => row[column].length + PADDING)))
  return table.map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]))).join(''))
}

/** As Go prints a time of whole seconds. */
function timeText(t: number): string {
  return `${new Date(Math.trunc(t / 1000) * 1000).toISOString().slice(0, 19).replace('T', ' ')} +0000 UTC`
}
