import type { Env } from '../../base/env.ts'
import { quote } from '../../base/go-quote.ts'
import type { Labels } from '../../model/labels.ts'
import type { SeriesRef } from '../appender.ts'
import type { KnownPairs, SeriesGate } from '../series-gate.ts'
import { BudgetGroup, type BudgetScope } from './budget-group.ts'
import { type BudgetLimits, type BudgetsConfig, type LabelBudgets, NO_LIMITS } from './budgets-schema.ts'

/** A budget that refuses says so in the log at most so often. */
const LOG_INTERVAL_MS = 60_000
/** Groups without series that are still told of, since they have refused some. */
const EMPTY_GROUPS_MAX = 1000

/**
 * Budgets of active series: of the server, of each job, of each owner. What is there goes on, what is new is refused where a budget is
 * full. Costs nothing per sample, and per new series a look into a table for each budget.
 */
export class SeriesBudgets implements SeriesGate {
  readonly #env: Pick<Env, 'clock' | 'log'>
  #config: BudgetsConfig
  #nextId = 0
  readonly #server: BudgetGroup
  readonly #jobs = new Map<string, BudgetGroup>()
  readonly #owners = new Map<string, BudgetGroup>()
  /** Those that have refused something, by id: refs lead to them. */
  readonly #shut = new Map<number, BudgetGroup>()
  /** Groups without series that have refused some, those that became so first before the others. */
  readonly #empty = new Set<BudgetGroup>()
  #loggedAt = Number.NEGATIVE_INFINITY

  constructor(env: Pick<Env, 'clock' | 'log'>, config: BudgetsConfig) {
    this.#env = env
    this.#config = config
    this.#server = new BudgetGroup(this.#nextId++, 'server', '')
    this.#limit()
  }

  /** From now on these budgets. When `groupLabels` are others than before, all has to be counted anew. */
  apply(config: BudgetsConfig): void {
    this.#config = config
    this.#limit()
  }

  get config(): BudgetsConfig {
    return this.#config
  }

  get groupLabels(): readonly string[] {
    const { job, owner } = this.#config
    return owner === undefined || owner.label === job.label ? [job.label] : [job.label, owner.label]
  }

  admit(labels: Labels, known: KnownPairs, isNeeded: boolean): 0 | SeriesRef {
    const { job, owner } = this.#config
    const jobName = labels.get(job.label)
    const jobGroup = this.#jobs.get(jobName)
    const ownerName = owner === undefined ? '' : labels.get(owner.label)
    const ownerGroup = owner === undefined ? undefined : this.#owners.get(ownerName)
    if (!isNeeded) {
      const full = this.#server.isFull ? this.#server : jobGroup?.isFull ? jobGroup : ownerGroup?.isFull ? ownerGroup : undefined
      if (full !== undefined) return this.#refuse(full, labels, jobName, known)
    }
    this.#add(this.#server, labels, jobName, known)
    this.#add(jobGroup ?? this.#group('job', jobName), labels, jobName, known)
    if (owner !== undefined) this.#add(ownerGroup ?? this.#group('owner', ownerName), labels, jobName, known)
    return 0
  }

  isShut(ref: SeriesRef): boolean {
    const group = this.#shut.get(-2 - ref)
    if (group === undefined || !group.isFull) return false
    group.refusedSamples++
    return true
  }

  reason(ref: SeriesRef): string {
    const group = this.#shut.get(-2 - ref)
    return group === undefined ? 'the series budget is exhausted' : reasonOf(group)
  }

  resetCounts(): void {
    this.#server.series = 0
    for (const group of [...this.#jobs.values(), ...this.#owners.values()]) {
      group.series = 0
      this.#emptied(group)
    }
  }

  count(label: string, value: string, change: number): void {
    if (label === '') {
      this.#server.series += change
      return
    }
    const { job, owner } = this.#config
    if (label === job.label) this.#resize('job', value, change)
    if (label === owner?.label) this.#resize('owner', value, change)
  }

  /** The server, then the jobs and the owners with the most series first. */
  groups(): readonly BudgetGroup[] {
    const sorted = (groups: Map<string, BudgetGroup>) =>
      [...groups.values()].sort((a, b) => b.series - a.series || (a.name < b.name ? -1 : 1))
    return [this.#server, ...sorted(this.#jobs), ...sorted(this.#owners)]
  }

  #add(group: BudgetGroup, labels: Labels, job: string, known: KnownPairs): void {
    this.#empty.delete(group)
    if (++group.series > group.limits.soft) group.warn(labels, job, known, this.#env.clock.now())
  }

  #refuse(group: BudgetGroup, labels: Labels, job: string, known: KnownPairs): SeriesRef {
    const now = this.#env.clock.now()
    group.refuse(labels, job, known, now)
    this.#shut.set(group.id, group)
    if (now - this.#loggedAt >= LOG_INTERVAL_MS) {
      this.#loggedAt = now
      const { scope, name, series, limits } = group
      const [grown] = group.grown()
      const fields = { scope, name, series, limit: limits.hard, job, label: grown?.label ?? '', values: grown?.values ?? 0 }
      this.#env.log.warn('new series are refused by a budget', { ...fields, example: labels.toString() })
    }
    return -2 - group.id
  }

  #resize(scope: 'job' | 'owner', value: string, change: number): void {
    const group = this.#groupsOf(scope).get(value) ?? this.#group(scope, value)
    group.series += change
    if (group.series === 0) this.#emptied(group)
    else this.#empty.delete(group)
  }

  /** Forgets a group that has no series any more, unless what it has refused is still to be told: of so many groups, and not of all there ever were. */
  #emptied(group: BudgetGroup): void {
    if (group.refusedSeries > 0) {
      this.#empty.add(group)
      if (this.#empty.size <= EMPTY_GROUPS_MAX) return
      ;[group] = this.#empty
      this.#empty.delete(group)
    }
    this.#shut.delete(group.id)
    if (group.scope !== 'server') this.#groupsOf(group.scope).delete(group.name)
  }

  #groupsOf(scope: 'job' | 'owner'): Map<string, BudgetGroup> {
    return scope === 'job' ? this.#jobs : this.#owners
  }

  #group(scope: 'job' | 'owner', name: string): BudgetGroup {
    const group = new BudgetGroup(this.#nextId++, scope, name)
    group.limits = limitsOf(this.#config[scope], name)
    this.#groupsOf(scope).set(name, group)
    return group
  }

  #limit(): void {
    const { server, job, owner } = this.#config
    this.#server.limits = server
    for (const group of this.#jobs.values()) group.limits = limitsOf(job, group.name)
    for (const group of this.#owners.values()) group.limits = limitsOf(owner, group.name)
  }
}

function limitsOf(budgets: LabelBudgets | undefined, name: string): BudgetLimits {
  return budgets?.named.get(name) ?? budgets?.others ?? NO_LIMITS
}

/** `the budget of job "api" is full: 1000 of 1000 series, label "user" has about 200 new values` */
function reasonOf(group: BudgetGroup): string {
  const { scope, name, series, limits } = group
  const whose: Record<BudgetScope, string> = { server: 'the server', job: `job ${quote(name)}`, owner: `owner ${quote(name)}` }
  const [grown] = group.grown()
  const growth = grown === undefined ? '' : `, label ${quote(grown.label)} has about ${grown.values} new values`
  return `the series budget of ${whose[scope]} is full: ${series} of ${limits.hard}${growth}`
}
