import type { Answer } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { formatRfc3339 } from '../base/rfc3339.ts'
import type { BudgetGroup } from '../storage/budgets/budget-group.ts'
import type { Growth } from '../storage/budgets/growth-log.ts'
import type { ApiDeps, DatabaseView } from './deps.ts'
import { dataAnswer } from './json/envelope.ts'
import { listLimit } from './tsdb-status.ts'
import type { BudgetJson, BudgetsData } from './types/budgets.ts'

/** /api/v1/status/budgets: what budgets of series there are, what they refuse, and what grew. */
export async function budgetsStatus({ database, budgets: view }: ApiDeps, { form, signal }: RouteRequest): Promise<Answer> {
  const limit = listLimit(form.get('limit'))
  const current = view()
  const { activeSeries, memoryBytes } = database.stats()
  const growth = await current?.growth.growth(limit, signal)
  const data: BudgetsData = {
    enabled: current !== undefined,
    ownerLabel: current?.budgets.config.owner?.label ?? '',
    seriesBytes: activeSeries === 0 ? 0 : Math.round(memoryBytes / activeSeries),
    sampleBytes: sampleBytes(database),
    activeSeries,
    budgets: shown(current?.budgets.groups() ?? [], limit),
    ...(growth === undefined ? {} : { growth: growthJson(growth) }),
  }
  return dataAnswer(data)
}

function sampleBytes(database: DatabaseView): number {
  const samples = database.blockMetas().reduce((sum, { stats }) => sum + stats.numSamples, 0)
  return samples === 0 ? 0 : Math.round((database.stats().blockBytes / samples) * 100) / 100
}

/** Of each scope at most so many; those of no limit only if they are the server, or have refused something. */
function shown(groups: readonly BudgetGroup[], countMax: number): BudgetJson[] {
  const counts = { server: 0, job: 0, owner: 0 }
  const isShown = ({ scope, limits, refusedSeries }: BudgetGroup) =>
    scope === 'server' || limits.hard !== Infinity || limits.soft !== Infinity || refusedSeries > 0
  return groups.filter((group) => isShown(group) && counts[group.scope]++ < countMax).map(budgetJson)
}

function budgetJson(group: BudgetGroup): BudgetJson {
  const { scope, name, series, limits, refusedSeries, refusedSamples, lastRefused, growthSince } = group
  return {
    scope,
    name,
    series,
    ...(limits.soft === Infinity ? {} : { softLimit: limits.soft }),
    ...(limits.hard === Infinity ? {} : { hardLimit: limits.hard }),
    refusedSeries,
    refusedSamples,
    ...(lastRefused === 0 ? {} : { lastRefused: formatRfc3339(lastRefused) }),
    ...(growthSince === 0 ? {} : { grownSince: formatRfc3339(growthSince), grown: group.grown() }),
  }
}

function growthJson({ since, grown }: Growth): NonNullable<BudgetsData['growth']> {
  return { since: formatRfc3339(since), ...grown }
}
