// The tables of `npm run bench:peers`: what the runs of several servers say, and how they stand to each other.

/** What one run of the bench wrote, as far as it is looked at here. */
export interface BenchRun {
  readonly server: string
  readonly result: Readonly<Record<string, unknown>>
}

/** A figure of a run, by its path in the result. */
interface Figure {
  readonly name: string
  readonly path: string
}

/** Servers in the order of the columns. Ours is the last; the others are its peers. */
export const SERVERS = ['Prometheus', 'VictoriaMetrics', 'Promontory'] as const
const OURS = 'Promontory'

const SCRAPE: readonly Figure[] = [
  { name: 'CPU seconds per million samples', path: 'cpuSecPerMSamples' },
  { name: 'peak memory per series, bytes', path: 'peakRssPerSeriesBytes' },
  { name: 'bytes per sample on disk, log included', path: 'diskBytesPerSample' },
  { name: 'samples a second', path: 'samplesPerSec' },
  { name: 'share of scrapes that were done', path: 'completion' },
  { name: 'scrape duration, 99th percentile, ms', path: 'scrapeDurP99Ms' },
  { name: 'kill -9: until ready, ms', path: 'restart.readyMs' },
  { name: 'kill -9: until the answer is right, ms', path: 'restart.correctAnswerMs' },
  { name: 'cores that others on the machine used', path: 'window.otherCores' },
]

/** By scenario, in the order of the report. */
export const FIGURES: Readonly<Record<string, readonly Figure[]>> = {
  scrape5: SCRAPE,
  scrape15: SCRAPE,
  churn: SCRAPE.filter(({ path }) => !path.startsWith('restart')),
  query: [
    { name: 'sum of the medians of all queries, ms', path: 'totalP50Ms' },
    { name: 'sum of their CPU time, ms', path: 'totalCpuMs' },
    { name: 'queries a second, four clients', path: 'concurrent.qps' },
    { name: 'CPU ms a query, four clients', path: 'concurrent.cpuMsPerQuery' },
    { name: 'loading: CPU seconds per million samples', path: 'load.cpuSecPerMSamples' },
    { name: 'loading: peak memory, MiB', path: 'load.peakRssMiB' },
    { name: 'querying: peak memory, MiB', path: 'queryPeakRssMiB' },
    { name: 'bytes per sample, compacted', path: 'compact.bytesPerSample' },
    { name: 'kill -9: until ready, ms', path: 'restart.readyMs' },
    { name: 'kill -9: until the answer is right, ms', path: 'restart.correctAnswerMs' },
    { name: 'cores that others on the machine used', path: 'queryWindow.otherCores' },
  ],
  maxrate: [
    { name: 'samples a second, sustained', path: 'maxSustainedPerSec' },
    { name: 'samples a second, at best', path: 'bestAchievedPerSec' },
  ],
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** `3.4 (3.1-4.0)`: the median and the spread. */
export function spread(values: readonly number[]): string {
  if (values.length === 0) return '-'
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return least === most ? round(least) : `${round(median(values))} (${round(least)}-${round(most)})`
}

/** The lines of one scenario's runs, as many as there are by now. */
export function scenarioReport(scenario: string, runs: readonly BenchRun[]): readonly string[] {
  const rows = FIGURES[scenario].map(({ name, path }) => [name, ...columns(runs, (run) => numberAt(run.result, path))])
  const counts = SERVERS.map((server) => `${server} ${runs.filter((run) => run.server === server).length}`)
  const lines = [`runs: ${counts.join(', ')}; median and spread`, '', ...table(['', ...HEAD], rows)]
  return scenario === 'query' ? [...lines, '', ...queryReport(runs)] : lines
}

const HEAD = [...SERVERS, ...SERVERS.filter((server) => server !== OURS).map((server) => `to ${server}`)]

/** The median of a figure for each server, and what ours is of the others'. */
function columns(runs: readonly BenchRun[], figure: (run: BenchRun) => number | undefined): readonly string[] {
  const values = SERVERS.map((server) => runs.filter((run) => run.server === server).flatMap((run) => figure(run) ?? []))
  const ours = values[SERVERS.indexOf(OURS)]
  const ratios = values.flatMap((theirs, i) => (SERVERS[i] === OURS ? [] : [ratio(ours, theirs)]))
  return [...values.map(spread), ...ratios]
}

function ratio(ours: readonly number[], theirs: readonly number[]): string {
  return ours.length === 0 || theirs.length === 0 || median(theirs) === 0 ? '-' : (median(ours) / median(theirs)).toFixed(2)
}

interface QueryRow {
  readonly id: string
  readonly p50?: number
  readonly series?: number
  readonly points?: number
  readonly sum?: number
  readonly error?: string
}

function queryReport(runs: readonly BenchRun[]): readonly string[] {
  const ids = [...new Set(runs.flatMap((run) => rowsOf(run).map(({ id }) => id)))]
  const rows = ids.map((id) => [
    id,
    ...columns(runs, (run) => rowsOf(run).find((row) => row.id === id && row.error === undefined)?.p50),
    sameAnswer(runs, id),
  ])
  return table(['median of each query, ms', ...HEAD, 'answer'], rows)
}

/** Whether our answer is Prometheus', by its number of series and points and the sum of all values. */
function sameAnswer(runs: readonly BenchRun[], id: string): string {
  const [theirs, ours] = ['Prometheus', OURS].map((server) => {
    const run = runs.find((one) => one.server === server)
    return run && rowsOf(run).find((row) => row.id === id)
  })
  if (theirs === undefined || ours === undefined) return '-'
  if (ours.error !== undefined) return ours.error
  if (ours.series !== theirs.series || ours.points !== theirs.points) return 'another shape'
  const [a, b] = [ours.sum ?? 0, theirs.sum ?? 0]
  return Math.abs(a - b) <= 1e-9 * Math.abs(b) ? 'the same' : `sum ${a}, theirs ${b}`
}

function rowsOf({ result }: BenchRun): readonly QueryRow[] {
  const { queries } = result
  return Array.isArray(queries) ? (queries as readonly QueryRow[]) : []
}

function numberAt(result: unknown, path: string): number | undefined {
  let value = result
  for (const name of path.split('.'))
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

function round(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return String(Number(value.toFixed(digits)))
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i].length)))
  const line = (row: readonly string[]) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ')
  return [line(head), ...rows.map(line)].map((text) => text.trimEnd())
}

const SECTION = /^== (\S+)$/

/** The report with the sections of some scenarios replaced; those of others stay as they are. */
export function withSections(report: string, sections: ReadonlyMap<string, readonly string[]>): string {
  const known = new Map<string, readonly string[]>()
  let lines: string[] | undefined
  for (const line of report.split('\n')) {
    const [, name] = SECTION.exec(line) ?? []
    if (name !== undefined) {
      lines = []
      known.set(name, lines)
    } else lines?.push(line)
  }
  const scenarios = Object.keys(FIGURES).filter((name) => sections.has(name) || known.has(name))
  const texts = scenarios.map((name) => `== ${name}\n${(sections.get(name) ?? known.get(name) ?? []).join('\n').trim()}\n`)
  return ['Prometheus, VictoriaMetrics and Promontory under the same load: npm run bench:peers', '', texts.join('\n')].join('\n')
}
