import { Breather } from '../base/breather.ts'
import type { FileSystem } from '../base/env.ts'
import { CodedError } from '../base/errors.ts'
import { SampleColumns } from '../chunkenc/codec.ts'
import { flag, flagHelp } from '../config/flags.ts'
import { isLegacyLabelName, type Labels, quote } from '../model/labels.ts'
import type { Matcher } from '../model/matcher.ts'
import { formatHistogram } from '../promql/functions/format-histogram.ts'
import { formatGeneral } from '../promql/functions/go-float.ts'
import { parseMetricSelector } from '../promql/parser/parse.ts'
import { MergeSource } from '../storage/merge-source.ts'
import { unlimitedContext } from '../storage/query-context.ts'
import { readSamples } from '../storage/read-samples.ts'
import { overlay, type Series } from '../storage/series-source.ts'
import { BlockCache } from '../tsdb/block/block-cache.ts'
import { BlockSet } from '../tsdb/block/block-set.ts'
import { parseArguments } from './arguments.ts'
import { type Command, type CommandIo, EXIT } from './command.ts'
import { DEFAULT_DIRECTORY, TOOL_CACHE_BYTES } from './tsdb-output.ts'

const flags = {
  'min-time': flag.float({ default: Number.NEGATIVE_INFINITY, help: 'Samples from then on, Unix ms.', placeholder: 'MS' }),
  'max-time': flag.float({ default: Number.POSITIVE_INFINITY, help: 'Samples up to then, Unix ms.', placeholder: 'MS' }),
  match: flag.texts({ default: [], help: 'Selector of series; all without. May be repeated.', placeholder: 'SELECTOR' }),
}

const HELP = `Usage: promontory tsdb dump [flags] [DIR]

Prints the samples of all blocks of a data directory (default: ${DEFAULT_DIRECTORY}), a line each: labels, value, Unix ms.
What is in a log is in no block yet, and is not printed.
Exit code 0, 1 when a block can not be read, 2 when the command was typed wrongly.

  promontory tsdb dump --match='up{job="node"}' data

Flags:
${flagHelp(flags)}`

/** Where stores keep what is in no block yet. */
const LOGS = ['wal', 'wbl', 'chunks_head', 'log']

/** Characters of output that are collected before they are written. */
const WRITE_LENGTH = 64 * 1024

/** `tsdb dump`. Source of the form: promtool tsdb dump. */
export const tsdbDumpCommand: Command = {
  name: 'tsdb dump',
  summary: 'Print the samples of the blocks of a data directory.',
  help: () => HELP,
  async run(args, context) {
    const { io, signal } = context
    let parsed: ReturnType<typeof parse>
    try {
      parsed = parse(args)
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      io.err(`tsdb dump: ${error.message}`)
      return EXIT.usage
    }
    const { directory, minTime, maxTime, matcherSets } = parsed
    const env = context.env({ level: 'warn', format: 'logfmt' })
    const set = await BlockSet.open(env, directory, new BlockCache(TOOL_CACHE_BYTES))
    try {
      const logs = await logsOf(env.fs, directory)
      if (logs.length > 0) io.err(`tsdb dump: only blocks are read, not what is in ${logs.join(', ')}`)
      for (const { directory: path, reason } of set.listing.faulty) io.err(`${path}: ${reason}`)
      const selected = matcherSets.map((matchers) =>
        overlay(set.source, { select: (request, ctx) => set.source.select({ ...request, matchers }, ctx) }),
      )
      const source = selected.length === 1 ? selected[0] : new MergeSource('selected', selected)
      const printer = new SamplePrinter(io, minTime, maxTime)
      const breather = new Breather(env.clock, signal)
      for await (const batch of source.select({ minTime, maxTime, matchers: [] }, unlimitedContext(signal))) {
        for (const series of batch) {
          printer.print(series)
          if (breather.isDue()) await breather.rest()
        }
      }
      printer.flush()
      return set.listing.faulty.length > 0 ? EXIT.failed : EXIT.ok
    } finally {
      await set.close()
    }
  },
}

function parse(args: readonly string[]) {
  const { values, positional } = parseArguments(args, flags, { repeatLast: true })
  if (positional.length > 1) throw new CodedError('bad_data', `unexpected ${positional[1]}, want one directory`)
  return {
    directory: (positional[0] ?? DEFAULT_DIRECTORY).replace(/(.)\/+$/, '$1'),
    minTime: values['min-time'],
    maxTime: values['max-time'],
    matcherSets: values.match.length === 0 ? [[] as readonly Matcher[]] : values.match.map(parseMetricSelector),
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
  readonly #minTime: number
  readonly #maxTime: number
  readonly #columns = new SampleColumns()
  #text = ''

  constructor(io: CommandIo, minTime: number, maxTime: number) {
    this.#io = io
    this.#minTime = minTime
    this.#maxTime = maxTime
  }

  print(series: Series): void {
    const columns = this.#columns
    columns.clear()
    readSamples(series, this.#minTime, this.#maxTime, columns)
    const labels = labelsText(series.labels)
    for (let i = 0; i < columns.length; i++) {
      const histogram = columns.histograms?.[i]
      const value = histogram === undefined ? formatGeneral(columns.values[i]) : formatHistogram(histogram)
      this.#text += `${labels} ${value} ${columns.timestamps[i]}\n`
      if (this.#text.length >= WRITE_LENGTH) this.flush()
    }
  }

  flush(): void {
    if (this.#text !== '') this.#io.write(this.#text)
    this.#text = ''
  }
}

/** As Go prints a label set: the name is a label like the others. Source: Prometheus model/labels, Labels.String. */
function labelsText(labels: Labels): string {
  const parts: string[] = []
  for (const [name, value] of labels) parts.push(`${isLegacyLabelName(name) ? name : quote(name)}=${quote(value)}`)
  return `{${parts.join(', ')}}`
}
