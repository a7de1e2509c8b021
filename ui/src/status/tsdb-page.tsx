import { SegmentedControl } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import type { NamedValue, TsdbData } from '../../../src/api/types/status.ts'
import { DataPage } from '../app/data-page.tsx'
import { server } from '../app/server.ts'
import { formatCount } from '../format/number.ts'
import { formatDateTime } from '../format/time.ts'
import columns from './columns.module.css'
import { Facts } from './facts.tsx'
import styles from './ranking.module.css'

const limits = ['10', '50', '200']

/** What the series are made of: where many of them come from. How long the lists are stands in the URL. */
export function TsdbPage() {
  const search = useSearch({ from: '/tsdb-status' })
  const navigate = useNavigate({ from: '/tsdb-status' })
  const limit = limits.find((limit) => limit === search['limit']) ?? limits[0]
  const query = useQuery({
    queryKey: ['tsdb', limit],
    queryFn: ({ signal }) => server.tsdbStatus(Number(limit), signal),
    placeholderData: (before) => before,
    staleTime: 0,
  })
  const choice = (
    <SegmentedControl
      size="xs"
      ml="auto"
      aria-label="Length of the lists"
      data={limits.map((value) => ({ value, label: `Top ${value}` }))}
      value={limit}
      onChange={(value) => void navigate({ search: value === limits[0] ? {} : { limit: value }, resetScroll: false })}
    />
  )
  return (
    <DataPage title="TSDB status" query={query} tools={choice}>
      {(data) => (
        <>
          <Facts title="Head" facts={headFacts(data)} />
          <div className={columns['columns']}>
            <Ranking title="Series by metric" of="Metric" count="Series" entries={data.seriesCountByMetricName} linked />
            <Ranking title="Values by label" of="Label" count="Values" entries={data.labelValueCountByLabelName} />
            <Ranking title="Series by label and value" of="Label and value" count="Series" entries={data.seriesCountByLabelValuePair} />
            <Ranking title="Memory by label" of="Label" count="Bytes" entries={data.memoryInBytesByLabelName} />
          </div>
        </>
      )}
    </DataPage>
  )
}

function headFacts({ headStats }: TsdbData): readonly (readonly [string, string])[] {
  const { numSeries, numLabelPairs, chunkCount, minTime, maxTime } = headStats
  const time = (at: number) => (minTime > maxTime ? 'no samples' : formatDateTime(at))
  return [
    ['Series', formatCount(numSeries)],
    ['Chunks', formatCount(chunkCount)],
    ['Label pairs', formatCount(numLabelPairs)],
    ['Oldest sample', time(minTime)],
    ['Newest sample', time(maxTime)],
  ]
}

interface RankingProps {
  readonly title: string
  readonly of: string
  readonly count: string
  readonly entries: readonly NamedValue[]
  /** Names are metrics, each leads to its graph. */
  readonly linked?: boolean
}

/** Names by count, the share of the largest as a bar behind each. */
function Ranking({ title, of, count, entries, linked = false }: RankingProps) {
  const largest = entries[0]?.value ?? 1
  return (
    <section className={styles.card} aria-label={title}>
      <h2 className={styles.title}>{title}</h2>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{of}</th>
            <th scope="col" className={styles.number}>
              {count}
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map(({ name, value }) => (
            <tr key={name} style={{ '--share': `${(100 * value) / largest}%` } as React.CSSProperties}>
              <td className={styles.name}>
                {linked ? (
                  <Link to="/query" search={{ 'g0.expr': `count({__name__=${JSON.stringify(name)}})` }}>
                    {name}
                  </Link>
                ) : (
                  name
                )}
              </td>
              <td className={styles.number}>{formatCount(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
