// Three Alertmanagers of ours on machines of a simulated world, a server that sends them alerts, and a receiver that remembers what it was told.
import { Alertmanager } from '../../src/alertmanager/alertmanager.ts'
import type { Integration } from '../../src/alertmanager/receivers/integration.ts'
import { buildReceiver } from '../../src/alertmanager/receivers/registry.ts'
import { loadTemplates } from '../../src/alertmanager/template-library.ts'
import { type VirtualProcess, VirtualWorld } from '../../src/base/env-virtual.ts'
import { runServices } from '../../src/base/service.ts'
import { Cluster } from '../../src/cluster/cluster.ts'
import { parseAlertmanagerConfig } from '../../src/config/alertmanager.ts'
import { toHttpClientConfig } from '../../src/config/http-client.ts'
import { HttpClients } from '../../src/http-client/clients.ts'
import { Labels } from '../../src/model/labels.ts'

export const MEMBERS = 3
export const GROUP_WAIT_MS = 10_000
export const GROUP_INTERVAL_MS = 30_000
export const REPEAT_INTERVAL_MS = 4 * 3600_000
export const PEER_TIMEOUT_MS = 15_000
/** How often the server sends what fires, and how long members believe that without news. */
const RESEND_MS = 30_000
const BELIEVED_MS = 4 * 60_000
const RECEIVER_HOST = '10.0.2.1'
const PORT = 9094
const DIRECTORY = '/data'

const CONFIG = `route:
  receiver: page
  group_by: [group]
  group_wait: ${GROUP_WAIT_MS}ms
  group_interval: ${GROUP_INTERVAL_MS}ms
  repeat_interval: ${REPEAT_INTERVAL_MS}ms
receivers:
  - name: page
    webhook_configs: [{url: 'http://${RECEIVER_HOST}/', send_resolved: true}]
`

/** One notification, as the receiver heard it. */
export interface Heard {
  /** When it was whole at the receiver. */
  readonly time: number
  readonly group: string
  readonly from: number
  readonly idempotencyKey: string
  /** Its sender, and the other members that it could reach, as they ran then. */
  readonly sender: VirtualProcess | undefined
  readonly witnesses: readonly VirtualProcess[]
  /** Names of its alerts. */
  readonly firing: readonly string[]
  readonly resolved: readonly string[]
}

export interface Member {
  readonly process: VirtualProcess
  readonly cluster: Cluster
  readonly manager: Alertmanager
  /** As a signal does. */
  readonly stop: () => Promise<void>
}

interface ServerAlert {
  readonly labels: Labels
  readonly startsAt: number
  /** 0: it fires. */
  endsAt: number
}

export class AlertCluster {
  readonly world: VirtualWorld
  receiverLatencyMs = 20
  /** Called with each notification when the receiver has it, before it answers. */
  onHeard: (heard: Heard) => void = () => {}
  /** All that ever ran. */
  readonly processes: VirtualProcess[] = []
  readonly members: (Member | undefined)[] = Array.from({ length: MEMBERS })
  readonly heard: Heard[] = []
  /** What fires, or has fired, by name. */
  readonly alerts = new Map<string, ServerAlert>()
  readonly kills: { readonly member: number; readonly time: number }[] = []
  readonly partitions: { readonly from: number; to: number }[] = []
  /** How often members found out that a key came twice, and how often they said that it may have: by key, in whatever life. */
  readonly foundOut = new Map<string, number>()
  readonly saidPossible = new Map<string, number>()

  private constructor(seed: number) {
    this.world = new VirtualWorld({ seed })
    this.world.network.latencyMs = 1
    this.world.network.datagramJitterMs = 5
  }

  static async start(seed: number): Promise<AlertCluster> {
    const cluster = new AlertCluster(seed)
    await cluster.#listen()
    for (let i = 0; i < MEMBERS; i++) await cluster.startMember(i)
    cluster.world.clock.setTicker(RESEND_MS, () => cluster.send())
    return cluster
  }

  get now(): number {
    return this.world.clock.now()
  }

  get living(): readonly number[] {
    return this.members.flatMap((member, i) => (member === undefined ? [] : [i]))
  }

  async startMember(i: number): Promise<void> {
    const process = this.world.start(hostOf(i))
    const { env } = process
    this.processes.push(process)
    const cluster = new Cluster(env, {
      name: `member-${i}`,
      listen: { host: '0.0.0.0', port: PORT },
      allowsPublicAdvertise: false,
      peers: Array.from({ length: MEMBERS }, (_, k) => `${hostOf(k)}:${PORT}`),
      label: '',
      peersResolveTimeoutMs: 15_000,
      gossipIntervalMs: 200,
      pushPullIntervalMs: 60_000,
      tcpTimeoutMs: 10_000,
      probeTimeoutMs: 500,
      probeIntervalMs: 1000,
      settleTimeoutMs: 60_000,
      reconnectIntervalMs: 10_000,
      reconnectTimeoutMs: 6 * 3600_000,
    })
    await env.fs.mkdir(DIRECTORY)
    const manager = await Alertmanager.open({
      env,
      cluster,
      dir: DIRECTORY,
      retentionMs: 120 * 3600_000,
      maintenanceIntervalMs: 15 * 60_000,
      silencesMax: 0,
      silenceBytesMax: 0,
      logsSilences: false,
      alertsCollectIntervalMs: 30 * 60_000,
      alertsPerNameMax: 0,
      dispatchMaintenanceIntervalMs: 30_000,
      dispatchStartDelayMs: 0,
      peerTimeoutMs: PEER_TIMEOUT_MS,
      historyRecordsMax: 10_000,
      integrations: ['webhook'],
    })
    this.#watch(manager)
    const { config } = parseAlertmanagerConfig('alertmanager.yml', CONFIG)
    const receivers = new Map<string, readonly Integration[]>()
    for (const [name, section] of config.receivers)
      receivers.set(
        name,
        await buildReceiver(section, {
          env,
          clients: new HttpClients(env),
          templates: await loadTemplates(env, []),
          externalUrl: `http://member-${i}/`,
          global: config.global,
          httpClient: (section) => toHttpClientConfig(section, { file: (_, name) => name, variables: {} }),
          path: (name) => name,
          variables: {},
        }),
      )
    await manager.apply({ ...config, receivers })
    const stopping = new AbortController()
    const running = runServices([manager, cluster, manager.sending()], stopping.signal, env.log)
    const stop = () => {
      stopping.abort()
      this.members[i] = undefined
      return running
    }
    this.members[i] = { process, cluster, manager, stop }
  }

  /** As kill -9 does, or loss of power. */
  kill(i: number, { losesPower }: { readonly losesPower: boolean }): void {
    this.members[i]?.process.kill()
    this.members[i] = undefined
    if (losesPower) this.world.disk(hostOf(i)).losePower()
    this.kills.push({ member: i, time: this.now })
  }

  /** Drops all that goes between one member and the others, until it heals. */
  isolate(i: number): void {
    this.partitions.push({ from: this.now, to: Number.POSITIVE_INFINITY })
    const cut = hostOf(i)
    const isMember = (host: string) => host.startsWith('10.0.1.')
    this.world.network.swallows = (from, to) => isMember(from) && isMember(to) && (from === cut) !== (to === cut)
  }

  heal(): void {
    this.world.network.swallows = () => false
    for (const partition of this.partitions) partition.to = Math.min(partition.to, this.now)
  }

  fire(name: string, group: string): void {
    const labels = Labels.of({ alertname: name, group })
    this.alerts.set(name, { labels, startsAt: this.now, endsAt: 0 })
  }

  resolve(name: string): void {
    const alert = this.alerts.get(name)
    if (alert !== undefined && alert.endsAt === 0) alert.endsAt = this.now
  }

  /** What the server does now and every half a minute: it tells every member of everything. Or some only. */
  send(to = this.living): void {
    const { now } = this
    const alerts = [...this.alerts.values()].map(({ labels, startsAt, endsAt }) => ({
      labels,
      annotations: Labels.empty,
      startsAt,
      endsAt: endsAt === 0 ? now + BELIEVED_MS : endsAt,
      generatorUrl: '',
      updatedAt: now,
      hasTimeout: false,
    }))
    for (const i of to) this.members[i]!.manager.put(alerts)
  }

  /** How many duplicates the members have found out about, and how many notifications they think may be ones. */
  async duplicatesCounted(): Promise<{ known: number; possible: number }> {
    return { known: await this.#count('duplicate'), possible: await this.#count('possible_duplicate') }
  }

  async #count(what: string): Promise<number> {
    let counted = 0
    for (const { env } of this.processes) {
      const metric = await env.metrics.getSingleMetric(`promontory_alertmanager_${what}_notifications_total`)?.get()
      for (const { value } of metric?.values ?? []) counted += value
    }
    return counted
  }

  /** What a member finds out is in its history, which dies with it where power is lost: it is noted when it is found out. */
  #watch({ history }: Alertmanager): void {
    const note = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1)
    const [mark, add] = [history.markDuplicate.bind(history), history.add.bind(history)]
    history.markDuplicate = (key) => {
      note(this.foundOut, key)
      return mark(key)
    }
    history.add = (record) => {
      if (record.mayBeDuplicate && record.outcome === 'delivered') note(this.saidPossible, record.idempotencyKey)
      add(record)
    }
  }

  #reachedBy(member: number): readonly VirtualProcess[] {
    const { swallows } = this.world.network
    return this.living
      .filter((other) => other !== member && !swallows(hostOf(member), hostOf(other)))
      .map((other) => this.members[other]!.process)
  }

  async silenceGroup(i: number, group: string, comment: string): Promise<string> {
    return await this.members[i]!.manager.silences.set({
      id: '',
      matcherSets: [[{ operator: '=', name: 'group', value: group }]],
      startsAt: this.now,
      endsAt: this.now + 24 * 3600_000,
      createdBy: 'simulation',
      comment,
      annotations: new Map(),
    })
  }

  async #listen(): Promise<void> {
    const { env } = this.world.start(RECEIVER_HOST)
    await env.http.listen({ host: RECEIVER_HOST, port: 80 }, async (request, response) => {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part as Buffer)
      const body = JSON.parse(Buffer.concat(parts).toString()) as {
        externalURL: string
        groupLabels: { group: string }
        alerts: { status: string; labels: { alertname: string } }[]
      }
      const names = (status: string) => body.alerts.filter((alert) => alert.status === status).map(({ labels }) => labels.alertname)
      const from = Number(/member-(\d+)/.exec(body.externalURL)?.[1])
      const heard: Heard = {
        time: this.now,
        group: body.groupLabels.group,
        from,
        sender: this.members[from]?.process,
        witnesses: this.#reachedBy(from),
        idempotencyKey: String(request.headers['idempotency-key']),
        firing: names('firing').sort(),
        resolved: names('resolved').sort(),
      }
      this.heard.push(heard)
      this.onHeard(heard)
      env.clock.setTimer(this.receiverLatencyMs, () => response.end('ok'))
    })
  }
}

export function hostOf(i: number): string {
  return `10.0.1.${i + 1}`
}
