import { Counter, Gauge, type Registry } from 'prom-client'
import type { BudgetGroup } from './budget-group.ts'
import type { SeriesBudgets } from './series-budgets.ts'

/** Groups of a scope that are told; those with the fewest series are left out. */
const GROUPS_MAX = 2000

/** Registers what /metrics says of budgets. What the names mean: docs/operating/budgets.md. */
export function registerBudgetMetrics(registry: Registry, budgets: SeriesBudgets): void {
  const registers = [registry]
  const each = (tell: (group: BudgetGroup, labels: { readonly scope: string; readonly name: string }) => void) => {
    const told = { server: 0, job: 0, owner: 0 }
    for (const group of budgets.groups()) {
      const { scope, name, limits } = group
      if (limits.soft === Infinity && limits.hard === Infinity && group.refusedSeries === 0) continue
      if (told[scope]++ < GROUPS_MAX) tell(group, { scope, name })
    }
  }
  new Gauge({
    name: 'promontory_budget_series',
    help: 'Active series that count against a budget.',
    labelNames: ['scope', 'name'],
    registers,
    collect() {
      this.reset()
      each(({ series }, labels) => this.set(labels, series))
    },
  })
  new Gauge({
    name: 'promontory_budget_limit',
    help: 'Active series that a budget allows: new ones beyond the soft limit are reported, beyond the hard limit refused.',
    labelNames: ['scope', 'name', 'kind'],
    registers,
    collect() {
      this.reset()
      each(({ limits }, labels) => {
        if (limits.soft !== Infinity) this.set({ ...labels, kind: 'soft' }, limits.soft)
        if (limits.hard !== Infinity) this.set({ ...labels, kind: 'hard' }, limits.hard)
      })
    },
  })
  const counter = (name: string, help: string, labelNames: readonly string[], read: (this: Counter) => void) => {
    new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset()
        read.call(this)
      },
    })
  }
  counter(
    'promontory_budget_warned_series_total',
    'Series made beyond the soft limit of a budget, by job and by the label that grew.',
    ['scope', 'name', 'job', 'label'],
    function () {
      each(({ warned }, labels) => {
        for (const { job, label, count } of warned.all()) this.inc({ ...labels, job, label }, count)
      })
    },
  )
  counter(
    'promontory_budget_refused_series_total',
    'Series that were asked for and not made since a budget is full, by job and by the label that grew.',
    ['scope', 'name', 'job', 'label'],
    function () {
      each(({ refused }, labels) => {
        for (const { job, label, count } of refused.all()) this.inc({ ...labels, job, label }, count)
      })
    },
  )
  counter(
    'promontory_budget_refused_samples_total',
    'Samples of series that are refused since a budget is full.',
    ['scope', 'name'],
    function () {
      each(({ refusedSamples }, labels) => this.inc(labels, refusedSamples))
    },
  )
}
