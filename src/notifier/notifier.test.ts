import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpRequest, HttpStream } from '../base/env.ts'
import { sleep } from '../base/env.ts'
import { type VirtualEnv, virtualEnv } from '../base/env-virtual.ts'
import { staticDiscoverer } from '../discovery/static.ts'
import { PLAIN_HTTP_CLIENT } from '../http-client/client-config.ts'
import type { PostableAlert } from '../model/alert.ts'
import { Labels } from '../model/labels.ts'
import { relabelConfig } from '../model/relabel.ts'
import type { AlertingConfig, AlertmanagerConfig } from './alerting-config.ts'
import { LazyNotifier } from './lazy-notifier.ts'
import type { QueueOptions } from './send-loop.ts'

const SECOND = 1000

interface Post {
  readonly host: string
  readonly headers: HttpRequest['headers']
  readonly alerts: readonly Readonly<Record<string, unknown>>[]
}

/** How an Alertmanager behaves: a status, or after how long it answers with 200. */
type Behaviour = { readonly status?: number; readonly latencyMs?: number; readonly location?: string } | 'away'

class World {
  readonly env: VirtualEnv
  readonly posts: Post[] = []
  readonly behave = new Map<string, Behaviour>()
  readonly notifier: LazyNotifier
  readonly #stop = new AbortController()
  #done = Promise.resolve()

  constructor(queue: Partial<QueueOptions> = {}) {
    const virtual = virtualEnv()
    const stream = (request: HttpRequest) => this.#take(request)
    this.env = { ...virtual, http: { ...virtual.http, stream } }
    this.notifier = new LazyNotifier(this.env, { capacity: 10, batchSize: 4, drainsAtStop: true, ...queue })
  }

  async start(config: AlertingConfig): Promise<void> {
    await this.notifier.apply(config)
    this.#done = this.notifier.run(this.#stop.signal, () => {})
    await this.env.clock.advance(100)
  }

  /** Resolves when it has ended, with how long that took. */
  async stop(): Promise<number> {
    const begun = this.env.clock.now()
    let endedAt: number | undefined
    this.#stop.abort()
    const ended = this.#done.then(() => {
      endedAt = this.env.clock.now()
    })
    while (endedAt === undefined) await this.env.clock.advance(SECOND)
    await ended
    return endedAt - begun
  }

  /** `alertname`s of each request to a host. */
  names(host: string): readonly string[] {
    return this.posts.filter((post) => post.host === host).map(({ alerts }) => alerts.map(({ labels }) => nameOf(labels)).join())
  }

  async metric(name: string): Promise<readonly string[]> {
    return (await this.env.metrics.metrics()).split('\n').filter((line) => line.startsWith(name) && !line.startsWith('#'))
  }

  async #take({ url, headers, body, signal }: HttpRequest): Promise<HttpStream> {
    const { host } = new URL(url)
    const behaviour = this.behave.get(host) ?? {}
    if (behaviour === 'away') throw new Error('connect: connection refused')
    if (behaviour.latencyMs !== undefined) await sleep(this.env.clock, behaviour.latencyMs, signal)
    if (signal?.aborted) throw signal.reason
    this.posts.push({ host, headers, alerts: JSON.parse(String(body)) })
    const location: Readonly<Record<string, string>> = behaviour.location === undefined ? {} : { location: behaviour.location }
    return { status: behaviour.status ?? 200, headers: location, body: bodyOf('no thanks\n') }
  }
}

function nameOf(labels: unknown): string {
  return (labels as { alertname: string }).alertname
}

async function* bodyOf(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text)
}

function set(targets: readonly string[], changes: Partial<AlertmanagerConfig> = {}): AlertmanagerConfig {
  const groups = [{ targets: [...targets], labels: {} }]
  return {
    name: 'config-0',
    scheme: 'http',
    pathPrefix: '',
    timeoutMs: 10 * SECOND,
    http: PLAIN_HTTP_CLIENT,
    sigv4: undefined,
    relabelConfigs: [],
    alertRelabelConfigs: [],
    discoverers: [{ mechanism: 'static', fingerprint: targets.join(), create: () => staticDiscoverer(groups) }],
    fingerprint: JSON.stringify([targets, changes]),
    ...changes,
  }
}

const alerting = (alertmanagers: readonly AlertmanagerConfig[], changes: Partial<AlertingConfig> = {}): AlertingConfig => ({
  externalLabels: Labels.empty,
  alertRelabelConfigs: [],
  alertmanagers,
  ...changes,
})

function alert(alertname: string, labels: Readonly<Record<string, string>> = {}): PostableAlert {
  return {
    labels: Labels.of({ alertname, ...labels }),
    annotations: Labels.of({ summary: `<${alertname}>` }),
    startsAt: 1_767_225_600_000,
    endsAt: 1_767_225_840_123,
    generatorUrl: 'http://p:9090/graph?g0.expr=up&g0.tab=1',
  }
}

const alerts = (...names: readonly string[]) => names.map((name) => alert(name))

test('an alert goes to every Alertmanager, as JSON of API v2, with the external labels that it has not itself', async () => {
  const w = new World()
  const externalLabels = Labels.of({ region: 'eu', replica: 'a', severity: 'none' })
  const alertRelabelConfigs = [relabelConfig({ action: 'labeldrop', regex: 'replica' })]
  const config = alerting([set(['a:9093', 'b:9093']), set(['c:9093'], { name: 'config-1', pathPrefix: '/am/' })], {
    externalLabels,
    alertRelabelConfigs,
  })
  await w.start(config)
  w.notifier.send([alert('Down', { severity: 'page' })])
  await w.env.clock.advance(SECOND)
  assert.deepEqual(
    w.posts.map(({ host }) => host),
    ['a:9093', 'b:9093', 'c:9093'],
  )
  for (const { headers, alerts } of w.posts) {
    assert.equal(headers?.['content-type'], 'application/json')
    assert.deepEqual(alerts, [
      {
        annotations: { summary: '<Down>' },
        endsAt: '2026-01-01T00:04:00.123Z',
        startsAt: '2026-01-01T00:00:00.000Z',
        generatorURL: 'http://p:9090/graph?g0.expr=up&g0.tab=1',
        labels: { alertname: 'Down', region: 'eu', severity: 'page' },
      },
    ])
  }
  assert.deepEqual(w.notifier.active(), ['http://a:9093/api/v2/alerts', 'http://b:9093/api/v2/alerts', 'http://c:9093/am/api/v2/alerts'])
  assert.deepEqual(await w.metric('prometheus_notifications_alertmanagers_discovered'), [
    'prometheus_notifications_alertmanagers_discovered 3',
  ])
  assert.deepEqual(await w.metric('prometheus_sd_discovered_targets'), [
    'prometheus_sd_discovered_targets{name="notify",config="config-0"} 2',
    'prometheus_sd_discovered_targets{name="notify",config="config-1"} 1',
  ])
  await w.stop()
})

test('alerts are relabeled for all and again for one set, and dropped for either', async () => {
  const w = new World()
  const drop = (name: string) => relabelConfig({ sourceLabels: ['alertname'], regex: name, action: 'drop' })
  await w.start(
    alerting([set(['a:1']), set(['b:1'], { name: 'config-1', alertRelabelConfigs: [drop('OnlyA')] })], {
      alertRelabelConfigs: [drop('None')],
    }),
  )
  w.notifier.send(alerts('None', 'OnlyA', 'Both'))
  w.notifier.send(alerts('None'))
  w.notifier.send(alerts('OnlyA'))
  await w.env.clock.advance(SECOND)
  assert.deepEqual(w.names('a:1'), ['OnlyA,Both', 'OnlyA'])
  assert.deepEqual(w.names('b:1'), ['Both'])
  await w.stop()
})

test('Alertmanagers are relabeled, one that is found twice is told once, and one without a host name is left out', async () => {
  const w = new World()
  const relabelConfigs = [relabelConfig({ sourceLabels: ['__address__'], regex: 'old.*', action: 'drop' })]
  await w.start(alerting([set(['a:1', 'old:1', 'a:1', 'http://b:1'], { relabelConfigs })]))
  assert.deepEqual(w.notifier.active(), ['http://a:1/api/v2/alerts'])
  assert.deepEqual(w.notifier.dropped(), ['http://old:1/api/v2/alerts'])
  await w.stop()
})

test('one that is slow holds up no other, gets batches one after the other, and loses the oldest when its queue is full', async () => {
  const w = new World()
  w.behave.set('slow:1', { latencyMs: 5 * SECOND })
  await w.start(alerting([set(['slow:1', 'fast:1'])]))
  w.notifier.send(alerts('1'))
  for (let n = 2; n <= 15; n++) {
    w.notifier.send(alerts(String(n)))
    await w.env.clock.advance(10)
  }
  assert.deepEqual(w.names('fast:1').join(), Array.from({ length: 15 }, (_, i) => i + 1).join())
  assert.deepEqual(w.names('slow:1'), [])
  assert.deepEqual(await w.metric('prometheus_notifications_queue_length'), [
    'prometheus_notifications_queue_length{alertmanager="http://slow:1/api/v2/alerts"} 10',
    'prometheus_notifications_queue_length{alertmanager="http://fast:1/api/v2/alerts"} 0',
  ])
  await w.env.clock.advance(30 * SECOND)
  // The first was on its way when those after it came.
  assert.deepEqual(w.names('slow:1'), ['1', '6,7,8,9', '10,11,12,13', '14,15'])
  assert.deepEqual(await w.metric('prometheus_notifications_dropped_total'), [
    'prometheus_notifications_dropped_total{alertmanager="http://slow:1/api/v2/alerts"} 4',
    'prometheus_notifications_dropped_total{alertmanager="http://fast:1/api/v2/alerts"} 0',
  ])
  await w.stop()
})

test('what is refused, lost or sent elsewhere is counted and not repeated', async () => {
  const check = async (behaviour: Behaviour, wait: number) => {
    const w = new World()
    w.behave.set('a:1', behaviour)
    await w.start(alerting([set(['a:1'])]))
    w.notifier.send(alerts('A', 'B'))
    await w.env.clock.advance(wait)
    w.behave.delete('a:1')
    w.notifier.send(alerts('C'))
    await w.env.clock.advance(SECOND)
    assert.equal(w.names('a:1').at(-1), 'C')
    const count = async (name: string) => (await w.metric(`prometheus_notifications_${name}_total`))[0].split(' ')[1]
    assert.deepEqual([await count('sent'), await count('errors'), await count('dropped')], ['1', '2', '2'], JSON.stringify(behaviour))
    await w.stop()
  }
  await check({ status: 500 }, SECOND)
  await check({ status: 400 }, SECOND)
  await check({ status: 302, location: '/login' }, SECOND)
  await check('away', SECOND)
  await check({ latencyMs: 60 * SECOND }, 11 * SECOND)
})

test('at a stop what waits is sent; for one that cannot be reached no longer than one request takes; or nothing, if so asked', async () => {
  const check = async (behaviour: Behaviour, drainsAtStop: boolean, wantNames: readonly string[], msMax: number) => {
    const w = new World({ drainsAtStop })
    w.behave.set('a:1', behaviour)
    await w.start(alerting([set(['a:1'])]))
    w.notifier.send(alerts('1', '2', '3', '4', '5', '6', '7', '8', '9'))
    const tookMs = await w.stop()
    assert.deepEqual(w.names('a:1'), wantNames)
    assert.ok(tookMs <= msMax, `${tookMs}`)
    w.notifier.send(alerts('late'))
    await w.env.clock.advance(SECOND)
    assert.deepEqual(w.names('a:1'), wantNames)
  }
  await check({ latencyMs: 5 * SECOND }, true, ['1,2,3,4', '5,6,7,8', '9'], 15 * SECOND)
  await check({ status: 500 }, true, ['1,2,3,4', '5,6,7,8', '9'], SECOND)
  await check({ latencyMs: 60 * SECOND }, true, [], 10 * SECOND)
  await check({ latencyMs: 5 * SECOND }, false, [], SECOND)
})

test('a reload keeps what waits, for Alertmanagers that stay; those that go get it still', async () => {
  const w = new World()
  for (const host of ['a:1', 'b:1']) w.behave.set(host, { latencyMs: 3 * SECOND })
  await w.start(alerting([set(['a:1', 'b:1'])]))
  w.notifier.send(alerts('1', '2', '3', '4', '5', '6'))
  await w.env.clock.advance(SECOND)
  await w.notifier.apply(alerting([set(['b:1', 'c:1'], { timeoutMs: 20 * SECOND })]))
  await w.env.clock.advance(SECOND)
  assert.deepEqual(w.notifier.active(), ['http://b:1/api/v2/alerts', 'http://c:1/api/v2/alerts'])
  w.notifier.send(alerts('7'))
  await w.env.clock.advance(20 * SECOND)
  assert.deepEqual(w.names('a:1'), ['1,2,3,4', '5,6'])
  assert.deepEqual(w.names('b:1'), ['1,2,3,4', '5,6,7'])
  assert.deepEqual(w.names('c:1'), ['7'])
  await w.notifier.apply(alerting([]))
  w.notifier.send(alerts('8'))
  await w.env.clock.advance(SECOND)
  assert.deepEqual(w.notifier.active(), [])
  assert.deepEqual(await w.metric('prometheus_notifications_sent_total'), [])
  await w.stop()
})

test('alerts from before the first word of discovery wait for it', async () => {
  const w = new World()
  const discoverers: AlertmanagerConfig['discoverers'] = [
    {
      mechanism: 'late',
      fingerprint: '',
      create: (env) => ({
        async *watch(signal) {
          await sleep(env.clock, 30 * SECOND, signal)
          yield [{ source: 's', targets: [Labels.of({ __address__: 'a:1' })], labels: Labels.empty }]
        },
      }),
    },
  ]
  await w.start(alerting([set([], { discoverers })]))
  w.notifier.send(alerts('1'))
  for (let n = 2; n <= 12; n++) w.notifier.send(alerts(String(n)))
  await w.env.clock.advance(31 * SECOND)
  assert.deepEqual(w.names('a:1'), ['3,4,5,6', '7,8,9,10', '11,12'])
  await w.stop()
})

test('more alerts at once than the stack has room for lose the oldest, as fewer do', async () => {
  const count = 300_000
  const many = Array.from({ length: count }, (_, index) => alert(String(index)))
  const w = new World({ capacity: count - 1, batchSize: count })
  await w.start(alerting([set(['a:1'])]))
  w.notifier.send(many)
  assert.deepEqual(await w.metric('prometheus_notifications_dropped_total'), [
    'prometheus_notifications_dropped_total{alertmanager="http://a:1/api/v2/alerts"} 1',
  ])
  await w.env.clock.advance(SECOND)
  assert.deepEqual(
    w.posts.map(({ alerts }) => [alerts.length, nameOf(alerts[0].labels)]),
    [[count - 1, '1']],
  )
  await w.stop()
})

test('what is counted of an Alertmanager, or of a set by its place, stays while anybody has it', async () => {
  const w = new World()
  const [one, other] = [set(['a:1', 'b:1']), set(['a:1'], { name: 'config-1', timeoutMs: 5 * SECOND })]
  await w.start(alerting([one, other]))
  w.notifier.send(alerts('1'))
  await w.env.clock.advance(SECOND)
  await w.notifier.apply(alerting([{ ...other, name: 'config-0' }]))
  await w.env.clock.advance(SECOND)
  assert.deepEqual(await w.metric('prometheus_notifications_sent_total'), [
    'prometheus_notifications_sent_total{alertmanager="http://a:1/api/v2/alerts"} 2',
  ])
  assert.deepEqual(await w.metric('prometheus_sd_discovered_targets'), [
    'prometheus_sd_discovered_targets{name="notify",config="config-0"} 1',
  ])
  await w.notifier.apply(alerting([]))
  await w.env.clock.advance(SECOND)
  assert.deepEqual(await w.metric('prometheus_notifications_sent_total'), [])
  assert.deepEqual(await w.metric('prometheus_sd_discovered_targets'), [])
  await w.stop()
})

test('requests are signed for AWS where that is asked for', async () => {
  const w = new World()
  const sigv4 = {
    region: 'eu-central-1',
    accessKey: 'AKIA',
    secretKey: 'secret',
    profile: '',
    roleArn: '',
    externalId: '',
    useFipsStsEndpoint: false,
    serviceName: 'aps',
  }
  await w.start(alerting([set(['a:1'], { sigv4 })]))
  w.notifier.send(alerts('A'))
  // Who signs is loaded by then.
  await import('../http-client/sigv4.ts').then(({ requestSigner }) => requestSigner(sigv4, w.env.clock))
  for (let i = 0; i < 50 && w.posts.length === 0; i++) await w.env.clock.advance(10)
  assert.match(
    String(w.posts[0]?.headers?.authorization),
    /^AWS4-HMAC-SHA256 Credential=AKIA\/20260101\/eu-central-1\/aps\/aws4_request, SignedHeaders=[^ ]*content-type;host;[^ ]*, Signature=[0-9a-f]{64}$/,
  )
  await w.stop()
})
