import { CodedError } from '../base/errors.ts'
import { flag } from '../config/flags.ts'
import { parseGoDuration } from '../model/go-duration.ts'
import { parseTime, queryCommand, timeFlag, timeParameter } from './promql-query.ts'

/** A node of a plan as a server's API tells it. */
interface PlanNode {
  readonly operation: string
  readonly timeMs?: number
  readonly series?: number
  readonly samples?: number
  readonly samplesRead?: number
  readonly bytes?: number
  readonly inputs: readonly PlanNode[]
}

interface ExplainedData {
  readonly stats?: {
    readonly plan?: PlanNode
    readonly timings: Readonly<Record<string, number>>
    readonly samples: { readonly samplesRead: number; readonly peakSamples: number }
  }
}

export const promqlExplainCommand = queryCommand({
  name: 'promql explain',
  summary: 'Have a server run a query, and show its plan with what each part of it cost.',
  description: `Runs a PromQL expression, at one time or over a range, and shows its plan: each node with the time it took itself, the series and
samples it answered, the samples of the storage that it and the nodes below looked at, and the memory it needed.`,
  positional: ['SERVER', 'EXPR'],
  flags: {
    time: timeFlag('Time of the evaluation; now unless given.'),
    start: timeFlag('Start of a range, instead of --time.'),
    end: timeFlag('End of the range; now unless given.'),
    step: flag.text({ default: '1m', help: 'Time from one evaluation of a range to the next.', placeholder: 'DURATION' }),
  },
  async ask({ api, args: [query], values, format, now }) {
    const { data } = await api.post<ExplainedData>(...request(query, values, now))
    const { stats } = data
    if (stats?.plan === undefined) throw new Error('found no plan in the answer, which a promontory server has')
    return format === 'json' ? JSON.stringify(stats) : planText(stats.plan, stats)
  },
})

interface Times {
  readonly time: string
  readonly start: string
  readonly end: string
  readonly step: string
}

function request(query: string, { time, start, end, step }: Times, now: number): [path: string, parameters: URLSearchParams] {
  if (start === '' && end === '') {
    const at = time === '' ? now : parseTime('evaluation', time)
    return ['query', new URLSearchParams({ query, time: timeParameter(at), stats: 'plan' })]
  }
  if (time !== '') throw new CodedError('bad_data', 'found --time beside --start or --end, want one or the other')
  if (start === '') throw new CodedError('bad_data', 'found --end without --start, want both')
  const [from, to] = [parseTime('start', start), end === '' ? now : parseTime('end', end)]
  const parameters = { query, start: timeParameter(from), end: timeParameter(to), step: timeParameter(parseGoDuration(step)) }
  return ['query_range', new URLSearchParams({ ...parameters, stats: 'plan' })]
}

const COLUMNS = ['TIME', 'SERIES', 'SAMPLES', 'READ', 'MEMORY'] as const

/** A line a node. What it does comes last, since it has any length: whatever the width of the terminal, no number is cut off. */
export function planText(plan: PlanNode, { timings, samples }: NonNullable<ExplainedData['stats']>): string {
  const rows: { readonly cells: readonly string[]; readonly operation: string }[] = []
  const add = (node: PlanNode, lead: string, leadBelow: string) => {
    rows.push({ cells: cellsOf(node), operation: `${lead}${node.operation}` })
    node.inputs.forEach((input, i) => {
      const isLast = i === node.inputs.length - 1
      add(input, `${leadBelow}${isLast ? '└─ ' : '├─ '}`, `${leadBelow}${isLast ? '   ' : '│  '}`)
    })
  }
  add(plan, '', '')
  const widths = COLUMNS.map((title, i) => Math.max(title.length, ...rows.map(({ cells }) => cells[i].length)))
  const line = (cells: readonly string[], last: string) => `${cells.map((cell, i) => cell.padStart(widths[i])).join('  ')}  ${last}`
  const total = `${milliseconds((timings['execTotalTime'] ?? 0) * 1000)} in all, ${samples.samplesRead} samples read, ${samples.peakSamples} held at most`
  return [line(COLUMNS, 'OPERATION'), ...rows.map(({ cells, operation }) => line(cells, operation)), total].join('\n')
}

/** Empty where a node has no cost of its own. */
function cellsOf({ timeMs, series, samples, samplesRead, bytes }: PlanNode): string[] {
  if (timeMs === undefined) return COLUMNS.map(() => '')
  return [milliseconds(timeMs), String(series), String(samples), String(samplesRead), byteSize(bytes ?? 0)]
}

function milliseconds(ms: number): string {
  return ms < 10 ? `${ms.toFixed(2)}ms` : ms < 10_000 ? `${ms.toFixed(0)}ms` : `${(ms / 1000).toFixed(1)}s`
}

function byteSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let size = bytes
  let unit = 0
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit++
  }
  return `${unit === 0 || size >= 100 ? size.toFixed(0) : size.toFixed(1)}${units[unit]}`
}
