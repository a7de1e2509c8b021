import type { Answer } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { formatRfc3339 } from '../base/rfc3339.ts'
import { formatDuration } from '../model/duration.ts'
import { compareStrings } from '../model/labels.ts'
import type { TargetStatus, TargetsView } from '../scrape/target.ts'
import type { ApiDeps } from './deps.ts'
import { dataAnswer } from './json/envelope.ts'
import type { ActiveTarget, ScrapePoolsData, TargetsData } from './types/targets.ts'

/** /api/v1/targets, by state and scrape pool. */
export function targets(deps: ApiDeps, request: RouteRequest): Answer {
  const state = request.query.get('state').toLowerCase()
  const pool = request.query.get('scrapePool')
  const wanted = (name: string) => state === '' || state === 'any' || state === name
  const inPool = (target: { readonly scrapePool: string }) => pool === '' || target.scrapePool === pool
  const view = deps.targets
  const active = wanted('active') ? byPool(view.active().filter(inPool)).map((target) => activeTarget(deps, target)) : []
  const dropped = wanted('dropped') ? byPool(view.dropped().filter(inPool)) : []
  const data: TargetsData = {
    activeTargets: active,
    droppedTargets: dropped.map((target) => ({ discoveredLabels: target.discoveredLabels.toObject(), scrapePool: target.scrapePool })),
    droppedTargetCounts: wanted('dropped') ? droppedCounts(view) : null,
  }
  return dataAnswer(data)
}

/** /api/v1/scrape_pools. */
export function scrapePools(deps: ApiDeps): Answer {
  const { targets: view } = deps
  const pools = new Set([...view.droppedCounts().keys(), ...view.active().map((target) => target.scrapePool)])
  const data: ScrapePoolsData = { scrapePools: [...pools].sort(compareStrings) }
  return dataAnswer(data)
}

function byPool<T extends { readonly scrapePool: string }>(list: readonly T[]): readonly T[] {
  return list.toSorted((a, b) => compareStrings(a.scrapePool, b.scrapePool))
}

function droppedCounts(view: TargetsView): Readonly<Record<string, number>> {
  return Object.fromEntries([...view.droppedCounts()].sort(([a], [b]) => compareStrings(a, b)))
}

function activeTarget(deps: ApiDeps, target: TargetStatus): ActiveTarget {
  return {
    discoveredLabels: target.discoveredLabels.toObject(),
    labels: target.labels.toObject(),
    scrapePool: target.scrapePool,
    scrapeUrl: target.scrapeUrl,
    globalUrl: globalUrl(target.scrapeUrl, deps),
    lastError: target.lastError,
    lastScrape: formatRfc3339(target.lastScrape),
    // To the nanosecond, as upstream; the clock's last digits are noise.
    lastScrapeDuration: Math.round(target.lastScrapeDurationMs * 1e6) / 1e9,
    health: target.health,
    scrapeInterval: formatDuration(target.scrapeIntervalMs),
    scrapeTimeout: formatDuration(target.scrapeTimeoutMs),
  }
}

const LOCAL_HOSTS = ['127.0.0.1', 'localhost', '[::1]']

/**
 * Where others find a target of this machine: its name for ours, and the whole external address for ourselves.
 * Source: Prometheus web/api/v1/api.go, getGlobalURL.
 */
function globalUrl(scrapeUrl: string, { externalUrl, listenPort }: Pick<ApiDeps, 'externalUrl' | 'listenPort'>): string {
  if (!URL.canParse(scrapeUrl)) return scrapeUrl
  const url = new URL(scrapeUrl)
  if (!LOCAL_HOSTS.includes(url.hostname)) return scrapeUrl
  const external = new URL(externalUrl)
  const rest = scrapeUrl.slice(scrapeUrl.indexOf('/', scrapeUrl.indexOf('//') + 2))
  if (url.port === String(listenPort)) return `${external.protocol}//${external.host}${rest}`
  return `${url.protocol}//${external.hostname}${url.port === '' ? '' : `:${url.port}`}${rest}`
}
