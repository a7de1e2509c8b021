import { CodedError } from '../base/errors.ts'
import { flag, flagHelp } from '../config/flags.ts'
import { blockSizeBytes, listBlocks } from '../tsdb/block/block-set.ts'
import { parseArguments } from './arguments.ts'
import { type Command, EXIT } from './command.ts'
import { blockTable, DEFAULT_DIRECTORY } from './tsdb-output.ts'

const flags = {
  'human-readable': flag.boolean({ default: false, help: 'Prints times and sizes for people; -r for short.' }),
}

const HELP = `Usage: promontory tsdb list [flags] [DIR]

Lists the blocks of a data directory (default: ${DEFAULT_DIRECTORY}), Prometheus' or ours. What is in a log is in no block yet.
Exit code 0, 1 when there is a block that can not be read, 2 when the command was typed wrongly.

Flags:
${flagHelp(flags)}`

/** `tsdb list`. Source of the form: promtool tsdb list. */
export const tsdbListCommand: Command = {
  name: 'tsdb list',
  summary: 'List the blocks of a data directory.',
  help: () => HELP,
  async run(args, context) {
    let parsed: ReturnType<typeof parse>
    try {
      parsed = parse(args)
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      context.io.err(`tsdb list: ${error.message}`)
      return EXIT.usage
    }
    const { fs } = context.env({ level: 'warn', format: 'logfmt' })
    const { blocks, faulty } = await listBlocks(fs, parsed.directory)
    const rows = []
    for (const { directory, meta } of blocks) rows.push({ meta, sizeBytes: await blockSizeBytes(fs, directory) })
    for (const line of blockTable(rows, { isHuman: parsed.isHuman, hasHeader: true })) context.io.out(line)
    for (const { directory, reason } of faulty) context.io.err(`${directory}: ${reason}`)
    return faulty.length > 0 ? EXIT.failed : EXIT.ok
  },
}

function parse(args: readonly string[]) {
  const { values, positional } = parseArguments(args.map(expandSwitch), flags, { repeatLast: true })
  if (positional.length > 1) throw new CodedError('bad_data', `unexpected ${positional[1]}, want one directory`)
  return { directory: (positional[0] ?? DEFAULT_DIRECTORY).replace(/(.)\/+$/, '$1'), isHuman: values['human-readable'] }
}

/** A short switch takes no value, which short flags with values do. */
function expandSwitch(arg: string): string {
  return arg === '-r' ? '--human-readable' : arg
}
