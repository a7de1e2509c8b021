import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { BudgetJson, BudgetsData, GrownJson } from '../../../src/api/types/budgets.ts'
import { DataPage } from '../app/data-page.tsx'
import { Notice } from '../app/notice.tsx'
import { server } from '../app/server.ts'
import { formatCount, formatShort } from '../format/number.ts'
import { formatDateTime } from '../format/time.ts'
import columns from './columns.module.css'
import { Facts } from './facts.tsx'
import styles from './ranking.module.css'

const LENGTH = 50

/** Budgets of series: how full they are, what they refuse and for which label, and what grew within the last hour. */
export function BudgetsPage() {
  const query = useQuery({
    queryKey: ['budgets'],
    queryFn: ({ signal }) => server.budgetsStatus(LENGTH, signal),
    placeholderData: (before) => before,
    staleTime: 0,
  })
  return (
    <DataPage title="Series budgets" query={query}>
      {(data) => (data.enabled ? <Budgets data={data} /> : <NoBudgets activeSeries={data.activeSeries} />)}
    </DataPage>
  )
}

function NoBudgets({ activeSeries }: { readonly activeSeries: number }) {
  return (
    <Notice kind="empty" title="This server has no budgets">
      It holds {formatCount(activeSeries)} active series. Limits for jobs and teams stand in a file of their own: --promontory.config.
    </Notice>
  )
}

function Budgets({ data }: { readonly data: BudgetsData }) {
  const { budgets, growth, ownerLabel, activeSeries, seriesBytes } = data
  return (
    <>
      <Facts
        title="Server"
        facts={[
          ['Active series', formatCount(activeSeries)],
          ['Memory a series', seriesBytes === 0 ? 'not known yet' : formatShort(seriesBytes, 'bytes')],
          ['Label of owners', ownerLabel === '' ? 'none' : ownerLabel],
        ]}
      />
      <BudgetTable budgets={budgets} />
      {growth === undefined ? (
        <Notice kind="info" title="What grew is known a minute after the start" />
      ) : (
        <>
          <Notice kind="info" title={`Growth since ${formatDateTime(Date.parse(growth.since))}`} />
          <div className={columns['columns']}>
            <Growth title="Series by metric" of="Metric" entries={growth.metrics} linked />
            <Growth title="Values by label" of="Label" entries={growth.labels} />
            <Growth title="Series by job" of="Job" entries={growth.jobs} />
            {ownerLabel !== '' && <Growth title="Series by owner" of="Owner" entries={growth.owners} />}
          </div>
        </>
      )}
    </>
  )
}

const SCOPES: Readonly<Record<BudgetJson['scope'], string>> = { server: 'Server', job: 'Job', owner: 'Owner' }

/** How full each budget is, as a bar behind it; which labels brought what was refused. */
function BudgetTable({ budgets }: { readonly budgets: readonly BudgetJson[] }) {
  return (
    <section className={styles.card} aria-label="Budgets">
      <h2 className={styles.title}>Budgets</h2>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Budget</th>
            <th scope="col">Labels that grew, with new values</th>
            <th scope="col" className={styles.number}>
              Series
            </th>
            <th scope="col" className={styles.number}>
              Limit
            </th>
            <th scope="col" className={styles.number}>
              Refused
            </th>
          </tr>
        </thead>
        <tbody>
          {budgets.map((budget) => (
            <tr key={`${budget.scope} ${budget.name}`} style={{ '--share': `${share(budget)}%` } as React.CSSProperties}>
              <td className={styles.name}>
                {SCOPES[budget.scope]} {budget.name}
              </td>
              <td className={styles.name}>{grownText(budget)}</td>
              <td className={styles.number}>{formatCount(budget.series)}</td>
              <td className={styles.number}>{limitText(budget)}</td>
              <td className={styles.number}>{formatCount(budget.refusedSeries)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function share({ series, hardLimit, softLimit }: BudgetJson): number {
  const limit = hardLimit ?? softLimit
  return limit === undefined ? 0 : Math.min(100, (100 * series) / limit)
}

function limitText({ softLimit, hardLimit }: BudgetJson): string {
  if (hardLimit === undefined) return softLimit === undefined ? 'none' : `${formatCount(softLimit)} (soft)`
  return softLimit === undefined ? formatCount(hardLimit) : `${formatCount(softLimit)} / ${formatCount(hardLimit)}`
}

/** The three labels with the most values; of one value alone nothing grew. */
function grownText({ grown = [] }: BudgetJson): string {
  const many = grown.filter(({ values }) => values > 1).slice(0, 3)
  return many.map(({ label, values }) => `${label} (about ${formatCount(values)})`).join(', ')
}

interface GrowthProps {
  readonly title: string
  readonly of: string
  readonly entries: readonly GrownJson[]
  /** Names are metrics, each leads to its graph. */
  readonly linked?: boolean
}

/** Names by how much they grew, the share of the largest growth as a bar behind each. */
function Growth({ title, of, entries, linked = false }: GrowthProps) {
  const largest = entries.length === 0 ? 1 : entries[0].count - entries[0].before
  return (
    <section className={styles.card} aria-label={title}>
      <h2 className={styles.title}>{title}</h2>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{of}</th>
            <th scope="col" className={styles.number}>
              Before
            </th>
            <th scope="col" className={styles.number}>
              Now
            </th>
            <th scope="col" className={styles.number}>
              Growth
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map(({ name, count, before }) => (
            <tr key={name} style={{ '--share': `${(100 * (count - before)) / largest}%` } as React.CSSProperties}>
              <td className={styles.name}>
                {linked ? (
                  <Link to="/query" search={{ 'g0.expr': `count({__name__=${JSON.stringify(name)}})` }}>
                    {name}
                  </Link>
                ) : (
                  name
                )}
              </td>
              <td className={styles.number}>{formatCount(before)}</td>
              <td className={styles.number}>{formatCount(count)}</td>
              <td className={styles.number}>+{formatCount(count - before)}</td>
            </tr>
          ))}
          {entries.length === 0 && (
            <tr style={{ '--share': '0%' } as React.CSSProperties}>
              <td colSpan={4}>Nothing grew.</td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  )
}
