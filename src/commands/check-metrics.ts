import type { Env } from '../base/env.ts'
import { CodedError, errorMessage } from '../base/errors.ts'
import { flag, flagHelp, type ParsedFlags } from '../config/flags.ts'
import { FamiliesError } from '../exposition/family-scanner.ts'
import { type FamilyType, type MetricFamily, parseMetricFamilies } from '../exposition/metric-families.ts'
import { parseArguments } from './arguments.ts'
import { checkBudget } from './check-budget.ts'
import { type Command, EXIT } from './command.ts'
import { lintMetrics } from './lint-metrics.ts'
import { accessFlags } from './server-access.ts'

const flags = {
  extended: flag.boolean({ default: false, help: 'Shows how many series each metric has.' }),
  budget: flag.text({
    default: '',
    help: 'Says which series the page would add, what they cost, and whether budgets allow it: those of a server that runs, or of a file (--promontory.config).',
    placeholder: 'URL|FILE',
  }),
  job: flag.text({ default: '', help: 'With --budget: the job whose targets will expose the page.', placeholder: 'NAME' }),
  owner: flag.text({ default: '', help: 'With --budget: the owner; by default what a target of the job has.', placeholder: 'NAME' }),
  targets: flag.integer({ default: 0, help: 'With --budget: how many targets will expose the page; 0: as many as the job has, or 1.' }),
  interval: flag.duration({ default: 15_000, help: 'With --budget: the scrape interval, where the job has no targets yet.', least: 1 }),
  ...accessFlags,
}

const HELP = `Usage: promontory check metrics [flags] < PAGE

Reads a page of metrics from standard input and says what its names, labels and help should be like.
Exit code 0 when there is nothing to say, 1 when it is no such page, 3 when there is something, 2 when the command was typed wrongly.
With --budget nothing is said of names; exit code 1 when a budget would refuse series, 3 when its soft limit would be passed.

  curl -s http://localhost:9090/metrics | promontory check metrics
  curl -s http://localhost:8080/metrics | promontory check metrics --budget http://prometheus:9090 --job api

Flags:
${flagHelp(flags)}`

export interface CheckMetricsIo {
  readonly env: Env
  readonly variables?: Readonly<Record<string, string | undefined>>
  input(): Promise<Uint8Array>
  out(line: string): void
  err(line: string): void
}

/** `check metrics [--extended]`. Resolves to the exit code. Source of the form: promtool check metrics. */
export async function checkMetrics(args: readonly string[], io: CheckMetricsIo): Promise<number> {
  let values: ParsedFlags<typeof flags>['values']
  try {
    values = parseArguments(args, flags).values
    if (values.budget !== '' && values.job === '') throw new CodedError('bad_data', '--budget wants the name of a job, --job=NAME')
  } catch (error) {
    io.err(`check metrics: ${errorMessage(error)}`)
    return EXIT.usage
  }
  let families: readonly MetricFamily[]
  try {
    families = parseMetricFamilies(await io.input())
  } catch (error) {
    if (!(error instanceof FamiliesError)) throw error
    io.err(`error while linting: ${error.message}`)
    return EXIT.failed
  }
  if (values.budget !== '') return checkBudget(families, values, io)
  const problems = lintMetrics(families)
  for (const { metric, text } of problems) io.err(`${metric} ${text}`)
  if (problems.length > 0) return EXIT.lint
  if (values.extended) for (const line of cardinalityTable(families)) io.out(line)
  return EXIT.ok
}

const HAS_PARTS: ReadonlySet<FamilyType> = new Set(['summary', 'histogram', 'gauge_histogram'])

/** A series a bucket or quantile of the first metric, and two for sum and count. Source: promtool, checkMetricsExtended. */
function seriesCount({ type, metrics }: MetricFamily): number {
  return HAS_PARTS.has(type) ? metrics.length * (2 + metrics[0].partCount) : metrics.length
}

function cardinalityTable(families: readonly MetricFamily[]): string[] {
  const counts = families.map((family) => ({ name: family.name, count: seriesCount(family) }))
  const total = counts.reduce((sum, { count }) => sum + count, 0)
  counts.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
  const rows = [
    ['Metric', 'Cardinality', 'Percentage'],
    ...counts.map(({ name, count }) => [name, String(count), `${((count / total) * 100).toFixed(2)}%`]),
    ['Total', String(total), '100%'],
  ]
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)) + 4)
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column])).join(''))
}

export const checkMetricsCommand: Command = {
  name: 'check metrics',
  summary: 'Check names, labels and help of a page of metrics.',
  help: () => HELP,
  run: (args, { env, io }) =>
    checkMetrics(args, {
      env: env({ level: 'warn', format: 'logfmt' }),
      variables: io.variables,
      input: () => io.input(),
      out: (line) => io.out(line),
      err: (line) => io.err(line),
    }),
}
