import type { Env } from '../base/env.ts'
import type { Service } from '../base/service.ts'
import { untilAborted } from '../base/service.ts'
import type { ConfigReloader } from '../config/reload.ts'
import type { BudgetsConfig } from '../storage/budgets/budgets-schema.ts'
import type { GrowthLog, SeriesCounts } from '../storage/budgets/growth-log.ts'
import type { SeriesBudgets } from '../storage/budgets/series-budgets.ts'
import type { Db } from '../tsdb/db.ts'

/** Metrics, and labels, whose growth is told: those with the most series, and values. */
const COUNTED_MAX = 2000

export interface Budgets {
  readonly budgets: SeriesBudgets
  readonly growth: GrowthLog
}

/** Guards the database as long as the configuration has budgets. */
export interface SeriesGuard extends Service {
  /** undefined: there are no budgets. */
  current(): Budgets | undefined
}

/** What budgets are made of is loaded when a configuration first has some. */
export async function guardSeries(env: Env, reloader: ConfigReloader, db: Db): Promise<SeriesGuard> {
  let made: Budgets | undefined
  let isOn = false
  let onMade: (growth: GrowthLog) => void = () => {}
  await reloader.subscribe(async ({ budgets: config }) => {
    isOn = config !== undefined
    if (config === undefined) db.guard(undefined)
    else {
      if (made === undefined) {
        made = await makeBudgets(env, config, db)
        onMade(made.growth)
      }
      made.budgets.apply(config)
      db.guard(made.budgets)
    }
  })
  return {
    name: 'series budgets',
    current: () => (isOn ? made : undefined),
    async run(signal, ready) {
      ready()
      const counting = new Promise<void>((resolve, reject) => {
        onMade = (growth) => void growth.run(signal).then(resolve, reject)
      })
      if (made !== undefined) onMade(made.growth)
      await Promise.race([counting, untilAborted(signal)])
    },
  }
}

async function makeBudgets(env: Env, config: BudgetsConfig, db: Db): Promise<Budgets> {
  const [{ SeriesBudgets }, { GrowthLog }, { registerBudgetMetrics }] = await Promise.all([
    import('../storage/budgets/series-budgets.ts'),
    import('../storage/budgets/growth-log.ts'),
    import('../storage/budgets/budget-metrics.ts'),
  ])
  const budgets = new SeriesBudgets(env, config)
  registerBudgetMetrics(env.metrics, budgets)
  const count = async (signal: AbortSignal): Promise<SeriesCounts> => {
    const { seriesByMetric, valuesByLabel } = await db.cardinality(COUNTED_MAX, signal)
    const named = (counts: readonly { readonly name: string; readonly count: number }[]) =>
      new Map(counts.map(({ name, count }) => [name, count]))
    const inScope = (wanted: string) =>
      new Map(budgets.groups().flatMap(({ scope, name, series }) => (scope === wanted ? [[name, series] as const] : [])))
    return { metrics: named(seriesByMetric), labels: named(valuesByLabel), jobs: inScope('job'), owners: inScope('owner') }
  }
  return { budgets, growth: new GrowthLog(env.clock, count) }
}
