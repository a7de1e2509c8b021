// Generated stories of alerts: a part of a routing tree, inhibition, and what happens at which step. All of them fit into one
// configuration and one run: each has a label of its own.
import { seededRandom } from '../../src/base/virtual/random.ts'

/** A step's length. Groups are flushed in the middle of steps, and things happen at their beginning. */
export const STEP_MS = 3000

export interface ScenarioRoute {
  readonly receiver: string
  readonly matchers: readonly string[]
  readonly group_by: readonly string[]
  readonly group_wait: string
  readonly group_interval: string
  readonly repeat_interval: string
  readonly continue: boolean
  readonly mute_time_intervals?: readonly string[]
  readonly active_time_intervals?: readonly string[]
  readonly routes: readonly ScenarioRoute[]
}

export interface ScenarioAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** Undefined: not told. In steps from the step in which it is sent. */
  readonly endsAfter: number | undefined
}

export type ScenarioEvent =
  | { readonly kind: 'alerts'; readonly alerts: readonly ScenarioAlert[] }
  | { readonly kind: 'silence'; readonly name: string; readonly matchers: readonly SilenceMatcher[]; readonly lasts: number }
  | { readonly kind: 'expire'; readonly name: string }

export interface SilenceMatcher {
  readonly name: string
  readonly value: string
  readonly isRegex: boolean
  readonly isEqual: boolean
}

export interface Scenario {
  readonly name: string
  readonly route: ScenarioRoute
  readonly receivers: readonly { readonly name: string; readonly sendResolved: readonly boolean[]; readonly alertsMax: number }[]
  readonly inhibitRules: readonly Readonly<Record<string, readonly string[]>>[]
  /** By step. */
  readonly events: readonly (readonly ScenarioEvent[])[]
}

/** Intervals that every time is in, and none. */
export const TIME_INTERVALS = [
  { name: 'always', time_intervals: [{ times: [{ start_time: '00:00', end_time: '24:00' }] }] },
  { name: 'zoned', time_intervals: [{ weekdays: ['sunday:saturday'], location: 'Asia/Kathmandu' }] },
  { name: 'never', time_intervals: [{ years: ['2001:2010'] }, { months: ['january:december'], years: ['1999'] }] },
]

const SEVERITIES = ['critical', 'warning', 'info']
const NAMES = ['DiskFull', 'Down', 'Slow "é"']
const HOSTS = ['a', 'b', 'c']

export function generateScenarios(seed: number, count: number, steps: number): readonly Scenario[] {
  return Array.from({ length: count }, (_, index) => generate(seed * 1000 + index, `s${index}`, steps))
}

function generate(seed: number, name: string, steps: number): Scenario {
  const random = seededRandom(seed)
  const below = (count: number) => Math.floor(random.next() * count)
  const pick = <T>(items: readonly T[]): T => items[below(items.length)]
  const maybe = (chance: number) => random.next() < chance
  const receivers = Array.from({ length: 1 + below(3) }, (_, index) => ({
    name: `${name}-r${index}`,
    sendResolved: Array.from({ length: 1 + below(2) }, () => maybe(0.7)),
    alertsMax: maybe(0.2) ? 2 : 0,
  }))
  const matcher = () =>
    pick([
      () => `severity="${pick(SEVERITIES)}"`,
      () => `severity=~"${pick(SEVERITIES)}|${pick(SEVERITIES)}"`,
      () => `host!="${pick(HOSTS)}"`,
      () => `host!~"${pick(HOSTS)}|${pick(HOSTS)}"`,
      () => 'absent=""',
      () => `alertname=~"D.*"`,
    ])()
  const route = (depth: number, matchers: readonly string[]): ScenarioRoute => ({
    receiver: pick(receivers).name,
    matchers,
    group_by: pick([['alertname'], ['alertname', 'host'], ['...'], ['severity'], []]),
    // All in the middle of a step.
    group_wait: pick(['1500ms', '1500ms', '4500ms']),
    group_interval: pick(['3s', '6s', '9s']),
    repeat_interval: pick(['7500ms', '13500ms', '1h', '1h']),
    continue: depth > 0 && maybe(0.3),
    ...(maybe(0.15) ? { mute_time_intervals: [pick(['always', 'never', 'zoned'])] } : {}),
    ...(maybe(0.15) ? { active_time_intervals: [pick(['always', 'never', 'zoned'])] } : {}),
    routes: depth >= 2 ? [] : Array.from({ length: below(3) }, () => route(depth + 1, [matcher(), ...(maybe(0.2) ? [matcher()] : [])])),
  })
  const own = `scenario="${name}"`
  // Upstream keeps one source for the same equal labels, and may miss another: here there is one. Nor does an alert match both sides.
  const inhibitRules = Array.from({ length: below(3) }, () => ({
    source_matchers: [own, 'severity="critical"'],
    target_matchers: [own, pick(['severity="info"', 'severity=~"info|warning"', 'severity="warning"'])],
    equal: pick([[], ['host'], ['alertname'], ['absent']]),
  }))
  const identities = new Map<string, Readonly<Record<string, string>>>()
  for (let tries = 2 + below(5); tries > 0; tries--) {
    const severity = pick(SEVERITIES)
    const isSecondSource = severity === 'critical' && [...identities.values()].some((each) => each.severity === 'critical')
    if (isSecondSource && inhibitRules.length > 0) continue
    const labels = { alertname: pick(NAMES), severity, host: pick(HOSTS), ...(maybe(0.2) ? { job: pick(['x', 'y']) } : {}), scenario: name }
    identities.set(JSON.stringify(labels), labels)
  }
  const silenceMatchers = (): readonly SilenceMatcher[] => [
    { name: 'scenario', value: name, isRegex: false, isEqual: true },
    pick([
      { name: 'severity', value: pick(SEVERITIES), isRegex: false, isEqual: true },
      { name: 'severity', value: pick(SEVERITIES), isRegex: false, isEqual: false },
      { name: 'host', value: `${pick(HOSTS)}|${pick(HOSTS)}`, isRegex: true, isEqual: true },
    ]),
  ]
  let silenceCount = 0
  const events = Array.from({ length: steps }, (_, step): readonly ScenarioEvent[] => {
    const happens: ScenarioEvent[] = []
    const sent = [...identities.values()].filter(() => maybe(step === 0 ? 0.8 : 0.35))
    if (sent.length > 0) {
      const alerts = sent.map((labels) => ({
        labels,
        annotations: maybe(0.5) ? ({ summary: `step ${step}` } as Record<string, string>) : {},
        // Now it is over; it will be after some steps; nobody knows.
        endsAfter: maybe(0.25) ? 0 : maybe(0.2) ? 1 + below(3) : undefined,
      }))
      happens.push({ kind: 'alerts', alerts })
    }
    if (maybe(0.06)) happens.push({ kind: 'silence', name: `${name}-${silenceCount++}`, matchers: silenceMatchers(), lasts: 1 + below(4) })
    if (silenceCount > 0 && maybe(0.1)) happens.push({ kind: 'expire', name: `${name}-${below(silenceCount)}` })
    return happens
  })
  return { name, route: route(0, [own]), receivers, inhibitRules, events }
}
