import { Breather } from '../base/breather.ts'
import { CodedError, wrapError } from '../base/errors.ts'
import { encodeChunks } from '../chunkenc/encode-chunks.ts'
import { flag, flagHelp } from '../config/flags.ts'
import type { MemorySeries } from '../storage/memory-source.ts'
import { SERIES_BATCH, type Series } from '../storage/series-source.ts'
import { blockSizeBytes } from '../tsdb/block/block-set.ts'
import { writeBlock } from '../tsdb/block/block-writer.ts'
import { parseArguments } from './arguments.ts'
import { type Command, EXIT } from './command.ts'
import { OpenMetricsSamples } from './open-metrics-samples.ts'
import { blockTable, DEFAULT_DIRECTORY } from './tsdb-output.ts'

/** Source: Prometheus tsdb/db.go, DefaultBlockDuration. */
const BLOCK_RANGE_MS = 2 * 3_600_000

const flags = {
  'human-readable': flag.boolean({ default: false, help: 'Prints times and sizes for people; -r for short.' }),
  quiet: flag.boolean({ default: false, help: 'Does not print the blocks; -q for short.' }),
  label: flag.texts({ default: [], help: 'Label that every series gets. May be repeated.', placeholder: 'NAME=VALUE' }),
}

const HELP = `Usage: promontory tsdb create-blocks-from openmetrics [flags] INPUT [DIR]

Makes blocks of 2 hours from a file in OpenMetrics text whose samples all have a time, in DIR (default: ${DEFAULT_DIRECTORY}).
A server finds them there when it starts. Exemplars, help and types are not kept. All of the file is held in memory.
Exit code 0, 1 when it did not work, 2 when the command was typed wrongly.

Flags:
${flagHelp(flags)}`

/** `tsdb create-blocks-from openmetrics`. Source of the form: promtool's command of that name. */
export const tsdbCreateBlocksCommand: Command = {
  name: 'tsdb create-blocks-from openmetrics',
  summary: 'Make blocks from samples in OpenMetrics text.',
  help: () => HELP,
  async run(args, { io, signal, ...context }) {
    let parsed: ReturnType<typeof parse>
    try {
      parsed = parse(args)
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      io.err(`tsdb create-blocks-from openmetrics: ${error.message}`)
      return EXIT.usage
    }
    const { input, directory, isHuman, isQuiet, labels } = parsed
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
    let hasHeader = true
    for (const start of samples.starts()) {
      const meta = await writeBlock(env, directory, batches(samples.take(start), breather))
      if (meta === undefined || isQuiet) continue
      const sizeBytes = await blockSizeBytes(env.fs, `${directory}/${meta.ulid}`)
      for (const line of blockTable([{ meta, sizeBytes }], { isHuman, hasHeader })) io.out(line)
      hasHeader = false
    }
    return EXIT.ok
  },
}

async function* batches(series: readonly MemorySeries[], breather: Breather): AsyncIterable<readonly Series[]> {
  for (let from = 0; from < series.length; from += SERIES_BATCH) {
    yield series.slice(from, from + SERIES_BATCH).map((one) => ({ labels: one.labels, chunks: encodeChunks(one) }))
    if (breather.isDue()) await breather.rest()
  }
}

const SWITCHES: Readonly<Record<string, string>> = { '-r': '--human-readable', '-q': '--quiet' }

function parse(args: readonly string[]) {
  const { values, positional } = parseArguments(
    args.map((arg) => SWITCHES[arg] ?? arg),
    flags,
    { positional: ['INPUT'], repeatLast: true },
  )
  if (positional.length > 2) throw new CodedError('bad_data', `unexpected ${positional[2]}, want INPUT and DIR`)
  const labels: Record<string, string> = {}
  for (const text of values.label) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (name === undefined) throw new CodedError('bad_data', `--label: found ${JSON.stringify(text)}, want NAME=VALUE`)
    labels[name] = value
  }
  const directory = (positional[1] ?? DEFAULT_DIRECTORY).replace(/(.)\/+$/, '$1')
  return { input: positional[0], directory, isHuman: values['human-readable'], isQuiet: values.quiet, labels }
}
