// What rules with many series and many alerts take, and how long they hold the event loop: node src/rules/rule-group.bench.ts [SERIES]

import { virtualEnv } from '../base/env-virtual.ts'
import { realClock } from '../base/real/clock.ts'
import { Labels } from '../model/labels.ts'
import { runDb } from '../tsdb/db.fixture.ts'
import { AlertingRule } from './alerting-rule.ts'
import { RecordingRule } from './recording-rule.ts'
import type { RuleDefinition } from './rule-definition.ts'
import { RuleGroup } from './rule-group.ts'

const SERIES = Number(process.argv[2] ?? 100_000)
const ROUNDS = 5

const env = { ...virtualEnv(), clock: realClock }
const { db, close } = await runDb(env)
const labels = Array.from({ length: SERIES }, (_, i) =>
  Labels.of({
    __name__: 'http_requests',
    instance: `10.0.${i % 251}.${i % 241}:9100`,
    job: 'api',
    path: `/v1/${i}`,
    region: 'eu-central-1',
  }),
)
const common = { expr: 'x', forMs: 0, keepFiringForMs: 0 }
const recording: RuleDefinition = { ...common, kind: 'recording', name: 'a:b:c', labels: { team: 'a' }, annotations: {} }
const alerting: RuleDefinition = {
  ...common,
  kind: 'alerting',
  name: 'High',
  labels: { severity: 'page' },
  annotations: { text: '{{ $labels.instance }} is at {{ $value | humanize }}' },
}
const options = { externalLabels: Labels.empty, externalUrl: '', isRestored: true }
const cases = { recording: new RecordingRule(recording), alerting: new AlertingRule(alerting, options) }
for (const [name, rule] of Object.entries(cases)) {
  const group = new RuleGroup({
    rules: [rule],
    queryOffsetMs: 0,
    limit: 0,
    storage: db,
    clock: env.clock,
    query: async (_, t) => labels.map((one, i) => ({ labels: one, t, v: i })),
  })
  for (let round = 0; round < ROUNDS; round++) {
    let heldMs = 0
    let last = performance.now()
    const ticker = setInterval(() => {
      const now = performance.now()
      heldMs = Math.max(heldMs, now - last)
      last = now
    }, 1)
    const cpu = process.cpuUsage()
    await group.evaluate(env.clock.now())
    await new Promise((resolve) => setTimeout(resolve, 5))
    clearInterval(ticker)
    const { user, system } = process.cpuUsage(cpu)
    const { lastError } = group.health(0)
    process.stdout.write(
      `${name}: ${SERIES} series, ${((user + system) / 1000).toFixed(0)} ms of CPU, loop held ${heldMs.toFixed(0)} ms ${lastError}\n`,
    )
  }
}
await close()
