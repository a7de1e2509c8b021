import { Breather } from '../base/breather.ts'
import type { Clock, Env } from '../base/env.ts'
import { quote } from '../base/go-quote.ts'
import { SampleColumns } from '../chunkenc/codec.ts'
import { flag } from '../config/flags.ts'
import type { Histogram } from '../model/histogram.ts'
import { isLegacyLabelName, type Labels } from '../model/labels.ts'
import type { Matcher } from '../model/matcher.ts'
import { parseMetricSelector } from '../promql/parser/parse.ts'
import { MergeSource } from '../storage/merge-source.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import { readSamples } from '../storage/read-samples.ts'
import { overlay, type Series, type SeriesSource } from '../storage/series-source.ts'
import { BlockCache } from '../tsdb/block/block-cache.ts'
import { BlockSet } from '../tsdb/block/block-set.ts'
import { newUlid } from '../tsdb/block/ulid.ts'
import { hasUntakenLog, takeOver } from '../tsdb/upstream-log/take-over.ts'
import { parseArguments } from './arguments.ts'
import { type CommandContext, type CommandIo, EXIT } from './command.ts'
import { BLOCK_RANGE_MS, dataDirectory, TOOL_CACHE_BYTES } from './tsdb-output.ts'

export const dumpFlags = {
  'min-time': flag.float({ default: Number.NEGATIVE_INFINITY, help: 'Samples from then on, Unix ms.', placeholder: 'MS' }),
  'max-time': flag.float({ default: Number.POSITIVE_INFINITY, help: 'Samples up to then, Unix ms.', placeholder: 'MS' }),
  match: flag.texts({ default: [], help: 'Selector of series; all without. May be repeated.', placeholder: 'SELECTOR' }),
  'sandbox-dir-root': flag.text({
    default: '',
    help: "Where a directory is made, and removed, for what is in Prometheus' log; by default DIR.",
    placeholder: 'DIRECTORY',
  }),
}

/** Of our log: it is read by who has the directory only. */
const OUR_LOG = 'log'

/** Characters of output that are collected before they are written. */
const WRITE_LENGTH = 64 * 1024

export interface DumpRequest {
  readonly directory: string
  readonly sandboxRoot: string
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
  const directory = dataDirectory(positional)
  return {
    directory,
    sandboxRoot: values['sandbox-dir-root'] || directory,
    minTime: values['min-time'],
    maxTime: values['max-time'],
    matcherSets: values.match.length === 0 ? [[]] : values.match.map(parseMetricSelector),
  }
}

/** Prints the samples of all blocks of a directory, and of what Prometheus has in its log. */
export async function dumpSamples(name: string, request: DumpRequest, format: DumpFormat, context: CommandContext): Promise<number> {
  const { io, signal } = context
  const env = context.env({ level: 'warn', format: 'logfmt' })
  const cache = new BlockCache(TOOL_CACHE_BYTES)
  const set = await BlockSet.open(env, request.directory, cache)
  try {
    const ourLog = `${request.directory}/${OUR_LOG}`
    if ((await env.fs.stat(ourLog))?.kind === 'directory' && (await env.fs.readDir(ourLog)).length > 0)
      io.err(`${name}: what is in ${ourLog} is not read, promontory tsdb flush puts it into blocks`)
    for (const { directory: path, reason } of set.listing.faulty) io.err(`${path}: ${reason}`)
    const print = (source: SeriesSource) => printSamples(name, request, format, source, env.clock, context)
    if (!(await hasUntakenLog(env.fs, request.directory))) await print(set.source)
    else {
      await withSandbox(env, request, set, signal, async (directory) => {
        const logged = await BlockSet.open(env, directory, cache)
        try {
          await print(new MergeSource('blocks and log', [set.source, logged.source]))
        } finally {
          await logged.close()
        }
      })
    }
    return set.listing.faulty.length > 0 ? EXIT.failed : EXIT.ok
  } finally {
    await set.close()
  }
}

/** Makes blocks of what Prometheus has in its log, for as long as they are used. */
async function withSandbox(
  env: Env,
  { directory, sandboxRoot }: DumpRequest,
  { listing }: BlockSet,
  signal: AbortSignal,
  use: (sandbox: string) => Promise<void>,
): Promise<void> {
  const sandbox = `${sandboxRoot}/dump-${newUlid(env)}`
  await env.fs.mkdir(sandbox)
  try {
    const blocks = listing.blocks.map(({ meta }) => meta)
    await takeOver({ env, from: directory, into: sandbox, blocks, blockRangeMs: BLOCK_RANGE_MS, signal })
    await use(sandbox)
  } finally {
    await env.fs.remove(sandbox)
  }
}

async function printSamples(
  name: string,
  { minTime, maxTime, matcherSets }: DumpRequest,
  format: DumpFormat,
  all: SeriesSource,
  clock: Clock,
  { io, signal }: CommandContext,
): Promise<void> {
  const selected = matcherSets.map((matchers) => overlay(all, { select: (request, ctx) => all.select({ ...request, matchers }, ctx) }))
  const source = selected.length === 1 ? selected[0] : new MergeSource('selected', selected)
  const printer = new SamplePrinter(io, format, minTime, maxTime)
  const breather = new Breather(clock, signal)
  for await (const batch of source.select({ minTime, maxTime, matchers: [] }, unlimitedContext(signal))) {
    for (const series of batch) {
      printer.print(series)
      if (breather.isDue()) await breather.rest()
    }
  }
  printer.end()
  if (printer.leftOut > 0) io.err(`${name}: ${printer.leftOut} histograms left out, which the format has not`)
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
