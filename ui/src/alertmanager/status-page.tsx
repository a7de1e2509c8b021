import { useQuery } from '@tanstack/react-query'
import type { AlertmanagerStatusJson } from '../../../src/api/types/alertmanager.ts'
import { CopyButton } from '../app/copy-button.tsx'
import page from '../app/data-page.module.css'
import { DataPage } from '../app/data-page.tsx'
import { formatAgo } from '../format/duration.ts'
import { formatCount } from '../format/number.ts'
import { formatDateTime } from '../format/time.ts'
import columns from '../status/columns.module.css'
import { Facts } from '../status/facts.tsx'
import { YamlText } from '../status/yaml-text.tsx'
import { server } from './server.ts'

/** How this member runs, who the others are, and the configuration in force. */
export function StatusPage() {
  const query = useQuery({
    queryKey: ['status'],
    queryFn: ({ signal }) => server.status(signal),
    refetchInterval: 10_000,
    staleTime: 0,
  })
  return (
    <DataPage title="Status" query={query}>
      {({ cluster, config, uptime, versionInfo }) => (
        <>
          <div className={columns['columns']}>
            <Facts title="Program" facts={programFacts(uptime, versionInfo, query.dataUpdatedAt)} />
            <Facts title="Cluster" facts={clusterFacts(cluster)} longNames />
          </div>
          <div className={page.bar}>
            <h2 className={page.title}>Configuration</h2>
            <CopyButton text={config.original} />
          </div>
          <YamlText yaml={config.original} />
        </>
      )}
    </DataPage>
  )
}

type TextFacts = readonly (readonly [name: string, value: string])[]

function programFacts(uptime: string, version: AlertmanagerStatusJson['versionInfo'], readAt: number): TextFacts {
  const startTime = Date.parse(uptime)
  const facts = [
    ['Started', `${formatDateTime(startTime)} (${formatAgo(readAt - startTime)})`],
    ['Version', version.version],
    ['Revision', version.revision],
    ['Branch', version.branch],
    ['Built by', version.buildUser],
    ['Built at', version.buildDate],
    ['Runs on', version.goVersion],
  ] as const
  // A build need not know all of it.
  return facts.filter(([, value]) => value !== '')
}

function clusterFacts({ status, name, peers }: AlertmanagerStatusJson['cluster']): TextFacts {
  if (status === 'disabled') return [['State', 'disabled']]
  return [
    ['State', status],
    ['Own name', name ?? ''],
    ['Members', formatCount(peers.length)],
    ...peers.map((peer) => [peer.name, peer.address] as const),
  ]
}
