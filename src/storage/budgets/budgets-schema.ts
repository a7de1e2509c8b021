import { quote } from '../../base/go-quote.ts'
import { integer, map, type Report, section, text } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import { isLabelName } from '../../model/relabel.ts'

// `budgets` of Promontory's own configuration file. What it means: docs/operating/budgets.md.

/** Active series; Infinity: no limit. */
export interface BudgetLimits {
  /** Beyond it new series are made and reported. */
  readonly soft: number
  /** Beyond it they are refused. */
  readonly hard: number
}

/** The budgets of the values of one label. */
export interface LabelBudgets {
  readonly label: string
  /** Of values that are not named. */
  readonly others: BudgetLimits
  readonly named: ReadonlyMap<string, BudgetLimits>
}

export interface BudgetsConfig {
  readonly server: BudgetLimits
  readonly job: LabelBudgets
  /** undefined: the file names no label of owners. */
  readonly owner: LabelBudgets | undefined
}

export const NO_LIMITS: BudgetLimits = { soft: Number.POSITIVE_INFINITY, hard: Number.POSITIVE_INFINITY }

const limitsSchema = section(
  'limits',
  { soft_limit: integer(), hard_limit: integer() },
  {
    check(limits, report) {
      for (const name of ['soft_limit', 'hard_limit'] as const) {
        if (limits[name] === 0) report([name], 'found 0, want at least 1')
      }
      const { soft_limit: soft, hard_limit: hard } = limits
      if (soft === undefined && hard === undefined) report([], 'found no limit, want soft_limit, hard_limit or both')
      if (soft !== undefined && hard !== undefined && soft > hard) report(['soft_limit'], `found ${soft}, want at most hard_limit, ${hard}`)
    },
  },
)

export const budgetsSchema = section('budgets', {
  server: limitsSchema,
  job: section('job_budgets', { default: limitsSchema, named: map(limitsSchema) }),
  owner: section(
    'owner_budgets',
    { label: text(), default: limitsSchema, named: map(limitsSchema) },
    { check: (owner, report) => checkLabel(owner.label, report) },
  ),
})

function checkLabel(label: string | undefined, report: Report): void {
  if (!label) report(label === undefined ? [] : ['label'], 'found no label, want the name of the label that says whose a series is')
  else if (!isLabelName(label)) report(['label'], `${quote(label)} is not a valid label name`)
}

type LimitsSection = Output<typeof limitsSchema>

function limitsOf(given: LimitsSection | undefined): BudgetLimits {
  return { soft: given?.soft_limit ?? NO_LIMITS.soft, hard: given?.hard_limit ?? NO_LIMITS.hard }
}

function labelBudgets(
  label: string,
  given: { readonly default?: LimitsSection | undefined; readonly named?: Readonly<Record<string, LimitsSection>> | undefined } | undefined,
): LabelBudgets {
  const named = new Map(Object.entries(given?.named ?? {}).map(([name, limits]) => [name, limitsOf(limits)]))
  return { label, others: limitsOf(given?.default), named }
}

/** The label of jobs, as every scrape sets it. */
const JOB_LABEL = 'job'

export function toBudgetsConfig(given: Output<typeof budgetsSchema>): BudgetsConfig {
  const { server, job, owner } = given
  return {
    server: limitsOf(server),
    job: labelBudgets(JOB_LABEL, job),
    owner: owner === undefined ? undefined : labelBudgets(owner.label!, owner),
  }
}
