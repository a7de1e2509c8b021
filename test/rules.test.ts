import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../src/base/env.ts'
import { type VirtualEnv, virtualEnv } from '../src/base/env-virtual.ts'
import { readRuleFile } from '../src/config/rule-files.ts'
import type { PostableAlert } from '../src/model/alert.ts'
import { Labels } from '../src/model/labels.ts'
import { createEngine } from '../src/promql/engine.ts'
import { RuleManager, type RuleSettings } from '../src/rules/rule-manager.ts'
import { vectorOf } from '../src/rules/rule-query.ts'
import { type Appender, AppendStatus } from '../src/storage/appender.ts'
import { type RunningDb, runDb } from '../src/tsdb/db.fixture.ts'

const MINUTE = 60_000
const SECOND = 1000

interface World {
  readonly env: VirtualEnv
  readonly running: RunningDb
  readonly manager: RuleManager
  readonly sent: PostableAlert[]
  rules(text: string, changes?: Partial<RuleSettings>): Promise<void>
  /** One sample of `up` every 15 s while time passes. */
  pass(ms: number, up: number): Promise<void>
  /** `labels value` of what a query answers now. */
  query(expr: string): Promise<readonly string[]>
  close(): Promise<void>
}

interface WorldOptions {
  readonly startTime?: number
  readonly fs?: VirtualEnv['fs']
  readonly concurrentMax?: number
  /** Called before every query of a rule. */
  readonly onQuery?: (expr: string, onMissing: (what: string) => void) => Promise<void> | void
  /** Done to every appender of rules. */
  readonly patch?: (appender: Appender) => void
  /** Called before alerts are sent. */
  readonly onSend?: () => void
}

async function world(options: WorldOptions = {}): Promise<World> {
  const virtual = virtualEnv({ startTime: options.startTime ?? 1_767_225_600_000 })
  const env: VirtualEnv = options.fs === undefined ? virtual : { ...virtual, fs: options.fs }
  const running = await runDb(env)
  const { db } = running
  const engine = createEngine({ env, source: db })
  const controller = new AbortController()
  const sent: PostableAlert[] = []
  const manager = new RuleManager({
    env,
    storage: {
      appender() {
        const appender = db.appender()
        options.patch?.(appender)
        return appender
      },
    },
    source: db,
    query: async (expr, time, onMissing) => {
      await options.onQuery?.(expr, onMissing)
      return vectorOf((await engine.instant(expr, time, { signal: controller.signal })).value, Labels.empty)
    },
    externalUrl: 'http://p:9090',
    outageToleranceMs: 60 * MINUTE,
    gracePeriodMs: 10 * MINUTE,
    resendDelayMs: MINUTE,
    concurrentMax: options.concurrentMax ?? 0,
    send: (alerts) => {
      options.onSend?.()
      sent.push(...alerts)
    },
  })
  // As in the server: the configuration is known before it runs.
  let done: Promise<void> | undefined
  return {
    env,
    running,
    manager,
    sent,
    async rules(text, changes = {}) {
      await env.fs.mkdir('/r')
      await env.fs.writeFile('/r/rules.yml', text)
      const groups = await readRuleFile(env.fs, '/r/rules.yml')
      await manager.apply({
        groups,
        evaluationIntervalMs: 15 * SECOND,
        queryOffsetMs: 0,
        externalLabels: Labels.empty,
        requiresAll: () => false,
        ...changes,
      })
      done ??= manager.run(controller.signal, () => {})
    },
    async pass(ms, up) {
      for (let passed = 0; passed < ms; passed += 15 * SECOND) {
        const appender = db.appender()
        appender.append(appender.series(Labels.of({ __name__: 'up', job: 'a' })), env.clock.now(), up)
        await appender.commit()
        await env.clock.advance(15 * SECOND)
      }
    },
    async query(expr) {
      const { value } = await engine.instant(expr, env.clock.now(), { signal: controller.signal })
      return vectorOf(value, Labels.empty).map(({ labels, v }) => `${labels} ${v}`)
    },
    async close() {
      controller.abort()
      await done
      await running.close()
    },
  }
}

const group = (rules: string, fields = '') => `groups:\n- name: g\n  ${fields}\n  rules:\n${rules}`

test('groups are evaluated at their interval, at times that follow from their name, and what they store can be read', async (t) => {
  const w = await world()
  t.after(() => w.close())
  await w.rules(group("  - {record: 'job:up', expr: sum by (job) (up)}", 'interval: 30s'))
  await w.pass(3 * MINUTE, 1)
  assert.deepEqual(await w.query('job:up'), ['job:up{job="a"} 1'])
  assert.deepEqual(await w.query('count_over_time(job:up[2m])'), ['{job="a"} 4'])
  const [first, second] = await Promise.all([w.query('timestamp(job:up)'), w.query('timestamp(job:up offset 30s)')])
  assert.equal(Number(first[0]?.split(' ')[1]) - Number(second[0]?.split(' ')[1]), 30)
  const [view] = w.manager.groups()
  assert.equal(view?.group.health(0).health, 'ok')
  assert.match(await w.env.metrics.metrics(), /prometheus_rule_group_iterations_total\{rule_group="\/r\/rules.yml;g"\} 6\n/)
})

test('a rule that fails is told, and those after it go on', async (t) => {
  const w = await world()
  t.after(() => w.close())
  await w.rules(group('  - {record: a, expr: \'up + on() {__name__=~"up|zero"}\'}\n  - {record: b, expr: up}'))
  const appender = w.running.db.appender()
  appender.append(appender.series(Labels.of({ __name__: 'zero', job: 'b' })), w.env.clock.now(), 0)
  await appender.commit()
  await w.pass(MINUTE, 1)
  const health = w.manager.groups()[0]?.group.health(0)
  assert.equal(health?.health, 'err')
  assert.match(health?.lastError ?? '', /many-to-many matching not allowed/)
  assert.deepEqual(await w.query('b'), ['b{job="a"} 1'])
})

test('a query that a stop cuts off is no failure to tell of', async (t) => {
  const w = await world({
    onQuery: () => {
      throw new Error('query was canceled in expression evaluation')
    },
  })
  t.after(() => w.close())
  await w.rules(group('  - {record: a, expr: up}'))
  await w.pass(MINUTE, 1)
  assert.equal(w.manager.groups()[0]?.group.health(0).health, 'err')
  assert.deepEqual(
    w.env.lines.filter(({ level }) => level === 'warn'),
    [],
  )
})

test('a series that a rule does not make any more ends at once', async (t) => {
  const w = await world()
  t.after(() => w.close())
  await w.rules(group('  - {record: high, expr: up > 0}'))
  await w.pass(MINUTE, 1)
  assert.equal((await w.query('high')).length, 1)
  await w.pass(30 * SECOND, 0)
  assert.deepEqual(await w.query('high'), [])
})

test('an alert waits, fires, is told again and again, and its end is told once it ends', async (t) => {
  const w = await world()
  t.after(() => w.close())
  await w.rules(group('  - {alert: Down, expr: up == 0, for: 1m}'))
  const states = () => w.sent.splice(0).map(({ endsAt }) => (endsAt > w.env.clock.now() ? 'firing' : 'inactive'))
  await w.pass(MINUTE, 0)
  assert.deepEqual(states(), [])
  assert.equal((await w.query('ALERTS{alertstate="pending"}')).length, 1)
  await w.pass(3 * MINUTE, 0)
  const told = states()
  assert.ok(told.length >= 2 && told.length <= 3 && told.every((state) => state === 'firing'), told.join())
  await w.pass(30 * SECOND, 1)
  assert.deepEqual(states(), ['inactive'])
  assert.deepEqual(await w.query('ALERTS'), [])
})

test('an alert of a group that looks back is stored for when it looked, and ends', async (t) => {
  const w = await world()
  t.after(() => w.close())
  await w.rules(group('  - {alert: Down, expr: up == 0}', 'query_offset: 1m'))
  await w.pass(4 * MINUTE, 0)
  const [behind] = await w.query('time() - timestamp(ALERTS)')
  assert.ok(Number(behind?.split(' ').at(-1)) >= 60, behind)
  await w.pass(2 * MINUTE, 1)
  assert.deepEqual(await w.query('ALERTS'), [])
})

test('samples that are not taken are told', async (t) => {
  const w = await world({
    patch: (appender) => {
      appender.append = () => AppendStatus.outOfOrder
    },
  })
  t.after(() => w.close())
  await w.rules(group('  - {record: a, expr: up}'))
  await w.pass(MINUTE, 1)
  const health = w.manager.groups()[0]?.group.health(0)
  assert.deepEqual([health?.health, health?.lastError], ['err', 'out of order sample: a{job="a"}'])
})

test('series of alerts are made where budgets are full, those of recording rules are not', async (t) => {
  const made = new Set<string>()
  const w = await world({
    patch: (appender) => {
      const { series } = appender
      appender.series = (labels, isNeeded) => {
        if (isNeeded) made.add(labels.get('__name__'))
        return series.call(appender, labels, isNeeded)
      }
    },
  })
  t.after(() => w.close())
  await w.rules(group('  - {record: a, expr: up}\n  - {alert: Down, expr: up == 0}'))
  await w.pass(MINUTE, 0)
  assert.deepEqual([...made].sort(), ['ALERTS', 'ALERTS_FOR_STATE'])
})

test('a group goes on where the log could not be written when series were to end', async (t) => {
  let isBroken = false
  const w = await world({
    patch: (appender) => {
      if (isBroken) appender.commit = () => Promise.reject(new Error('no space left on device'))
    },
  })
  t.after(() => w.close())
  await w.rules(group('  - {record: a, expr: up}\n  - {record: b, expr: up}'))
  await w.pass(MINUTE, 1)
  isBroken = true
  await w.rules(group('  - {record: a, expr: up}'))
  await w.pass(MINUTE, 1)
  isBroken = false
  await w.pass(30 * SECOND, 1)
  assert.deepEqual(await w.query('timestamp(a) > time() - 30'), [(await w.query('timestamp(a)'))[0]])
  assert.deepEqual(await w.query('b'), [])
})

test('a reload that changes nothing of a group leaves it, one that changes it keeps its alerts, one without it ends its series', async (t) => {
  const w = await world()
  t.after(() => w.close())
  const down = '  - {alert: Down, expr: up == 0, for: 10m}\n  - {record: a, expr: up}'
  await w.rules(group(down))
  await w.pass(2 * MINUTE, 0)
  const [before] = w.manager.groups()
  await w.rules(group(down))
  assert.equal(w.manager.groups()[0]?.group, before?.group)
  const since = async () => (await w.query('ALERTS_FOR_STATE'))[0]?.split(' ').at(-1)
  const begun = await since()
  await w.rules(group(`${down}\n  - {record: b, expr: up}`))
  await w.pass(MINUTE, 0)
  assert.notEqual(w.manager.groups()[0]?.group, before?.group)
  assert.equal(await since(), begun)
  assert.equal((await w.query('b')).length, 1)
  await w.rules('groups: []')
  await w.pass(MINUTE, 0)
  assert.deepEqual(await w.query('a'), [])
})

test('after a restart an alert goes on waiting where it was, the outage counting neither way', async (t) => {
  const rules = group('  - {alert: Down, expr: up == 0, for: 30m}')
  const first = await world()
  await first.rules(rules)
  await first.pass(15 * MINUTE, 0)
  await first.close()
  const outageMs = 10 * MINUTE
  const second = await world({ startTime: first.env.clock.now() + outageMs, fs: first.env.fs })
  t.after(() => second.close())
  await second.rules(rules)
  const states = () =>
    second.manager
      .groups()
      .flatMap(({ group }) =>
        group.rules.flatMap((rule) =>
          'activeAlerts' in rule ? (rule as { activeAlerts(): { state: string }[] }).activeAlerts().map(({ state }) => state) : [],
        ),
      )
  await second.pass(14 * MINUTE, 0)
  assert.deepEqual(states(), ['pending'])
  await second.pass(2 * MINUTE, 0)
  assert.deepEqual(states(), ['firing'])
})

test('after a restart alerts of which the first evaluation sees nothing yet go on waiting as well, also over a reload that changes the group', async (t) => {
  const down = '  - {alert: Down, expr: up == 0, for: 30m}'
  const first = await world()
  await first.rules(group(down))
  await first.pass(15 * MINUTE, 0)
  const begun = Number((await first.query('ALERTS_FOR_STATE'))[0]?.split(' ').at(-1))
  await first.close()
  const fs = first.env.fs
  // Longer than a query looks back, so that only what is scraped anew speaks for the alert.
  const outageMs = 10 * MINUTE
  const second = await world({ startTime: first.env.clock.now() + outageMs, fs })
  t.after(() => second.close())
  await second.rules(group(down))
  await second.env.clock.advance(15 * SECOND)
  assert.equal(second.manager.groups()[0]?.group.health(0).health, 'ok')
  await second.rules(group(`${down}\n  - {record: a, expr: up}`))
  await second.pass(MINUTE, 0)
  const since = Number((await second.query('ALERTS_FOR_STATE'))[0]?.split(' ').at(-1))
  assert.ok(Math.abs(since - begun - outageMs / SECOND) <= 60, `${since} ${begun}`)
  assert.match(
    await second.env.metrics.metrics(),
    /prometheus_rule_group_last_restore_duration_seconds\{rule_group="\/r\/rules.yml;g"\} 0\n/,
  )
})

test('where the clock is set back rules go on, and alerts wait and are told as they should', async (t) => {
  const w = await world()
  t.after(() => w.close())
  await w.rules(group('  - {alert: Down, expr: vector(1)}\n  - {alert: Waits, expr: vector(1), for: 5m}'))
  await w.pass(MINUTE, 0)
  w.env.clock.jump(-60 * MINUTE)
  w.sent.length = 0
  await w.env.clock.advance(10 * MINUTE)
  const told = (name: string) => w.sent.filter(({ labels }) => labels.get('alertname') === name)
  assert.ok(told('Down').length >= 7, `${told('Down').length}`)
  assert.ok(told('Waits').length >= 2, `${told('Waits').length}`)
  for (const { startsAt, endsAt } of w.sent) assert.ok(startsAt < endsAt && startsAt <= w.env.clock.now())
})

test('a group that comes back before its series ended goes on with its alerts', async (t) => {
  const w = await world()
  t.after(() => w.close())
  const rules = group('  - {alert: Down, expr: up == 0, for: 10m}\n  - {record: a, expr: up}', 'interval: 1m')
  await w.rules(rules)
  await w.pass(3 * MINUTE, 0)
  const since = async () => (await w.query('ALERTS_FOR_STATE'))[0]?.split(' ').at(-1)
  const begun = await since()
  assert.ok(begun !== undefined)
  await w.rules('groups: []')
  await w.pass(30 * SECOND, 0)
  await w.rules(rules)
  assert.equal(w.manager.groups()[0]?.lastEvaluation === 0, false)
  await w.pass(3 * MINUTE, 0)
  assert.equal(await since(), begun)
  assert.equal((await w.query('a')).length, 1)
})

test('a reload waits for the rule that is being evaluated, not for those after it', async (t) => {
  const asked: string[] = []
  const w: World = await world({
    onQuery: async (expr) => {
      asked.push(expr)
      await sleep(w.env.clock, 5 * SECOND)
    },
  })
  t.after(() => w.close())
  await w.rules(group('  - {record: a, expr: up}\n  - {record: b, expr: up > 0}', 'interval: 1m'))
  while (asked.length === 0) await w.env.clock.advance(SECOND)
  const reloaded = w.rules(group('  - {record: a, expr: up}', 'interval: 1m'))
  await w.env.clock.advance(5 * SECOND)
  await reloaded
  assert.deepEqual(asked, ['up'])
})

test('iterations that a slow group misses are counted', async (t) => {
  const w = await world()
  t.after(() => w.close())
  await w.rules(group('  - {record: a, expr: up}'))
  await w.pass(MINUTE, 1)
  // The machine stands still.
  w.env.clock.jump(2 * MINUTE)
  await w.pass(MINUTE, 1)
  const missed = /iterations_missed_total\{[^}]*\} (\d+)/.exec(await w.env.metrics.metrics())?.[1]
  assert.ok(Number(missed) >= 6, `${missed} missed`)
})

test('a rule that requires all there is gives nothing over less: no sample, its alerts held and told on; others take what there is, and say so', async (t) => {
  let isLacking = false
  const w = await world({
    onQuery: (_, onMissing) => {
      if (isLacking) onMissing('block 01J cannot be read')
    },
  })
  t.after(() => w.close())
  const rules = group(
    [
      "  - {record: 'strict:up', expr: up}",
      "  - {record: 'loose:up', expr: up}",
      '  - {alert: StrictDown, expr: up == 0}',
      '  - {alert: LooseDown, expr: up == 0}',
      '  - {alert: StrictText, expr: vector(1), annotations: {text: \'{{ query "up" | first | value }}\'}}',
    ].join('\n'),
  )
  const requiresAll = ({ file, group: name, rule }: { file: string; group: string; rule: string }) =>
    file === '/r/rules.yml' && name === 'g' && rule.toLowerCase().startsWith('strict')
  await w.rules(rules, { requiresAll })
  await w.pass(MINUTE, 0)
  isLacking = true
  const since = w.env.clock.now()
  w.sent.length = 0
  // It seems to be over, which nobody can know.
  await w.pass(3 * MINUTE, 1)
  const values = async (expr: string) => (await w.query(expr)).map((line) => line.split(' ')[1])
  assert.deepEqual(await values('strict:up'), ['0'])
  assert.deepEqual(await values('loose:up'), ['1'])
  assert.deepEqual(await values(`timestamp(strict:up) < bool ${since / 1000}`), ['1'])
  const told = w.sent.filter(({ labels }) => labels.get('alertname') === 'StrictDown')
  assert.ok(told.length >= 2 && told.every(({ endsAt }) => endsAt > w.env.clock.now()), `${told.length}`)
  const loose = w.sent.filter(({ labels }) => labels.get('alertname') === 'LooseDown')
  assert.ok(loose.length > 0 && loose.every(({ endsAt }) => endsAt <= w.env.clock.now()))
  const health = (index: number) => {
    const { health, lastError, missing } = w.manager.groups()[0].group.health(index)
    return [health, lastError, missing]
  }
  for (const index of [0, 2, 4]) assert.deepEqual(health(index), ['unknown', 'block 01J cannot be read', ['block 01J cannot be read']])
  for (const index of [1, 3]) assert.deepEqual(health(index), ['ok', '', ['block 01J cannot be read']])
  const metrics = await w.env.metrics.metrics()
  const count = (name: string) =>
    Number(new RegExp(`^promontory_rule_evaluations_${name}_total\\{[^}]*\\} (\\d+)$`, 'm').exec(metrics)?.[1])
  assert.equal(count('unknown') * 5, count('incomplete') * 3)
  assert.match(metrics, /prometheus_rule_evaluation_failures_total\{rule_group="\/r\/rules.yml;g"\} 0\n/)
  isLacking = false
  await w.pass(30 * SECOND, 1)
  assert.deepEqual(await values('strict:up'), ['1'])
  assert.deepEqual(w.manager.groups()[0].group.health(0).health, 'ok')
  assert.deepEqual(await w.query('ALERTS{alertname="StrictDown"}'), [])
})

test('alerts of a rule that fails are told on where it requires all there is', async (t) => {
  let isBroken = false
  const w = await world({
    onQuery: () => {
      if (isBroken) throw new Error('checksum of a chunk is 1, want 2')
    },
  })
  t.after(() => w.close())
  await w.rules(group('  - {alert: Strict, expr: up == 0}\n  - {alert: Loose, expr: up == 0}'), {
    requiresAll: ({ rule }) => rule === 'Strict',
  })
  await w.pass(MINUTE, 0)
  isBroken = true
  w.sent.length = 0
  await w.pass(3 * MINUTE, 0)
  assert.ok(w.sent.length >= 2, `${w.sent.length}`)
  assert.ok(w.sent.every(({ labels, endsAt }) => labels.get('alertname') === 'Strict' && endsAt > w.env.clock.now()))
  assert.equal(w.manager.groups()[0]?.group.health(0).health, 'err')
})

test('a group goes on whatever goes wrong in one of its evaluations', async (t) => {
  let isBroken = false
  const w = await world({
    onQuery: (_, onMissing) => {
      if (isBroken) onMissing('block 01J cannot be read')
    },
    onSend: () => {
      if (isBroken) throw new Error('nobody expects it')
    },
  })
  t.after(() => w.close())
  await w.rules(group('  - {alert: Down, expr: up == 0}'), { requiresAll: () => true })
  await w.pass(MINUTE, 0)
  isBroken = true
  await w.pass(3 * MINUTE, 0)
  assert.ok(w.env.lines.some(({ message }) => message === 'evaluating group of rules failed'))
  isBroken = false
  w.sent.length = 0
  await w.pass(2 * MINUTE, 0)
  assert.ok(w.sent.length >= 1)
})

test('rules that do not see each other are evaluated at once where that is asked for, up to a bound over all groups; others wait for what they see', async (t) => {
  let running = 0
  let peak = 0
  const begun: string[] = []
  const check = async (concurrentMax: number, wantPeak: number) => {
    peak = 0
    begun.length = 0
    const w: World = await world({
      concurrentMax,
      onQuery: async (expr) => {
        begun.push(expr)
        running++
        peak = Math.max(peak, running)
        await sleep(w.env.clock, SECOND)
        running--
      },
    })
    t.after(() => w.close())
    const own = ['a', 'b', 'c', 'd'].map((name) => `  - {record: '${name}', expr: up}`)
    await w.rules(group([...own, "  - {record: sum, expr: 'a + b'}", '  - {alert: Sum, expr: sum > 1}'].join('\n')))
    await w.pass(MINUTE, 1)
    assert.equal(peak, wantPeak)
    assert.deepEqual(await w.query('sum'), ['sum{job="a"} 2'])
    assert.equal((await w.query('ALERTS{alertname="Sum"}')).length, 1)
    assert.deepEqual(begun.slice(0, 6), ['up', 'up', 'up', 'up', 'a + b', 'sum > 1'])
  }
  await check(0, 1)
  await check(2, 3)
  await check(10, 4)
})
