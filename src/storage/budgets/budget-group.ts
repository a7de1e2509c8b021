import type { Labels } from '../../model/labels.ts'
import type { Timestamp } from '../../model/time.ts'
import type { KnownPairs } from '../series-gate.ts'
import { type BudgetLimits, NO_LIMITS } from './budgets-schema.ts'
import { type GrownLabel, LabelGrowth } from './label-growth.ts'

/** What has a budget: all series, those of a job, those of an owner. */
export type BudgetScope = 'server' | 'job' | 'owner'

/** Pairs of job and label that are told apart; what comes beyond is counted without names. */
const CULPRITS_MAX = 256
/** Without new series for so long, what grew before is another story. */
const GROWTH_FORGOTTEN_MS = 60 * 60_000

/** New series of a job by the label that grew. */
export interface CulpritCount {
  readonly job: string
  readonly label: string
  count: number
}

/** Series by culprit: bounded in memory. */
class Culprits {
  readonly #counts = new Map<string, CulpritCount>()

  add(job: string, label: string): void {
    let key = `${label}\n${job}`
    if (!this.#counts.has(key) && this.#counts.size >= CULPRITS_MAX) [job, label, key] = ['', '', '\n']
    const known = this.#counts.get(key)
    if (known === undefined) this.#counts.set(key, { job, label, count: 1 })
    else known.count++
  }

  all(): Iterable<CulpritCount> {
    return this.#counts.values()
  }
}

/** The active series that share one budget. */
export class BudgetGroup {
  /** Of the refs of what was refused here; no other group of the process has it. */
  readonly id: number
  readonly scope: BudgetScope
  /** The job, the owner; empty for the server, and for series without the label. */
  readonly name: string
  limits: BudgetLimits = NO_LIMITS
  series = 0
  /** Series that were not made, a time each; and samples of those, while they were refused. */
  refusedSeries = 0
  refusedSamples = 0
  lastRefused: Timestamp = 0
  readonly refused = new Culprits()
  /** Series that were made beyond the soft limit. */
  readonly warned = new Culprits()
  #growth: LabelGrowth | undefined
  #growthSince: Timestamp = 0
  #lastGrowth: Timestamp = 0

  constructor(id: number, scope: BudgetScope, name: string) {
    this.id = id
    this.scope = scope
    this.name = name
  }

  get isFull(): boolean {
    return this.series >= this.limits.hard
  }

  refuse(labels: Labels, job: string, known: KnownPairs, now: Timestamp): void {
    this.refusedSeries++
    this.lastRefused = now
    this.refused.add(job, this.#grow(labels, known, now))
  }

  /** A series was made beyond the soft limit. */
  warn(labels: Labels, job: string, known: KnownPairs, now: Timestamp): void {
    this.warned.add(job, this.#grow(labels, known, now))
  }

  /** Labels of the series that were refused, or made beyond the soft limit, since `growthSince`; those with the most values first. */
  grown(): readonly GrownLabel[] {
    return this.#growth?.labels() ?? []
  }

  /** 0: nothing grew. */
  get growthSince(): Timestamp {
    return this.#growth === undefined ? 0 : this.#growthSince
  }

  #grow(labels: Labels, known: KnownPairs, now: Timestamp): string {
    if (this.#growth === undefined || now - this.#lastGrowth > GROWTH_FORGOTTEN_MS) {
      this.#growth = new LabelGrowth()
      this.#growthSince = now
    }
    this.#lastGrowth = now
    return this.#growth.observe(labels, known)
  }
}
