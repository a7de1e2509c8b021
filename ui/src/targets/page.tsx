import { SegmentedControl, TextInput } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'
import type { TargetHealthJson } from '../../../src/api/types/targets.ts'
import { Notice } from '../app/notice.tsx'
import { server } from '../app/server.ts'
import { SITE_TITLE } from '../app/site-title.ts'
import { TryAgain } from '../app/try-again.tsx'
import { formatCount } from '../format/number.ts'
import styles from './page.module.css'
import { PoolSection } from './pool-section.tsx'
import { countHealth, toPools } from './pools.ts'

type HealthFilter = TargetHealthJson | 'all'

const refreshMs = 5000

/** What is scraped, how it goes, and why it does not where it does not. Filters stand in the URL. */
export function TargetsPage() {
  useDocumentTitle(`Targets · ${SITE_TITLE}`)
  const search = useSearch({ from: '/targets' })
  const navigate = useNavigate({ from: '/targets' })
  const query = useQuery({
    queryKey: ['targets'],
    queryFn: ({ signal }) => server.targets(signal),
    refetchInterval: refreshMs,
    staleTime: 0,
  })
  const health = decodeHealth(search['health'])
  const text = search['search'] ?? ''
  const data = query.data?.data
  const pools = useMemo(() => (data === undefined ? [] : toPools(data, { health, text })), [data, health, text])
  const filtered = health !== 'all' || text.trim() !== ''
  const visible = filtered ? pools.filter((pool) => pool.targets.length > 0) : pools

  const show = (next: { readonly health: HealthFilter; readonly text: string }) => {
    const params: Record<string, string> = {}
    if (next.health !== 'all') params['health'] = next.health
    if (next.text !== '') params['search'] = next.text
    // Typing is no step worth going back to.
    void navigate({ search: params, replace: true, resetScroll: false })
  }

  const counts = data === undefined ? undefined : countHealth(data)
  const label = (name: string, count: number | undefined) => (count === undefined ? name : `${name} ${formatCount(count)}`)
  return (
    <div className={styles.page}>
      <div className={styles.bar}>
        <h1 className={styles.title}>Targets</h1>
        <SegmentedControl
          size="xs"
          aria-label="Health"
          value={health}
          onChange={(value) => show({ health: decodeHealth(value), text })}
          data={[
            { value: 'all', label: label('All', data?.activeTargets.length) },
            { value: 'up', label: label('Up', counts?.up) },
            { value: 'down', label: label('Down', counts?.down) },
            { value: 'unknown', label: label('Unknown', counts?.unknown) },
          ]}
        />
        <TextInput
          size="xs"
          className={styles.search}
          leftSection={<IconSearch size={14} aria-hidden />}
          placeholder="Address, label or error"
          aria-label="Filter by address, label or error"
          value={text}
          onChange={(event) => show({ health, text: event.currentTarget.value })}
        />
      </div>
      {query.error !== null && (
        <Notice kind="error" title={data === undefined ? 'The targets could not be loaded' : 'This list is not current'}>
          {query.error.message} <TryAgain query={query} />
        </Notice>
      )}
      {data === undefined && query.error === null && (
        <div className={styles.loading} role="status">
          Loading
        </div>
      )}
      {data !== undefined && visible.length === 0 && (
        <Notice kind="empty" title={filtered ? 'No target passes the filter' : 'Nothing is scraped'}>
          {!filtered && 'The configuration names no targets, or discovery has not found any yet.'}
        </Notice>
      )}
      {visible.map((pool) => (
        <PoolSection key={pool.name} pool={pool} readAt={query.dataUpdatedAt} />
      ))}
    </div>
  )
}

function decodeHealth(text: string | undefined): HealthFilter {
  return text === 'up' || text === 'down' || text === 'unknown' ? text : 'all'
}
