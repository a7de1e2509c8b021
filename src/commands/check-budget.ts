import type { Env } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { readOwnConfig } from '../config/own-config.ts'
import { ConfigError, formatPlace } from '../config/problems.ts'
import type { MetricFamily } from '../exposition/metric-families.ts'
import { formatByteSize } from '../model/byte-size.ts'
import type { Labels } from '../model/labels.ts'
import { ApiClient } from './api-client.ts'
import { type Fleet, type FleetBudget, fleetOfConfig, fleetOfServer } from './budget-fleet.ts'
import { EXIT } from './command.ts'
import { pageSeries, type SeriesCost, seriesCost } from './series-cost.ts'
import { openAccess } from './server-access.ts'

export interface BudgetCheck {
  readonly budget: string
  readonly job: string
  readonly owner: string
  readonly targets: number
  readonly interval: number
  readonly 'http.config.file': string
}

interface BudgetCheckIo {
  readonly env: Env
  readonly variables?: Readonly<Record<string, string | undefined>>
  out(line: string): void
  err(line: string): void
}

/** Series that are shown of those that would be added. */
const EXAMPLES_MAX = 5

/** What a page's series would cost, and whether budgets have room for them. Resolves to the exit code. */
export async function checkBudget(families: readonly MetricFamily[], check: BudgetCheck, io: BudgetCheckIo): Promise<number> {
  let fleet: Fleet | undefined
  try {
    fleet = await fleetOf(check, io)
  } catch (error) {
    for (const line of error instanceof ConfigError ? error.problems.map(formatPlace) : [errorMessage(error)])
      io.err(`check metrics: ${line}`)
    return EXIT.failed
  }
  if (fleet === undefined) {
    io.err(`check metrics: ${check.budget} has no budgets`)
    return EXIT.failed
  }
  const { existing } = fleet
  const added = [...pageSeries(families)].map(([name, series]) => ({
    name,
    all: series.length,
    series: series.filter((one) => !existing.has(one.key())),
  }))
  added.sort((a, b) => b.series.length - a.series.length || (a.name < b.name ? -1 : 1))
  const total = added.flatMap(({ series }) => series)
  const rows = [['Metric', 'Series a target', 'New', 'In the fleet', 'Memory', 'Disk a day']]
  for (const { name, all, series } of added) if (series.length > 0) rows.push(row(name, all, series, seriesCost(series, fleet)))
  const cost = seriesCost(total, fleet)
  rows.push(
    row(
      'Total',
      added.reduce((sum, { all }) => sum + all, 0),
      total,
      cost,
    ),
  )
  for (const line of table(rows)) io.out(line)
  if (cost.series > 0)
    io.out(
      `A series takes ${Math.round(cost.memoryBytes / cost.series)} bytes of memory and ${Math.round(cost.diskBytesADay / cost.series)} bytes of disk a day.`,
    )
  for (const labels of total.slice(0, EXAMPLES_MAX)) io.out(`new: ${labels}`)
  if (total.length > EXAMPLES_MAX) io.out(`new: and ${total.length - EXAMPLES_MAX} more of each target`)
  let code: number = EXIT.ok
  for (const budget of fleet.budgets) {
    const { text, isPastHard, isPastSoft } = judged(budget, cost.series)
    if (isPastHard) io.err(text)
    else io.out(text)
    if (isPastHard) code = EXIT.failed
    else if (isPastSoft && code === EXIT.ok) code = EXIT.lint
  }
  return code
}

async function fleetOf(check: BudgetCheck, { env, err, variables = {} }: BudgetCheckIo): Promise<Fleet | undefined> {
  const options = { job: check.job, owner: check.owner, targets: check.targets, intervalMs: check.interval }
  if (!check.budget.includes('://')) {
    const { budgets } = await readOwnConfig(env.fs, check.budget)
    return budgets === undefined ? undefined : fleetOfConfig(budgets, options)
  }
  const access = await openAccess(env, check.budget, check['http.config.file'], { err, variables })
  return fleetOfServer(new ApiClient(env, access), options)
}

function judged({ whose, limits, series }: FleetBudget, added: number): { text: string; isPastHard: boolean; isPastSoft: boolean } {
  const after = series + added
  const isPastHard = after > limits.hard
  const isPastSoft = after > limits.soft
  const of =
    limits.hard === Infinity ? (limits.soft === Infinity ? 'no limit' : `a soft limit of ${limits.soft}`) : `a limit of ${limits.hard}`
  const verdict = isPastHard ? `${after - limits.hard} would be refused` : isPastSoft ? 'past its soft limit' : 'within'
  return { text: `Budget of ${whose}: ${series} + ${added} = ${after} series, ${of}: ${verdict}`, isPastHard, isPastSoft }
}

function row(name: string, all: number, series: readonly Labels[], cost: SeriesCost): string[] {
  return [name, String(all), String(series.length), String(cost.series), shownBytes(cost.memoryBytes), shownBytes(cost.diskBytesADay)]
}

/** Of four digits at most. */
function shownBytes(bytes: number): string {
  for (const [unit, name] of [
    [2 ** 30, 'GB'],
    [2 ** 20, 'MB'],
    [2 ** 10, 'KB'],
  ] as const)
    if (bytes >= unit) return `${Number((bytes / unit).toPrecision(3))}${name}`
  return formatByteSize(Math.round(bytes))
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => cells[column].length)))
  return rows.map((cells) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  '),
  )
}
