import { flagHelp } from '../config/flags.ts'
import { formatGeneral } from '../model/go-float.ts'
import { formatHistogram } from '../promql/functions/format-histogram.ts'
import { parsedCommand } from './parsed-command.ts'
import { type DumpFormat, dumpFlags, dumpSamples, labelsText, parseDump } from './sample-dump.ts'
import { DEFAULT_DIRECTORY } from './tsdb-output.ts'

const format: DumpFormat = {
  series: (labels) => labelsText(labels),
  sample: (t, v, histogram) => `${histogram === undefined ? formatGeneral(v) : formatHistogram(histogram)} ${t}`,
  end: '',
}

/** `tsdb dump`. Source of the form: promtool tsdb dump. */
export const tsdbDumpCommand = parsedCommand({
  name: 'tsdb dump',
  summary: 'Print the samples of a data directory.',
  help: `Usage: promontory tsdb dump [flags] [DIR]

Prints the samples of a data directory (default: ${DEFAULT_DIRECTORY}), a line each: labels, value, Unix ms. Those of all blocks, and those
in Prometheus' log; what is in ours is in no block yet, and is not printed.
Exit code 0, 1 when a block can not be read, 2 when the command was typed wrongly.

  promontory tsdb dump --match='up{job="node"}' data

Flags:
${flagHelp(dumpFlags)}`,
  parse: parseDump,
  run: (request, context) => dumpSamples('tsdb dump', request, format, context),
})
