import { Breather } from '../base/breather.ts'
import type { FileSystem } from '../base/env.ts'
import { SampleColumns } from '../chunkenc/codec.ts'
import { flag } from '../config/flags.ts'
import type { Histogram } from '../model/histogram.ts'
import { isLegacyLabelName, type Labels, quote } from '../model/labels.ts'
import type { Matcher } from '../model/matcher.ts'
import { parseMetricSelector } from '../promql/parser/parse.ts'
import { MergeSource } from '../storage/merge-source.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import { readSamples } from '../storage/read-samples.ts'
import { overlay, type Series } from '../storage/series-source.ts'
import { BlockCache } from '../tsdb/block/block-cache.ts'
import { BlockSet } from '../tsdb/block/block-set.ts'
import { parseArguments } from './arguments.ts'
import { type CommandContext, type CommandIo, EXIT } from './command.ts'
import { dataDirectory, TOOL_CACHE_BYTES } from './tsdb-output.ts'

export const dumpFlags = {
  'min-time': flag.float({ default: Number.NEGATIVE_INFINITY, help: 'Samples from then on, Unix ms.', placeholder: 'MS' }),
  'max-time': flag.float({ default: Number.POSITIVE_INFINITY, help: 'Samples up to then, Unix ms.', placeholder: 'MS' }),
  match: flag.texts({ default: [], help: 'Selector of series; all without. May be repeated.', placeholder: 'SELECTOR' }),
}

/** Where stores keep what is in no block yet. */
const LOGS = ['wal', 'wbl', 'chunks_head', 'log']

/** Characters of output that are collected before they are written. */
const WRITE_LENGTH = 64 * 1024

export interface DumpRequest {
  readonly directory: string
  readonly minTime: number
  readonly maxTime: number
  readonly matcherSets: readonly (readonly Matcher[])[]
}

/** How samples are printed. */
export interface DumpFormat {
  /** What every line of a series begins with. */
  series(labels: Labels): string
  /** The rest of a line; undefined: the sample cannot be printed. */
  sample(t: number, v: number, histogram: Histogram | undefined): string | undefined
  /** What stands after everything. */
  readonly end: string
}

export function parseDump(args: readonly string[]): DumpRequest {
  const { values, positional } = parseArguments(args, dumpFlags, { repeatLast: true })
  return {
    directory: dataDirectory(positional),
    minTime: values['min-time'],
    maxTime: values['max-time'],
    matcherSets: values.match.length === 0 ? [[]] : values.match.map(parseMetricSelector),
  }
}

/** Prints the samples of all blocks of a directory. */
export async function dumpSamples(
  name: string,
  { directory, minTime, maxTime, matcherSets }: DumpRequest,
  format: DumpFormat,
  { io, signal, ...context }: CommandContext,
): Promise<number> {
  const env = context.env({ level: 'warn', format: 'logfmt' })
  const set = await BlockSet.open(env, directory, new BlockCache(TOOL_CACHE_BYTES))
  try {
    const logs = await logsOf(env.fs, directory)
    if (logs.length > 0) io.err(`${name}: only blocks are read, not what is in ${logs.join(', ')}`)
    for (const { directory: path, reason } of set.listing.faulty) io.err(`${path}: ${reason}`)
    const selected = matcherSets.map((matchers) =>
      overlay(set.source, { select: (request, ctx) => set.source.select({ ...request, matchers }, ctx) }),
    )
    const source = selected.length === 1 ? selected[0] : new MergeSource('selected', selected)
    const printer = new SamplePrinter(io, format, minTime, maxTime)
    const breather = new Breather(env.clock, signal)
    for await (const batch of source.select({ minTime, maxTime, matchers: [] }, unlimitedContext(signal))) {
      for (const series of batch) {
        printer.print(series)
        if (breather.isDue()) await breather.rest()
      }
    }
    printer.end()
    if (printer.leftOut > 0) io.err(`${name}: ${printer.leftOut} histograms left out, which the format has not`)
    return set.listing.faulty.length > 0 ? EXIT.failed : EXIT.ok
  } finally {
    await set.close()
  }
}

async function logsOf(fs: FileSystem, directory: string): Promise<readonly string[]> {
  const logs: string[] = []
  for (const name of LOGS) {
    const path = `${directory}/${name}`
    if ((await fs.stat(path))?.kind === 'directory' && (await fs.readDir(path)).length > 0) logs.push(path)
  }
  return logs
}

class SamplePrinter {
  readonly #io: CommandIo
  readonly #format: DumpFormat
  readonly #minTime: number
  readonly #maxTime: number
  readonly #columns = new SampleColumns()
  #text = ''
  leftOut = 0

  constructor(io: CommandIo, format: DumpFormat, minTime: number, maxTime: number) {
    this.#io = io
    this.#format = format
    this.#minTime = minTime
    this.#maxTime = maxTime
  }

  print(series: Series): void {
    const columns = this.#columns
    columns.clear()
    readSamples(series, this.#minTime, this.#maxTime, columns)
    const begin = this.#format.series(series.labels)
    for (let i = 0; i < columns.length; i++) {
      const sample = this.#format.sample(columns.timestamps[i], columns.values[i], columns.histograms?.[i])
      if (sample === undefined) this.leftOut++
      else this.#text += `${begin} ${sample}\n`
      if (this.#text.length >= WRITE_LENGTH) this.#flush()
    }
  }

  end(): void {
    this.#text += this.#format.end
    this.#flush()
  }

  #flush(): void {
    if (this.#text !== '') this.#io.write(this.#text)
    this.#text = ''
  }
}

/** As Go prints a label set: the name is a label like the others. Source: Prometheus model/labels, Labels.String. */
export function labelsText(labels: Labels, separator = ', '): string {
  const parts: string[] = []
  for (const [name, value] of labels) parts.push(`${isLegacyLabelName(name) ? name : quote(name)}=${quote(value)}`)
  return `{${parts.join(separator)}}`
}
