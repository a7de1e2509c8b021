import { flagHelp } from '../config/flags.ts'
import { formatGeneral } from '../model/go-float.ts'
import { METRIC_NAME } from '../model/labels.ts'
import { parsedCommand } from './parsed-command.ts'
import { type DumpFormat, dumpFlags, dumpSamples, labelsText, parseDump } from './sample-dump.ts'
import { DEFAULT_DIRECTORY } from './tsdb-output.ts'

const format: DumpFormat = {
  series: (labels) => `${labels.get(METRIC_NAME)}${labelsText(labels.without(METRIC_NAME), ',')}`,
  sample: (t, v, histogram) => (histogram === undefined ? `${formatGeneral(v)} ${(t / 1000).toFixed(3)}` : undefined),
  end: '# EOF\n',
}

/** `tsdb dump-openmetrics`. Source of the form: promtool tsdb dump-openmetrics. */
export const tsdbDumpOpenMetricsCommand = parsedCommand({
  name: 'tsdb dump-openmetrics',
  summary: 'Print the samples of a data directory as OpenMetrics text.',
  help: `Usage: promontory tsdb dump-openmetrics [flags] [DIR]

Prints the samples that \`tsdb dump\` prints of a data directory (default: ${DEFAULT_DIRECTORY}) as text that \`tsdb create-blocks-from openmetrics\` reads.
The format has no native histograms: they are left out, and counted on standard error.
Exit code 0, 1 when a block can not be read, 2 when the command was typed wrongly.

Flags:
${flagHelp(dumpFlags)}`,
  parse: parseDump,
  run: (request, context) => dumpSamples('tsdb dump-openmetrics', request, format, context),
})
