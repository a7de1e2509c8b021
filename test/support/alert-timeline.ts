// A group of rules on virtual time, with a database, a notifier and an Alertmanager that records what it gets.
import { parse } from 'yaml'
import type { HttpRequest, HttpStream } from '../../src/base/env.ts'
import { type VirtualEnv, virtualEnv } from '../../src/base/env-virtual.ts'
import { loadConfig } from '../../src/config/load.ts'
import { formatDuration, parseDuration } from '../../src/model/duration.ts'
import { Labels } from '../../src/model/labels.ts'
import { LazyNotifier } from '../../src/notifier/lazy-notifier.ts'
import { createEngine } from '../../src/promql/engine.ts'
import { parseSeriesDescription } from '../../src/promql/parser/series-description.ts'
import { AlertingRule } from '../../src/rules/alerting-rule.ts'
import { RuleManager } from '../../src/rules/rule-manager.ts'
import { vectorOf } from '../../src/rules/rule-query.ts'
import { runDb } from '../../src/tsdb/db.fixture.ts'

type Texts = Readonly<Record<string, string>>

/** A file of `test/alerts/sending`. */
export interface AlertTimeline {
  readonly group: { readonly interval: string; readonly rules: readonly unknown[] }
  readonly series: readonly string[]
  readonly resend_delay?: string
  readonly external_labels?: Texts
  readonly alert_relabel_configs?: readonly unknown[]
  readonly until: string
  readonly states?: readonly { readonly at: string; readonly alerts: readonly string[] }[]
  readonly sent: readonly {
    readonly labels: Texts
    readonly annotations?: Texts
    readonly starts: string
    readonly firing?: string
    readonly resolved?: string
  }[]
}

/** One alert as it was sent. Times count from the first sample, in ms. */
interface SentAlert {
  readonly at: number
  readonly labels: Texts
  readonly annotations: Texts
  readonly starts: number
  readonly ends: number
}

export interface TimelineOutcome {
  /** In the order of sending. */
  readonly sent: readonly string[]
  readonly generatorUrls: ReadonlySet<string>
  /** What was shown at each time of `states`. */
  readonly states: readonly (readonly string[])[]
}

const SAMPLE_INTERVAL_MS = 15_000
const FILE = '/r/rules.yml'

export function parseTimeline(text: string): AlertTimeline {
  return parse(text) as AlertTimeline
}

/** What must be sent, in the same order. */
export function expectedAlerts(timeline: AlertTimeline): readonly string[] {
  const validMs = 4 * Math.max(parseDuration(timeline.group.interval), parseDuration(timeline.resend_delay ?? '1m'))
  const times = (text = '') => (text === '' ? [] : text.split(' ').map(parseDuration))
  const out = timeline.sent.flatMap(({ labels, annotations = {}, starts, firing, resolved }) => {
    const alert = { labels, annotations, starts: parseDuration(starts) }
    const ends = times(resolved)[0]
    return [...times(firing).map((at) => ({ at, ...alert, ends: at + validMs })), ...times(resolved).map((at) => ({ at, ...alert, ends }))]
  })
  return sorted(out)
}

export async function runTimeline(timeline: AlertTimeline): Promise<TimelineOutcome> {
  const received: { at: number; alert: Readonly<Record<string, unknown>> }[] = []
  const virtual = virtualEnv()
  const stream = async ({ body }: HttpRequest): Promise<HttpStream> => {
    for (const alert of JSON.parse(String(body))) received.push({ at: virtual.clock.now(), alert })
    return { status: 200, headers: {}, body: nothing() }
  }
  const env: VirtualEnv = { ...virtual, http: { ...virtual.http, stream } }
  const running = await runDb(env)
  const { db } = running
  const stop = new AbortController()
  const notifier = new LazyNotifier(env, { capacity: 10_000, batchSize: 2, drainsAtStop: true })
  const engine = createEngine({ env, source: db })
  const manager = new RuleManager({
    env,
    storage: db,
    source: db,
    query: async (expr, time) => vectorOf((await engine.instant(expr, time, { signal: stop.signal })).value, Labels.empty),
    externalUrl: 'http://p:9090',
    outageToleranceMs: 3_600_000,
    gracePeriodMs: 600_000,
    concurrentMax: 0,
    resendDelayMs: parseDuration(timeline.resend_delay ?? '1m'),
    send: (alerts) => notifier.send(alerts),
  })
  const config = await configOf(env, timeline)
  await notifier.apply(config.alerting)
  await manager.apply({
    groups: config.ruleGroups,
    evaluationIntervalMs: 60_000,
    queryOffsetMs: 0,
    externalLabels: config.externalLabels,
    requiresAll: config.ruleCoverage,
  })
  const done = [notifier.run(stop.signal, () => {}), manager.run(stop.signal, () => {})]
  // Its evaluations stand at times that follow from its name.
  while (manager.groups()[0].lastEvaluation === 0) await env.clock.advance(1000)
  const zero = manager.groups()[0].lastEvaluation + parseDuration(timeline.group.interval)
  const series = timeline.series.map(parseSeriesDescription)
  const states = [...(timeline.states ?? [])]
  const shown: (readonly string[])[] = []
  for (let at = 0; at <= parseDuration(timeline.until); at += SAMPLE_INTERVAL_MS) {
    // What is due at this very moment sees the samples of it.
    await env.clock.advance(zero + at - 1 - env.clock.now())
    const appender = db.appender()
    for (const { labels, values } of series) {
      const value = values[at / SAMPLE_INTERVAL_MS]
      if (value?.kind === 'value') appender.append(appender.series(labels), zero + at, value.value)
    }
    await appender.commit()
    await env.clock.advance(2)
    while (states.length > 0 && parseDuration(states[0].at) === at) {
      states.shift()
      shown.push(statesOf(manager, zero))
    }
  }
  stop.abort()
  await Promise.all(done)
  await running.close()
  const sent = received.map(({ at, alert: { labels, annotations, startsAt, endsAt } }) => ({
    at: at - zero,
    labels: labels as Texts,
    annotations: (annotations ?? {}) as Texts,
    starts: Date.parse(String(startsAt)) - zero,
    ends: Date.parse(String(endsAt)) - zero,
  }))
  return { sent: sorted(sent), generatorUrls: new Set(received.map(({ alert }) => String(alert.generatorURL))), states: shown }
}

async function configOf(env: VirtualEnv, timeline: AlertTimeline) {
  await env.fs.mkdir('/r')
  await env.fs.writeFile(FILE, JSON.stringify({ groups: [{ name: 'g', ...timeline.group }] }))
  const main = {
    global: { external_labels: timeline.external_labels },
    rule_files: [FILE],
    alerting: {
      alert_relabel_configs: timeline.alert_relabel_configs,
      alertmanagers: [{ static_configs: [{ targets: ['am:9093'] }] }],
    },
  }
  await env.fs.writeFile('/r/prometheus.yml', JSON.stringify(main))
  return loadConfig(env, '/r/prometheus.yml')
}

function statesOf(manager: RuleManager, zero: number): readonly string[] {
  return manager
    .groups()[0]
    .group.rules.filter((rule) => rule instanceof AlertingRule)
    .flatMap((rule) => rule.activeAlerts())
    .map(({ state, labels, value, activeAt }) => `${state} ${labels} ${value} since ${formatDuration(activeAt - zero)}`)
}

/** A line each: when it was sent, what, from when, to when. */
function sorted(alerts: readonly SentAlert[]): readonly string[] {
  return alerts
    .map(({ at, labels, annotations, starts, ends }) => {
      const times = [at, starts, ends].map((time) => formatDuration(time).padStart(6))
      return `${times.join(' ')} ${Labels.of(labels)} ${Labels.of(annotations)}`
    })
    .sort((a, b) => (a < b ? -1 : 1))
}

async function* nothing(): AsyncIterable<Uint8Array> {}
