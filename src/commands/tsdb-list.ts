import { flag, flagHelp } from '../config/flags.ts'
import { listBlocks } from '../tsdb/block/block-set.ts'
import { parseArguments } from './arguments.ts'
import { EXIT } from './command.ts'
import { parsedCommand } from './parsed-command.ts'
import { blockLines, DEFAULT_DIRECTORY, dataDirectory } from './tsdb-output.ts'

const flags = {
  'human-readable': flag.boolean({ default: false, help: 'Prints times and sizes for people; -r for short.' }),
}

/** `tsdb list`. Source of the form: promtool tsdb list. */
export const tsdbListCommand = parsedCommand({
  name: 'tsdb list',
  summary: 'List the blocks of a data directory.',
  help: `Usage: promontory tsdb list [flags] [DIR]

Lists the blocks of a data directory (default: ${DEFAULT_DIRECTORY}), Prometheus' or ours. What is in a log is in no block yet.
Exit code 0, 1 when there is a block that can not be read, 2 when the command was typed wrongly.

Flags:
${flagHelp(flags)}`,
  parse(args) {
    const { values, positional } = parseArguments(args, flags, { repeatLast: true, short: { r: 'human-readable' } })
    return { directory: dataDirectory(positional), isHuman: values['human-readable'] }
  },
  async run({ directory, isHuman }, { io, ...context }) {
    const { fs } = context.env({ level: 'warn', format: 'logfmt' })
    const { blocks, faulty } = await listBlocks(fs, directory)
    for (const line of await blockLines(fs, blocks, { isHuman })) io.out(line)
    for (const { directory: path, reason } of faulty) io.err(`${path}: ${reason}`)
    return faulty.length > 0 ? EXIT.failed : EXIT.ok
  },
})
