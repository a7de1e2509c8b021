import { useQuery } from '@tanstack/react-query'
import type { BuildInfoData, RuntimeInfoData } from '../../../src/api/types/status.ts'
import { DataPage } from '../app/data-page.tsx'
import { server } from '../app/server.ts'
import { formatAgo } from '../format/duration.ts'
import { formatDateTime } from '../format/time.ts'
import columns from './columns.module.css'
import { Facts } from './facts.tsx'

const refreshMs = 10_000

/** How this server runs, and which program it is. */
export function RuntimePage() {
  const runtime = useQuery({
    queryKey: ['runtimeinfo'],
    queryFn: ({ signal }) => server.runtimeInfo(signal),
    refetchInterval: refreshMs,
    staleTime: 0,
  })
  const build = useQuery({ queryKey: ['buildinfo'], queryFn: ({ signal }) => server.buildInfo(signal) })
  return (
    <DataPage title="Runtime & build information" query={runtime}>
      {(data) => (
        <div className={columns['columns']}>
          <Facts title="Runtime" facts={runtimeFacts(data)} />
          {build.data !== undefined && <Facts title="Build" facts={buildFacts(build.data.data)} />}
        </div>
      )}
    </DataPage>
  )
}

function runtimeFacts(info: RuntimeInfoData): readonly (readonly [string, string])[] {
  const now = Date.parse(info.serverTime)
  const time = (text: string) => {
    const at = Date.parse(text)
    return Number.isNaN(at) || at <= 0 ? 'never' : `${formatDateTime(at)} (${formatAgo(now - at)})`
  }
  return [
    ['Started', time(info.startTime)],
    ['Server time', formatDateTime(now)],
    ['Host', info.hostname],
    ['Working directory', info.CWD],
    ['Configuration reload', info.reloadConfigSuccess ? 'successful' : 'failed'],
    ['Configuration loaded', time(info.lastConfigTime)],
    ['Damaged places in the log', String(info.corruptionCount)],
    ['Processors', String(info.GOMAXPROCS)],
    ['Memory limit', info.GOMEMLIMIT === 0 ? 'none' : `${(info.GOMEMLIMIT / 2 ** 20).toFixed(0)} MiB`],
    ['Storage retention', info.storageRetention],
  ]
}

function buildFacts(info: BuildInfoData): readonly (readonly [string, string])[] {
  const facts = [
    ['Version', info.version],
    ['Revision', info.revision],
    ['Branch', info.branch],
    ['Built by', info.buildUser],
    ['Built at', info.buildDate],
    ['Runs on', info.goVersion],
  ] as const
  // A build need not know all of it.
  return facts.filter(([, value]) => value !== '')
}
