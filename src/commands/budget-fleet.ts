import type { BudgetsData } from '../api/types/budgets.ts'
import type { TargetsData } from '../api/types/targets.ts'
import { CodedError } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import { parseDuration } from '../model/duration.ts'
import { Labels } from '../model/labels.ts'
import type { BudgetLimits, BudgetsConfig } from '../storage/budgets/budgets-schema.ts'
import type { ApiClient } from './api-client.ts'
import { DISK_SAMPLE_BYTES } from './series-cost.ts'

/** One budget that the page's series count against. */
export interface FleetBudget {
  /** `job "api"` */
  readonly whose: string
  readonly limits: BudgetLimits
  /** Series that count against it already. */
  readonly series: number
}

/** What a page would be added to. */
export interface Fleet {
  readonly targets: number
  readonly targetLabels: number
  readonly intervalMs: number
  readonly sampleBytes: number
  /** Series that a target of the job has already, without its labels: their `key`. */
  readonly existing: ReadonlySet<string>
  readonly budgets: readonly FleetBudget[]
}

export interface FleetOptions {
  readonly job: string
  readonly owner: string
  /** 0: as many as there are. */
  readonly targets: number
  readonly intervalMs: number
}

const JOB_AND_INSTANCE = 2

/** A fleet of which nothing is known but the limits. */
export function fleetOfConfig(config: BudgetsConfig, { job, owner, targets, intervalMs }: FleetOptions): Fleet {
  const budgets: FleetBudget[] = [
    { whose: 'the server', limits: config.server, series: 0 },
    { whose: `job ${quote(job)}`, limits: config.job.named.get(job) ?? config.job.others, series: 0 },
  ]
  if (config.owner !== undefined && owner !== '') {
    budgets.push({ whose: `owner ${quote(owner)}`, limits: config.owner.named.get(owner) ?? config.owner.others, series: 0 })
  }
  const fleet = { targets: targets || 1, targetLabels: JOB_AND_INSTANCE, intervalMs, sampleBytes: DISK_SAMPLE_BYTES }
  return { ...fleet, existing: new Set(), budgets }
}

/** The fleet of a server that runs: its budgets, and what one of the job's targets exposes now stands for all of them. Throws an ApiError. */
export async function fleetOfServer(api: ApiClient, { job, owner, targets, intervalMs }: FleetOptions): Promise<Fleet> {
  const { data: status } = await api.get<BudgetsData>('status/budgets', new URLSearchParams({ limit: '10000' }))
  if (!status.enabled)
    throw new CodedError('not_found', 'the server has no budgets: it runs without --promontory.config, or with one that has none')
  const { data } = await api.get<TargetsData>('targets', new URLSearchParams({ state: 'active' }))
  const ofJob = data.activeTargets.filter(({ labels }) => labels['job'] === job)
  const sample = ofJob.find(({ health }) => health === 'up')
  const existing = new Set<string>()
  const ownerName = owner || sample?.labels[status.ownerLabel] || ''
  if (sample !== undefined) {
    const selector = `{${Object.entries(sample.labels)
      .map(([name, value]) => `${name}=${quote(value)}`)
      .join(',')}}`
    const { data: series } = await api.post<Record<string, string>[]>('series', new URLSearchParams({ 'match[]': selector }))
    const names = Object.keys(sample.labels)
    for (const labels of series)
      existing.add(
        Labels.of(labels)
          .without(...names)
          .key(),
      )
  }
  const wanted = (scope: string, name: string) => status.budgets.find((budget) => budget.scope === scope && budget.name === name)
  const found = [
    ['the server', wanted('server', '')] as const,
    [`job ${quote(job)}`, wanted('job', job)] as const,
    [`owner ${quote(ownerName)}`, ownerName === '' ? undefined : wanted('owner', ownerName)] as const,
  ]
  return {
    targets: targets || ofJob.length || 1,
    targetLabels: sample === undefined ? JOB_AND_INSTANCE : Object.keys(sample.labels).length,
    intervalMs: sample === undefined ? intervalMs : parseDuration(sample.scrapeInterval),
    sampleBytes: status.sampleBytes || DISK_SAMPLE_BYTES,
    existing,
    budgets: found.flatMap(([whose, budget]) =>
      budget === undefined
        ? []
        : [{ whose, series: budget.series, limits: { soft: budget.softLimit ?? Infinity, hard: budget.hardLimit ?? Infinity } }],
    ),
  }
}
