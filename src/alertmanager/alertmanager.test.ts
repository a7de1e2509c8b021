import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep } from '../base/env.ts'
import { type VirtualEnv, virtualEnv } from '../base/env-virtual.ts'
import { LoneMember } from '../cluster/lone-member.ts'
import type { ClusterView } from '../cluster/replicated-state.ts'
import { type Alert, isResolved } from '../model/alert.ts'
import { Labels } from '../model/labels.ts'
import { Alertmanager, type AlertmanagerSettings } from './alertmanager.ts'
import { buildRoute, type RouteDefinition } from './dispatch/route.ts'
import { LabelMatcher } from './label-matcher.ts'
import type { Integration, NotifyFailure } from './receivers/integration.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

interface World {
  readonly env: VirtualEnv
  readonly manager: Alertmanager
  /** Seconds since the start, receiver, reason and alerts; those that are over have a minus. */
  readonly told: string[]
  readonly keys: string[]
  fire(labels: Record<string, string>, forMs?: number): void
  resolve(labels: Record<string, string>): void
  /** What the receiver answers to the next attempts. */
  readonly failures: (NotifyFailure | undefined)[]
  stop(): Promise<void>
}

interface WorldOptions {
  readonly route?: RouteDefinition
  readonly settings?: Partial<AlertmanagerSettings>
  readonly sendResolved?: boolean
  readonly cluster?: ClusterView
  readonly env?: VirtualEnv
  /** What comes before the receiver has it. */
  readonly beforeTold?: (signal: AbortSignal) => Promise<void>
}

const ROUTE: RouteDefinition = {
  receiver: 'r',
  groupBy: ['g'],
  groupWaitMs: 10 * SECOND,
  groupIntervalMs: MINUTE,
  repeatIntervalMs: 4 * MINUTE,
}

async function world(options: WorldOptions = {}): Promise<World> {
  const env = options.env ?? virtualEnv()
  await env.fs.mkdir('/data')
  const manager = await Alertmanager.open({
    env,
    cluster: options.cluster ?? new LoneMember(),
    dir: '/data',
    retentionMs: 120 * 60 * MINUTE,
    maintenanceIntervalMs: 15 * MINUTE,
    silencesMax: 0,
    silenceBytesMax: 0,
    logsSilences: false,
    alertsCollectIntervalMs: 30 * MINUTE,
    alertsPerNameMax: 0,
    dispatchMaintenanceIntervalMs: 30 * SECOND,
    dispatchStartDelayMs: 0,
    peerTimeoutMs: 15 * SECOND,
    historyRecordsMax: 1000,
    integrations: ['test'],
  })
  const told: string[] = []
  const keys: string[] = []
  const failures: (NotifyFailure | undefined)[] = []
  const start = env.clock.now()
  const integration: Integration = {
    kind: 'test',
    index: 0,
    sendResolved: options.sendResolved ?? true,
    async notify({ receiver, reason, alerts, now, idempotencyKey }, signal) {
      await options.beforeTold?.(signal)
      const failure = failures.shift()
      if (failure !== undefined) return failure
      const names = alerts.map((alert) => `${isResolved(alert, now) ? '-' : ''}${alert.labels.get('n')}`)
      told.push(`${Math.round((env.clock.now() - start) / SECOND)} ${receiver}: ${reason}: ${names.join(' ')}`)
      keys.push(idempotencyKey)
      return undefined
    },
  }
  await manager.apply({
    route: buildRoute(options.route ?? ROUTE),
    inhibitRules: [],
    timeIntervals: new Map(),
    resolveTimeoutMs: 5 * MINUTE,
    receivers: new Map(['r', 's'].map((name) => [name, [integration]])),
    receiverLabels: new Map(),
    ...options.settings,
  })
  const stopping = new AbortController()
  const running = manager.run(stopping.signal, () => {})
  const put = (labels: Record<string, string>, forMs: number) => {
    const now = env.clock.now()
    const alert: Alert = {
      labels: Labels.of(labels),
      annotations: Labels.empty,
      startsAt: forMs < 0 ? now - MINUTE : now,
      endsAt: now + Math.max(0, forMs),
      generatorUrl: '',
      updatedAt: now,
      hasTimeout: false,
    }
    manager.put([alert])
  }
  return {
    env,
    manager,
    told,
    keys,
    failures,
    fire: (labels, forMs = 60 * MINUTE) => put(labels, forMs),
    resolve: (labels) => put(labels, -1),
    async stop() {
      stopping.abort()
      await running
    },
  }
}

test('a group is told after it has waited, then of what is new, then again and again', async () => {
  const { env, told, keys, fire, resolve } = await world()
  fire({ g: '1', n: 'a' })
  await env.clock.advance(5 * SECOND)
  fire({ g: '1', n: 'b' })
  fire({ g: '2', n: 'c' })
  await env.clock.advance(25 * SECOND)
  assert.deepEqual(told.splice(0), ['10 r: first notification: a b', '15 r: first notification: c'])
  fire({ g: '1', n: 'd' })
  await env.clock.advance(45 * SECOND)
  assert.deepEqual(told.splice(0), ['70 r: new alerts added: a b d'])
  resolve({ g: '1', n: 'a' })
  resolve({ g: '2', n: 'c' })
  await env.clock.advance(MINUTE)
  assert.deepEqual(told.splice(0), ['130 r: some alerts resolved: -a b d', '135 r: all alerts resolved: -c'])
  await env.clock.advance(6 * MINUTE)
  // Four minutes are over at the first flush after them.
  assert.deepEqual(told, ['430 r: repeat interval elapsed: b d'])
  assert.equal(new Set(keys).size, keys.length)
})

test('who wants no news of what is over gets none, and what fires again is new', async () => {
  const { env, told, fire, resolve } = await world({ sendResolved: false })
  fire({ n: 'a' })
  await env.clock.advance(20 * SECOND)
  resolve({ n: 'a' })
  await env.clock.advance(2 * MINUTE)
  fire({ n: 'a' })
  await env.clock.advance(30 * SECOND)
  assert.deepEqual(told, ['10 r: first notification: a', '150 r: first notification: a'])
})

test('alerts that inhibition, silences and times hold back are told of when nothing does', async () => {
  const is = (name: string, value: string) => new LabelMatcher('=', name, value)
  const at = { times: [{ startMinute: 0, endMinute: 2 }] }
  const { env, manager, told, fire } = await world({
    route: { ...ROUTE, routes: [{ matchers: [is('g', 'night')], muteTimeIntervals: ['early'], receiver: 's' }] },
    settings: {
      inhibitRules: [{ name: '', sourceMatchers: [is('n', 'source')], targetMatchers: [is('n', 'target')], equal: [] }],
      timeIntervals: new Map([['early', [at]]]),
    },
  })
  const now = env.clock.now()
  const matcherSets = [[{ operator: '=' as const, name: 'n', value: 'quiet' }]]
  await manager.silences.set({
    id: '',
    matcherSets,
    startsAt: now,
    endsAt: now + 90 * SECOND,
    createdBy: '',
    comment: '',
    annotations: new Map(),
  })
  fire({ g: '1', n: 'source' }, 90 * SECOND)
  fire({ g: '1', n: 'target' })
  fire({ g: '1', n: 'quiet' })
  fire({ g: 'night', n: 'dark' })
  await env.clock.advance(20 * SECOND)
  assert.deepEqual(told.splice(0), ['10 r: first notification: source'])
  const [group] = manager.groups(
    ({ receiver }) => receiver === 's',
    () => true,
  )
  assert.deepEqual(manager.mutedBy(group), ['early'])
  assert.equal(manager.statusOf(Labels.of({ n: 'target' })).state, 'suppressed')
  await env.clock.advance(3 * MINUTE)
  assert.deepEqual(told.sort(), ['130 r: new alerts added: quiet -source target', '130 s: first notification: dark'])
})

test('what does not arrive is tried again with the same key, until the flush has to end', async () => {
  const { env, manager, told, keys, failures, fire } = await world()
  const failure = { message: 'down', retry: true, reason: 'serverError' } as const
  failures.push(failure, failure)
  fire({ n: 'a' })
  await env.clock.advance(20 * SECOND)
  assert.equal(told.length, 1)
  failures.push(...Array.from({ length: 100 }, () => failure))
  fire({ n: 'b' })
  await env.clock.advance(2 * MINUTE)
  failures.length = 0
  await env.clock.advance(2 * MINUTE)
  assert.equal(told.length, 2)
  const history = manager.history.find({ limit: 10 })
  assert.deepEqual(history.map(({ outcome, error, errorReason, firing }) => ({ outcome, error, errorReason, firing })).reverse(), [
    { outcome: 'delivered', error: undefined, errorReason: undefined, firing: 1 },
    { outcome: 'failed', error: 'down', errorReason: 'serverError', firing: 2 },
    { outcome: 'delivered', error: undefined, errorReason: undefined, firing: 2 },
  ])
  assert.equal(history[2].attempts, 3)
  // The notification that failed and the one that arrived at last tell the same news.
  assert.equal(history[0].idempotencyKey, history[1].idempotencyKey)
  assert.equal(history[0].idempotencyKey, keys[1])
})

test('a receiver that says never is not asked again before the next flush', async () => {
  const { env, told, failures, fire, manager } = await world()
  failures.push({ message: 'no', retry: false, reason: 'clientError' })
  fire({ n: 'a' })
  await env.clock.advance(MINUTE)
  assert.deepEqual(told, [])
  await env.clock.advance(20 * SECOND)
  assert.deepEqual(told, ['70 r: first notification: a'])
  assert.equal(manager.history.find({ outcome: 'failed', limit: 9 })[0].attempts, 1)
})

test('who starts again knows what was told', async () => {
  const first = await world()
  first.fire({ n: 'a' })
  await first.env.clock.advance(20 * SECOND)
  await first.stop()
  first.env.fs.losePower()
  const fresh = virtualEnv()
  const again = await world({ env: { ...fresh, clock: first.env.clock, fs: first.env.fs } as VirtualEnv })
  again.fire({ n: 'a' })
  await again.env.clock.advance(2 * MINUTE)
  assert.deepEqual(again.told, [])
  assert.equal(again.manager.history.find({ receiver: 'r', limit: 5 }).length, 1)
  again.fire({ n: 'b' })
  await again.env.clock.advance(MINUTE)
  assert.equal(again.told.length, 1)
})

test('an alert that has waited long enough is told of at once; a group without alerts goes', async () => {
  const { env, told, manager, fire, resolve } = await world()
  fire({ n: 'a' })
  await env.clock.advance(20 * SECOND)
  await manager.apply({ ...manager.settings })
  fire({ n: 'b' })
  await env.clock.advance(SECOND)
  assert.equal(told.length, 2)
  assert.match(told[1], /^20 r: new alerts added: a b$/)
  resolve({ n: 'a' })
  resolve({ n: 'b' })
  await env.clock.advance(2 * MINUTE)
  assert.deepEqual(
    manager.groups(
      () => true,
      () => true,
    ),
    [],
  )
  assert.match(await env.metrics.metrics(), /alertmanager_dispatcher_aggregation_groups 0\n/)
})

test('of several members each waits for those before it, and says nothing that they have said', async () => {
  const env = virtualEnv()
  const states = new Map<string, { merge(bytes: Uint8Array): unknown }[]>()
  const member = (place: number): ClusterView => ({
    ...new LoneMember(),
    addState(state) {
      const peers = states.get(state.key) ?? []
      states.set(state.key, [...peers, state])
      return {
        broadcast: (update) => {
          for (const other of states.get(state.key)!) if (other !== state) other.merge(update)
        },
      }
    },
    position: () => place,
    settled: () => Promise.resolve(),
    isSettled: () => true,
    status: () => ({ status: 'ready', name: String(place), peers: [] }),
    // As beside one of upstream's.
    allHave: () => false,
    hasMember: () => true,
  })
  const worlds = await Promise.all(
    [0, 1, 2].map((place) => world({ cluster: member(place), env: { ...virtualEnv(), clock: env.clock } as VirtualEnv })),
  )
  for (const { fire } of worlds) fire({ n: 'a' })
  await env.clock.advance(2 * MINUTE)
  assert.deepEqual(
    worlds.map(({ told }) => told.length),
    [1, 0, 0],
  )
  // The first one dies between taking an alert and telling of it: the second one tells, 15 seconds later.
  for (const { fire } of worlds) fire({ n: 'b', g: 'x' })
  await worlds[0].stop()
  await env.clock.advance(30 * SECOND)
  assert.deepEqual(
    worlds.map(({ told }) => told.length),
    [1, 1, 0],
  )
  assert.match(worlds[1].told[0], /^145 r: first notification: b$/)
})

test('a repeat interval that is longer than the time of retention is kept to', async () => {
  const DAY = 24 * 60 * MINUTE
  const { env, told, fire } = await world({ route: { ...ROUTE, groupIntervalMs: 60 * MINUTE, repeatIntervalMs: 14 * DAY } })
  fire({ n: 'a' }, 30 * DAY)
  await env.clock.advance(15 * DAY)
  assert.deepEqual(
    told.map((text) => text.replace(/^\d+ /, '')),
    ['r: first notification: a', 'r: repeat interval elapsed: a'],
  )
})

test('what a receiver has already is told once, though a reload or a stop comes in the middle', async () => {
  const clock = virtualEnv().clock
  const env = { ...virtualEnv(), clock } as VirtualEnv
  const { manager, told, fire, stop } = await world({ env, beforeTold: () => sleep(clock, 2 * SECOND) })
  fire({ n: 'a' })
  await clock.advance(11 * SECOND)
  const reloaded = manager.apply({ ...manager.settings })
  await clock.advance(30 * SECOND)
  await reloaded
  assert.deepEqual(told, ['12 r: first notification: a'])
  fire({ n: 'b' })
  await clock.advance(32 * SECOND)
  const stopped = stop()
  await clock.advance(10 * SECOND)
  await stopped
  assert.equal(told.length, 2)
  assert.deepEqual(
    manager.history.find({ limit: 9 }).map(({ outcome }) => outcome),
    ['delivered', 'delivered'],
  )
})

test('a receiver that never ends holds up neither a reload nor the next flush', async () => {
  let isHanging = true
  const { env, manager, told, fire } = await world({ beforeTold: () => (isHanging ? new Promise(() => {}) : Promise.resolve()) })
  fire({ n: 'a' })
  await env.clock.advance(15 * SECOND)
  const reloaded = manager.apply({ ...manager.settings })
  await env.clock.advance(10 * SECOND)
  await reloaded
  // The group of the new configuration began at once, and hangs as well: until its flush has to end.
  isHanging = false
  await env.clock.advance(3 * MINUTE)
  assert.equal(told.length, 1)
})

test('an alert that fires again in the ms in which it was over is not forgotten with it', async () => {
  const env = virtualEnv()
  let fireAgain = () => {}
  const { told, fire, resolve } = await world({ env, beforeTold: async () => fireAgain() })
  env.clock.setTimer(70 * SECOND, () => resolve({ n: 'a' }))
  fire({ n: 'a' })
  await env.clock.advance(20 * SECOND)
  fireAgain = () => fire({ n: 'a' })
  await env.clock.advance(50 * SECOND)
  fireAgain = () => {}
  await env.clock.advance(MINUTE)
  assert.deepEqual(told, ['10 r: first notification: a', '70 r: all alerts resolved: -a', '130 r: first notification: a'])
})

test('an alert that was told to be over fires again for all, though the clock goes back to when it did', async () => {
  const { env, told, fire } = await world()
  fire({ n: 'a' }, MINUTE)
  await env.clock.advance(20 * SECOND)
  env.clock.jump(10 * MINUTE)
  await env.clock.advance(MINUTE)
  env.clock.jump(-10 * MINUTE - 50 * SECOND)
  fire({ n: 'a' })
  await env.clock.advance(MINUTE)
  assert.deepEqual(told, ['10 r: first notification: a', '670 r: all alerts resolved: -a', '30 r: first notification: a'])
})

test('alerts are counted by what the last flush found of them, whoever has asked meanwhile', async () => {
  const is = (value: string) => [new LabelMatcher('=', 'n', value)]
  const rule = { name: '', sourceMatchers: is('source'), targetMatchers: is('target'), equal: [] }
  const { env, manager, fire, resolve } = await world({ settings: { inhibitRules: [rule] } })
  const check = async (want: string) => {
    const counts = (await env.metrics.getSingleMetric('alertmanager_alerts')!.get()).values
    assert.equal(counts.map(({ labels, value }) => `${value} ${labels['state']}`).join(', '), want)
  }
  const silence = async (value: string) => {
    const now = env.clock.now()
    const matcherSets = [[{ operator: '=' as const, name: 'n', value }]]
    const fields = { id: '', startsAt: now, endsAt: now + 60 * MINUTE, createdBy: '', comment: '', annotations: new Map() }
    await manager.silences.set({ ...fields, matcherSets })
  }
  for (const n of ['a', 'b', 'source', 'target']) fire({ g: '1', n }, 60 * MINUTE)
  await silence('a')
  await check('0 active, 0 suppressed, 4 unprocessed')
  for (const { labels } of manager.alerts.all()) manager.statusOf(labels)
  await check('0 active, 0 suppressed, 4 unprocessed')
  await env.clock.advance(11 * SECOND)
  await check('2 active, 2 suppressed, 0 unprocessed')
  await silence('b')
  await check('2 active, 2 suppressed, 0 unprocessed')
  await env.clock.advance(MINUTE)
  await check('1 active, 3 suppressed, 0 unprocessed')
  resolve({ g: '1', n: 'source' })
  await check('0 active, 3 suppressed, 0 unprocessed')
  await env.clock.advance(MINUTE)
  await check('1 active, 2 suppressed, 0 unprocessed')
})
