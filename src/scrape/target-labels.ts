// From what was discovered to what is scraped. Source: Prometheus 3 scrape/target.go, PopulateLabels.

import { CodedError, errorMessage } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import { formatDuration, parseDuration } from '../model/duration.ts'
import { Labels, LabelsBuilder } from '../model/labels.ts'
import { isLabelName, relabel } from '../model/relabel.ts'
import type { ScrapeConfig } from './scrape-config.ts'
import { type ScrapeUrl, scrapeUrl } from './scrape-url.ts'
import { type Slots, slotsOf } from './slots.ts'

const ADDRESS = '__address__'
const SCHEME = '__scheme__'
const METRICS_PATH = '__metrics_path__'
const SCRAPE_INTERVAL = '__scrape_interval__'
const SCRAPE_TIMEOUT = '__scrape_timeout__'
const PARAM_PREFIX = '__param_'
const META_PREFIX = '__meta_'

/** One endpoint to scrape. */
export interface Target {
  /** Equal exactly for the same labels at the same URL: what a pool knows a target by. Interval and timeout may change under it. */
  readonly key: string
  /** Before relabeling, defaults of the job included. */
  readonly discoveredLabels: Labels
  /** What its series carry. */
  readonly labels: Labels
  readonly url: ScrapeUrl
  readonly slots: Slots
  readonly timeoutMs: number
}

/** A target, or the labels of one that relabeling dropped. */
export type Populated = { readonly target: Target } | { readonly dropped: Labels }

/** Labels of one found target: the group's below its own. */
export function discoveredLabels(own: Labels, group: Labels): Labels {
  const builder = new LabelsBuilder(group)
  for (const [name, value] of own) builder.set(name, value)
  return builder.labels()
}

/** Throws a `bad_data` CodedError that says why no target can be made of the labels. */
export function populateTarget(found: Labels, config: ScrapeConfig): Populated {
  const before = withDefaults(found, config)
  const after = relabel(before, config.relabelConfigs)
  if (after === null || after.size === 0) return { dropped: before }

  const address = after.get(ADDRESS)
  if (address === '') throw bad('no address')
  if (address.includes('/')) throw bad(`${quote(address)} is not a valid hostname`)
  const intervalMs = durationLabel(after, SCRAPE_INTERVAL, 'scrape interval')
  const timeoutMs = durationLabel(after, SCRAPE_TIMEOUT, 'scrape timeout')
  if (timeoutMs > intervalMs) {
    const [timeout, interval] = [after.get(SCRAPE_TIMEOUT), after.get(SCRAPE_INTERVAL)]
    throw bad(`scrape timeout cannot be greater than scrape interval (${quote(timeout)} > ${quote(interval)})`)
  }

  const builder = new LabelsBuilder(after)
  for (const [name, value] of after) {
    if (!isLabelName(name)) throw bad(`invalid label name ${quote(name)}`)
    if (!value.isWellFormed()) throw bad(`invalid label value for ${quote(name)}: ${quote(value)}`)
    if (name.startsWith(META_PREFIX)) builder.delete(name)
  }
  if (after.get('instance') === '') builder.set('instance', address)
  const all = builder.labels()
  const labels = Labels.fromSortedPairs(publicPairs(all))
  const url = scrapeUrl(after.get(SCHEME), address, after.get(METRICS_PATH), targetParams(all, config))
  const slots = slotsOf(labels, url.text, intervalMs)
  return { target: { key: `${labels.key()}\xff${url.text}`, discoveredLabels: before, labels, url, slots, timeoutMs } }
}

function withDefaults(found: Labels, config: ScrapeConfig): Labels {
  const builder = new LabelsBuilder(found)
  const defaults: readonly [string, string][] = [
    ['job', config.jobName],
    [SCRAPE_INTERVAL, formatDuration(config.scrapeIntervalMs)],
    [SCRAPE_TIMEOUT, formatDuration(config.scrapeTimeoutMs)],
    [METRICS_PATH, config.metricsPath],
    [SCHEME, config.scheme],
  ]
  for (const [name, value] of defaults) if (builder.get(name) === '') builder.set(name, value)
  for (const [name, values] of config.params) if (values.length > 0) builder.set(`${PARAM_PREFIX}${name}`, values[0])
  return builder.labels()
}

function durationLabel(labels: Labels, name: string, what: string): number {
  let ms: number
  try {
    ms = parseDuration(labels.get(name))
  } catch (error) {
    throw bad(`error parsing ${what}: ${errorMessage(error)}`)
  }
  if (ms === 0) throw bad(`${what} cannot be 0`)
  return ms
}

/** The parameters of the job, the first value of each replaced by what relabeling left in `__param_NAME`. */
function targetParams(labels: Labels, config: ScrapeConfig): ReadonlyMap<string, readonly string[]> {
  const params = new Map(config.params)
  for (const [name, value] of labels) {
    if (!name.startsWith(PARAM_PREFIX)) continue
    const param = name.slice(PARAM_PREFIX.length)
    params.set(param, [value, ...(params.get(param) ?? []).slice(1)])
  }
  return params
}

function publicPairs(labels: Labels): string[] {
  const pairs: string[] = []
  for (const [name, value] of labels) if (!name.startsWith('__')) pairs.push(name, value)
  return pairs
}

function bad(message: string): CodedError {
  return new CodedError('bad_data', message)
}
