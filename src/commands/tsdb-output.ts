import type { FileSystem } from '../base/env.ts'
import { CodedError } from '../base/errors.ts'
import { goDurationText } from '../base/go-duration.ts'
import { formatByteSize } from '../model/byte-size.ts'
import type { BlockMeta } from '../tsdb/block/block-meta.ts'
import { blockSizeBytes, type ListedBlock } from '../tsdb/block/block-set.ts'

// What the tsdb commands have in common. Source of the form: Prometheus cmd/promtool/tsdb.go, printBlocks; Go text/tabwriter.

/** Of the cache of a tool. */
export const TOOL_CACHE_BYTES = 64 * 1024 * 1024

export const DEFAULT_DIRECTORY = 'data/'

/** Source: Prometheus tsdb/db.go, DefaultBlockDuration. */
export const BLOCK_RANGE_MS = 2 * 3_600_000

/** The directory of a command that takes one. Throws `bad_data`. */
export function dataDirectory([directory = DEFAULT_DIRECTORY, ...others]: readonly string[], wanted = 'one directory'): string {
  if (others.length > 0) throw new CodedError('bad_data', `unexpected ${others[0]}, want ${wanted}`)
  return directory.replace(/(.)\/+$/, '$1')
}

const HEADER = ['BLOCK ULID', 'MIN TIME', 'MAX TIME', 'DURATION', 'NUM SAMPLES', 'NUM CHUNKS', 'NUM SERIES', 'SIZE']
const CELL_WIDTH_MIN = 13
const PADDING = 2

/** A table of blocks, a line each; they are on disk. */
export async function blockLines(
  fs: FileSystem,
  blocks: readonly ListedBlock[],
  { isHuman, hasHeader = true }: { readonly isHuman: boolean; readonly hasHeader?: boolean },
): Promise<string[]> {
  const rows: { meta: BlockMeta; sizeBytes: number }[] = []
  for (const { directory, meta } of blocks) rows.push({ meta, sizeBytes: await blockSizeBytes(fs, directory) })
  const cells = rows.map(({ meta, sizeBytes }) => [
    meta.ulid,
    isHuman ? timeText(meta.minTime) : String(meta.minTime),
    isHuman ? timeText(meta.maxTime) : String(meta.maxTime),
    goDurationText(meta.maxTime - meta.minTime),
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
