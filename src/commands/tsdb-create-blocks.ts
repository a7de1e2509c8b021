import { Breather } from '../base/breather.ts'
import { CodedError, wrapError } from '../base/errors.ts'
import { encodeChunks } from '../chunkenc/encode-chunks.ts'
import { flag, flagHelp } from '../config/flags.ts'
import type { MemorySeries } from '../storage/memory-source.ts'
import { SERIES_BATCH, type Series } from '../storage/series-source.ts'
import { writeBlock } from '../tsdb/block/block-writer.ts'
import { hasUntakenLog } from '../tsdb/upstream-log/take-over.ts'
import { parseArguments } from './arguments.ts'
import { EXIT } from './command.ts'
import { OpenMetricsSamples } from './open-metrics-samples.ts'
import { parsedCommand } from './parsed-command.ts'
import { ProgressBar } from './progress-bar.ts'
import { BLOCK_RANGE_MS, blockLines, DEFAULT_DIRECTORY, dataDirectory } from './tsdb-output.ts'

const flags = {
  'human-readable': flag.boolean({ default: false, help: 'Prints times and sizes for people; -r for short.' }),
  quiet: flag.boolean({ default: false, help: 'Does not print the blocks; -q for short.' }),
  label: flag.texts({ default: [], help: 'Label that every series gets. May be repeated.', placeholder: 'NAME=VALUE' }),
}

/** `tsdb create-blocks-from openmetrics`. Source of the form: promtool's command of that name. */
export const tsdbCreateBlocksCommand = parsedCommand({
  name: 'tsdb create-blocks-from openmetrics',
  summary: 'Make blocks from samples in OpenMetrics text.',
  help: `Usage: promontory tsdb create-blocks-from openmetrics [flags] INPUT [DIR]

Makes blocks of 2 hours from a file in OpenMetrics text whose samples all have a time, in DIR (default: ${DEFAULT_DIRECTORY}).
A server finds them there when it starts. Exemplars, help and types are not kept. All of the file is held in memory.
Exit code 0, 1 when it did not work, 2 when the command was typed wrongly.

Flags:
${flagHelp(flags)}`,
  parse(args) {
    const options = { positional: ['INPUT'], repeatLast: true, short: { r: 'human-readable', q: 'quiet' } }
    const { values, positional } = parseArguments(args, flags, options)
    const labels: Record<string, string> = {}
    for (const text of values.label) {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
      if (name === undefined) throw new CodedError('bad_data', `--label: found ${JSON.stringify(text)}, want NAME=VALUE`)
      labels[name] = value
    }
    const directory = dataDirectory(positional.slice(1), 'INPUT and DIR')
    return { input: positional[0], directory, isHuman: values['human-readable'], isQuiet: values.quiet, labels }
  },
  async run({ input, directory, isHuman, isQuiet, labels }, { io, signal, ...context }) {
    const env = context.env({ level: 'warn', format: 'logfmt' })
    const file = await env.fs.readFile(input)
    // The parser wants room for one byte more.
    const page = Buffer.allocUnsafeSlow(file.length + 1)
    page.set(file)
    const samples = new OpenMetricsSamples(BLOCK_RANGE_MS, labels)
    const breather = new Breather(env.clock, signal)
    try {
      await samples.read(page, file.length, breather)
    } catch (error) {
      throw wrapError('getting min and max timestamp', error)
    }
    await env.fs.mkdir(directory)
    if (await hasUntakenLog(env.fs, directory))
      io.err(
        `tsdb create-blocks-from openmetrics: ${directory} has samples of Prometheus in its log; those before the end of the new blocks will be taken for being in blocks, unless it was flushed before: promontory tsdb flush ${directory}`,
      )
    let hasHeader = true
    const starts = samples.starts()
    const progress = new ProgressBar(io, 'making blocks')
    for (const [i, start] of starts.entries()) {
      progress.show(i, starts.length)
      const meta = await writeBlock(env, directory, batches(samples.take(start), breather))
      if (meta === undefined || isQuiet) continue
      progress.end()
      const block = { directory: `${directory}/${meta.ulid}`, meta }
      for (const line of await blockLines(env.fs, [block], { isHuman, hasHeader })) io.out(line)
      hasHeader = false
    }
    progress.end()
    return EXIT.ok
  },
})

async function* batches(series: readonly MemorySeries[], breather: Breather): AsyncIterable<readonly Series[]> {
  for (let from = 0; from < series.length; from += SERIES_BATCH) {
    yield series.slice(from, from + SERIES_BATCH).map((one) => ({ labels: one.labels, chunks: encodeChunks(one) }))
    if (breather.isDue()) await breather.rest()
  }
}
