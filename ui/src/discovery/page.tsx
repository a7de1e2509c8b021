import { SegmentedControl, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import type { Metric } from '../../../src/api/types/query.ts'
import page from '../app/data-page.module.css'
import { DataPage } from '../app/data-page.tsx'
import { Notice } from '../app/notice.tsx'
import { server } from '../app/server.ts'
import { PoolSection } from './pool-section.tsx'
import { type Fate, toDiscoveryPools } from './pools.ts'
import { RelabelDialog } from './relabel-dialog.tsx'

const refreshMs = 10_000
const fates: readonly Fate[] = ['all', 'active', 'dropped']

/** What discovery found and what relabeling made of it. Filters stand in the URL. */
export function DiscoveryPage() {
  const search = useSearch({ from: '/service-discovery' })
  const navigate = useNavigate({ from: '/service-discovery' })
  const [steps, setSteps] = useState<{ readonly pool: string; readonly labels: Metric }>()
  const query = useQuery({
    queryKey: ['targets'],
    queryFn: ({ signal }) => server.targets(signal),
    refetchInterval: refreshMs,
    staleTime: 0,
  })
  const fate = fates.find((one) => one === search['state']) ?? 'all'
  const text = search['search'] ?? ''
  const show = (next: { readonly fate: Fate; readonly text: string }) => {
    const params: Record<string, string> = {}
    if (next.fate !== 'all') params['state'] = next.fate
    if (next.text !== '') params['search'] = next.text
    void navigate({ search: params, replace: true, resetScroll: false })
  }
  const tools = (
    <>
      <SegmentedControl
        size="xs"
        aria-label="State"
        value={fate}
        onChange={(value) => show({ fate: fates.find((one) => one === value) ?? 'all', text })}
        data={[
          { value: 'all', label: 'All' },
          { value: 'active', label: 'Scraped' },
          { value: 'dropped', label: 'Dropped' },
        ]}
      />
      <TextInput
        size="xs"
        className={page.search}
        leftSection={<IconSearch size={14} aria-hidden />}
        placeholder="Label or job"
        aria-label="Filter by label or job"
        value={text}
        onChange={(event) => show({ fate, text: event.currentTarget.value })}
      />
    </>
  )
  return (
    <DataPage title="Service discovery" query={query} tools={tools}>
      {(data) => {
        const filtered = fate !== 'all' || text.trim() !== ''
        const pools = toDiscoveryPools(data, { fate, text }).filter((pool) => !filtered || pool.found.length > 0)
        return (
          <>
            {pools.length === 0 && (
              <Notice kind="empty" title={filtered ? 'Nothing found passes the filter' : 'Nothing is discovered'}>
                {filtered ? 'Use another word, or show all.' : 'The configuration names no jobs, or their discovery has not answered yet.'}
              </Notice>
            )}
            {pools.map((pool) => (
              <PoolSection key={pool.name} pool={pool} onShowSteps={(labels) => setSteps({ pool: pool.name, labels })} />
            ))}
            {steps !== undefined && <RelabelDialog pool={steps.pool} labels={steps.labels} onClose={() => setSteps(undefined)} />}
          </>
        )
      }}
    </DataPage>
  )
}
