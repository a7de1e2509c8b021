import { doAtOnce } from '../base/breather.ts'
import { CodedError } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import type { ExposedFamily, ExposedMetric, LabelPairs } from '../exposition/exposed-family.ts'
import { compareStrings, isLegacyLabelName } from '../model/labels.ts'
import type { MetricType } from '../model/metadata.ts'
import type { Timestamp } from '../model/time.ts'
import type { GroupingLabels } from './grouping-key.ts'

// 1. Metrics live in groups, each named by its labels; a push replaces a group, or families of it, and nothing else takes them away but a
//    deletion. Every metric has the labels of its group, and `instance`, empty where nobody gives it one.
// 2. Each group says when a push last succeeded and failed, in two families of its own.
// 3. All groups together make one page: a family has one type, a series is there once, no name is that of another's part. A push that would
//    break that, or brings timestamps, is refused, and the group says so.
// Source: prometheus/pushgateway README.md and storage/diskmetricstore.go; the rules of 3 are those of client_golang prometheus/registry.go.

export const PUSH_TIME = 'push_time_seconds'
export const PUSH_FAILURE_TIME = 'push_failure_time_seconds'
const HELP: Readonly<Record<string, string>> = {
  [PUSH_TIME]: 'Last Unix time when changing this group in the Pushgateway succeeded.',
  [PUSH_FAILURE_TIME]: 'Last Unix time when changing this group in the Pushgateway failed.',
}

/** Of all groups together: what nobody deletes stays for ever. */
const METRICS_MAX = 1_000_000

/** Metrics between two pauses. */
const TURN_METRICS = 256

export interface PushedFamily {
  readonly family: ExposedFamily
  /** What each of its metrics is known by. */
  readonly keys: readonly string[]
  /** When it was pushed. */
  readonly time: Timestamp
}

export interface PushedGroup {
  readonly labels: GroupingLabels
  readonly families: Map<string, PushedFamily>
}

type KeyedFamily = Pick<PushedFamily, 'family' | 'keys'>

/** Where a name is in use: its series by labels, with the key of their group, and its type in each. */
interface NameUse {
  readonly series: Map<string, string>
  readonly types: Map<string, MetricType>
}

export interface Push {
  readonly labels: GroupingLabels
  readonly families: ReadonlyMap<string, ExposedFamily>
  /** Whether the other families of the group go. */
  readonly replaces: boolean
  readonly time: Timestamp
}

export class PushStore {
  readonly #groups = new Map<string, PushedGroup>()
  readonly #names = new Map<string, NameUse>()
  #metricCount = 0
  readonly #metricsMax: number
  /** Rises with every change. */
  version = 0

  constructor(metricsMax = METRICS_MAX) {
    this.#metricsMax = metricsMax
  }

  get groups(): readonly PushedGroup[] {
    return [...this.#groups].sort(([a], [b]) => compareStrings(a, b)).map(([, group]) => group)
  }

  /**
   * Throws `bad_data` for what would be no page together with what is there; the group says then that a push has failed. Yields where it can
   * pause; nothing is changed before it is all done, and nobody else may change anything until then.
   */
  *push(push: Push): Generator<undefined, void> {
    const key = keyOf(push.labels)
    const families: KeyedFamily[] = []
    for (const family of push.families.values()) {
      if (family.name !== PUSH_TIME && family.name !== PUSH_FAILURE_TIME) families.push(yield* inGroup(family, push.labels))
    }
    // A group whose own times would be another's (`instance` empty in one, not given in the other) cannot even say that it failed.
    const unspeakable = yield* this.#familyProblem(key, timeFamily(PUSH_TIME, push.labels, 0), 'gauge')
    if (unspeakable !== undefined) throw new CodedError('bad_data', unspeakable)
    if (this.#countAfter(key, families, push.replaces) > this.#metricsMax) {
      // Nothing is noted of it either: what is refused must not fill the memory.
      throw new CodedError('bad_data', `more than ${this.#metricsMax} metrics were pushed, and not deleted`)
    }
    const problem = yield* this.#problemOf(key, families, push)
    this.version++
    const group = this.#groupOf(key, push.labels)
    if (problem !== undefined) {
      this.#put(key, group, timeFamily(PUSH_FAILURE_TIME, push.labels, push.time), push.time)
      if (!group.families.has(PUSH_TIME)) this.#put(key, group, timeFamily(PUSH_TIME, push.labels, 0), push.time)
      throw new CodedError('bad_data', problem)
    }
    if (push.replaces) {
      for (const name of [...group.families.keys()]) if (name !== PUSH_TIME && name !== PUSH_FAILURE_TIME) this.#take(key, group, name)
    }
    for (const family of families) this.#put(key, group, family, push.time)
    this.#put(key, group, timeFamily(PUSH_TIME, push.labels, push.time), push.time)
    if (!group.families.has(PUSH_FAILURE_TIME)) this.#put(key, group, timeFamily(PUSH_FAILURE_TIME, push.labels, 0), push.time)
  }

  delete(labels: GroupingLabels): void {
    const key = keyOf(labels)
    const group = this.#groups.get(key)
    if (group === undefined) return
    this.version++
    for (const name of [...group.families.keys()]) this.#take(key, group, name)
    this.#groups.delete(key)
  }

  wipe(): void {
    this.version++
    this.#groups.clear()
    this.#names.clear()
    this.#metricCount = 0
  }

  /** Puts a group back as it was. */
  restore(labels: GroupingLabels, pushed: readonly Omit<PushedFamily, 'keys'>[]): void {
    const key = keyOf(labels)
    const group = this.#groupOf(key, labels)
    for (const { family, time } of pushed) {
      const keys = family.metrics.map((metric) => seriesKey(metric.labels))
      this.#put(key, group, { family, keys }, time)
    }
  }

  /** All that was pushed, as one page: families by name, their metrics by their labels. Of different HELP texts the first is taken. */
  families(): ExposedFamily[] {
    const merged = new Map<string, { family: ExposedFamily; metrics: ExposedMetric[] }>()
    for (const { families } of this.groups) {
      for (const [name, { family }] of families) {
        const known = merged.get(name)
        if (known === undefined) merged.set(name, { family, metrics: [...family.metrics] })
        else {
          known.metrics.push(...family.metrics)
          if (known.family.help === '') known.family = family
        }
      }
    }
    return [...merged.values()]
      .filter(({ metrics }) => metrics.length > 0)
      .map(({ family, metrics }) => ({ ...family, metrics: metrics.sort(compareMetrics) }))
      .sort((a, b) => compareStrings(a.name, b.name))
  }

  #groupOf(key: string, labels: GroupingLabels): PushedGroup {
    let group = this.#groups.get(key)
    if (group === undefined) this.#groups.set(key, (group = { labels, families: new Map() }))
    return group
  }

  #put(key: string, group: PushedGroup, { family, keys }: KeyedFamily, time: Timestamp): void {
    this.#take(key, group, family.name)
    group.families.set(family.name, { family, keys, time })
    let use = this.#names.get(family.name)
    if (use === undefined) this.#names.set(family.name, (use = { series: new Map(), types: new Map() }))
    use.types.set(key, family.type)
    for (const series of keys) use.series.set(series, key)
    this.#metricCount += family.metrics.length
  }

  #take(key: string, group: PushedGroup, name: string): void {
    const pushed = group.families.get(name)
    if (pushed === undefined) return
    group.families.delete(name)
    const use = this.#names.get(name)!
    use.types.delete(key)
    for (const series of pushed.keys) {
      // A series that is refused when a push fails may be another group's.
      if (use.series.get(series) === key) use.series.delete(series)
    }
    if (use.types.size === 0) this.#names.delete(name)
    this.#metricCount -= pushed.family.metrics.length
  }

  /** How many metrics there would be with a push, the times of a new group included. */
  #countAfter(key: string, families: readonly KeyedFamily[], replaces: boolean): number {
    const group = this.#groups.get(key)
    const pushed = new Set(families.map(({ family }) => family.name))
    let count = this.#metricCount + families.reduce((sum, { keys }) => sum + keys.length, 0)
    if (group === undefined) return count + 2
    for (const [name, { family }] of group.families) {
      const isTime = name === PUSH_TIME || name === PUSH_FAILURE_TIME
      if (pushed.has(name) || (replaces && !isTime)) count -= family.metrics.length
    }
    return count
  }

  /** Why the page of all groups would be none with a push; undefined: it is one. */
  *#problemOf(key: string, families: readonly KeyedFamily[], push: Push): Generator<undefined, string | undefined> {
    if (families.some(({ family: { metrics } }) => metrics.some(({ timestamp }) => timestamp !== undefined)))
      return 'pushed metrics must not have timestamps'
    const pushed = new Map(families.map(({ family }) => [family.name, family]))
    const group = this.#groups.get(key)
    /** The type that a name will have, other than that of the push itself. */
    const typeAmongOthers = (name: string): MetricType | undefined => {
      for (const [other, type] of this.#names.get(name)?.types ?? []) if (other !== key) return type
      return undefined
    }
    const typeAfter = (name: string): MetricType | undefined => {
      const own = pushed.get(name)?.type ?? (push.replaces ? undefined : group?.families.get(name)?.family.type)
      return own ?? typeAmongOthers(name)
    }
    for (const keyed of families) {
      const { family } = keyed
      const problem = collision(family, typeAfter) ?? (yield* this.#familyProblem(key, keyed, typeAmongOthers(family.name)))
      if (problem !== undefined) return problem
    }
    return undefined
  }

  *#familyProblem(
    key: string,
    { family: { name, type, metrics }, keys }: KeyedFamily,
    typeOfOthers: MetricType | undefined,
  ): Generator<undefined, string | undefined> {
    if (metrics.length > 0 && typeOfOthers !== undefined && typeOfOthers !== type) {
      return `collected metric ${quote(name)} is a ${type}, should be a ${typeOfOthers}`
    }
    const seen = new Set<string>()
    const others = this.#names.get(name)?.series
    for (let i = 0; i < metrics.length; i++) {
      if (i % TURN_METRICS === TURN_METRICS - 1) yield
      const series = keys[i]
      const owner = others?.get(series)
      const problem =
        labelsProblem(metrics[i]) ??
        (seen.has(series) || (owner !== undefined && owner !== key)
          ? 'was collected before with the same name and label values'
          : undefined)
      if (problem !== undefined) {
        const shown = metrics[i].labels.map(([label, value]) => `${label}=${quote(value)}`).join(' ')
        return `collected metric ${quote(name)} { ${shown} } ${problem}`
      }
      seen.add(series)
    }
    return undefined
  }
}

/** What is wrong with the labels of a metric, which are in order. */
function labelsProblem({ kind, labels }: ExposedMetric): string | undefined {
  for (let i = 0; i < labels.length; i++) {
    const [label, value] = labels[i]
    if (i > 0 && labels[i - 1][0] === label) return `has two or more labels with the same name: ${label}`
    if (!isLegacyLabelName(label) || label.startsWith('__')) return `has a label with an invalid name: ${label}`
    if (kind === 'summary' && label === 'quantile') return `must not have an explicit ${quote(label)} label`
    // Bytes that are none are lone surrogates here.
    if (!value.isWellFormed()) return `has a label named ${quote(label)} whose value is not utf8`
  }
  return undefined
}

/** A name that is that of a part of a summary or histogram, or the other way round. Source: prometheus/registry.go, checkSuffixCollisions. */
function collision({ name, type, metrics }: ExposedFamily, typeOf: (name: string) => MetricType | undefined): string | undefined {
  if (metrics.length === 0) return undefined
  const suffix = /_(?:count|sum|bucket)$/.exec(name)?.[0] ?? ''
  const whole = suffix === '' ? undefined : typeOf(name.slice(0, -suffix.length))
  if (whole === 'histogram' || whole === 'gaugehistogram' || (whole === 'summary' && suffix !== '_bucket')) {
    return `collected metric named ${quote(name)} collides with previously collected ${whole} named ${quote(name.slice(0, -suffix.length))}`
  }
  const parts =
    type === 'histogram' || type === 'gaugehistogram' ? ['_count', '_sum', '_bucket'] : type === 'summary' ? ['_count', '_sum'] : []
  for (const part of parts) {
    if (typeOf(name + part) !== undefined)
      return `collected histogram or summary named ${quote(name)} collides with previously collected metric named ${quote(name + part)}`
  }
  return undefined
}

function keyOf(labels: GroupingLabels): string {
  return seriesKey([...labels].sort(([a], [b]) => compareStrings(a, b)))
}

function seriesKey(labels: LabelPairs): string {
  return JSON.stringify(labels)
}

function timeFamily(name: string, labels: GroupingLabels, time: Timestamp): KeyedFamily {
  const metrics: ExposedMetric[] = [{ kind: 'value', labels: [], value: time / 1000 }]
  return doAtOnce(inGroup({ name, type: 'gauge', help: HELP[name], unit: '', metrics }, labels))
}

/** With the labels of its group, which win, in order of names. Yields where it can pause. */
function* inGroup(family: ExposedFamily, group: GroupingLabels): Generator<undefined, KeyedFamily> {
  const keys: string[] = []
  const metrics: ExposedMetric[] = []
  for (const metric of family.metrics) {
    const labels = metric.labels.map(([name, value]): readonly [string, string] => [name, group.get(name) ?? value])
    for (const label of group) if (!metric.labels.some(([name]) => name === label[0])) labels.push(label)
    if (!labels.some(([name]) => name === 'instance')) labels.push(['instance', ''])
    labels.sort(([a], [b]) => compareStrings(a, b))
    metrics.push({ ...metric, labels })
    keys.push(seriesKey(labels))
    if (keys.length % TURN_METRICS === 0) yield
  }
  return { family: { ...family, metrics }, keys }
}

/** Source: client_golang prometheus/internal/metric.go, MetricSorter. */
function compareMetrics({ labels: a }: ExposedMetric, { labels: b }: ExposedMetric): number {
  if (a.length !== b.length) return a.length - b.length
  for (let i = 0; i < a.length; i++) {
    const order = compareStrings(a[i][1], b[i][1])
    if (order !== 0) return order
  }
  return 0
}
