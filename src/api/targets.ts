import { ChunkWriter } from '../base/chunk-writer.ts'
import type { Answer } from '../base/http-answer.ts'
import type { RouteRequest } from '../base/http-routes.ts'
import { formatRfc3339 } from '../base/rfc3339.ts'
import { formatDuration } from '../model/duration.ts'
import { compareStrings } from '../model/labels.ts'
import type { DroppedTarget, TargetStatus, TargetsView } from '../scrape/target.ts'
import type { ApiDeps } from './deps.ts'
import { dataAnswer, JSON_HEADERS } from './json/envelope.ts'
import { jsonText } from './json/text.ts'
import type { ActiveTarget, ScrapePoolsData, TargetsData } from './types/targets.ts'

/** /api/v1/targets, by state and scrape pool. */
export function targets(deps: ApiDeps, request: RouteRequest): Answer {
  const state = request.query.get('state').toLowerCase()
  const pool = request.query.get('scrapePool')
  const wanted = (name: string) => state === '' || state === 'any' || state === name
  const inPool = (target: { readonly scrapePool: string }) => pool === '' || target.scrapePool === pool
  const view = deps.targets
  const found: FoundTargets = {
    active: wanted('active') ? byPool(view.active().filter(inPool)) : [],
    dropped: wanted('dropped') ? byPool(view.dropped().filter(inPool)) : [],
    droppedCounts: wanted('dropped') ? droppedCounts(view) : null,
  }
  return { status: 200, headers: JSON_HEADERS, body: encodeTargets(deps, found) }
}

interface FoundTargets {
  readonly active: readonly TargetStatus[]
  readonly dropped: readonly DroppedTarget[]
  readonly droppedCounts: Readonly<Record<string, number>> | null
}

/** A server of 50,000 targets says 40 MB of them: part by part, so that others have their turns. */
function* encodeTargets(deps: ApiDeps, { active, dropped, droppedCounts: counts }: FoundTargets): Generator<Uint8Array> {
  const writer = new ChunkWriter()
  writer.ascii('{"status":"success","data":{"activeTargets":[')
  for (const [i, target] of active.entries()) {
    writer.text(`${i === 0 ? '' : ','}${jsonText(activeTarget(deps, target))}`)
    if (writer.hasFull) yield* writer.take()
  }
  writer.ascii('],"droppedTargets":[')
  for (const [i, target] of dropped.entries()) {
    writer.text(`${i === 0 ? '' : ','}${jsonText(droppedTarget(target))}`)
    if (writer.hasFull) yield* writer.take()
  }
  writer.text(`],"droppedTargetCounts":${jsonText(counts)}}}`)
  yield* writer.end()
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

function droppedTarget({ discoveredLabels, scrapePool }: DroppedTarget): TargetsData['droppedTargets'][number] {
  return { discoveredLabels: discoveredLabels.toObject(), scrapePool }
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
