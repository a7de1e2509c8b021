import { formatAddress } from '../base/address.ts'
import { type Env, type NetworkAddress, sleep } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { type Service, untilAborted } from '../base/service.ts'
import { advertiseAddress } from './advertise-address.ts'
import { ClusterMetrics } from './cluster-metrics.ts'
import { ipText } from './ip-bytes.ts'
import type { Member } from './member-table.ts'
import { Memberlist, type MemberlistEvents } from './memberlist.ts'
import { resolvePeers } from './peer-names.ts'
import type { Channel, ClusterFeature, ClusterStatus, ClusterView, ReplicatedState } from './replicated-state.ts'
import { StateCargo } from './state-cargo.ts'
import { type ClusterTls, openTlsTransport } from './tls-transport.ts'
import { openUdpTransport } from './udp-transport.ts'

export interface ClusterOptions {
  /** As `memberName` has it. */
  readonly name: string
  readonly listen: NetworkAddress
  /** What others are told; default: the address that is listened on, or the machine's private one. */
  readonly advertise?: NetworkAddress
  readonly allowsPublicAdvertise: boolean
  /** `HOST:PORT` of other members, one is enough. */
  readonly peers: readonly string[]
  readonly label: string
  readonly tls?: ClusterTls
  readonly peersResolveTimeoutMs: number
  readonly gossipIntervalMs: number
  /** 0: never. */
  readonly pushPullIntervalMs: number
  readonly tcpTimeoutMs: number
  readonly probeTimeoutMs: number
  readonly probeIntervalMs: number
  readonly settleTimeoutMs: number
  /** 0: never. */
  readonly reconnectIntervalMs: number
  /** 0: for ever. */
  readonly reconnectTimeoutMs: number
}

/** Source: Alertmanager cluster/cluster.go and cmd/alertmanager/main.go. */
const REFRESH_INTERVAL_MS = 15_000
const SETTLE_INTERVALS = 10
const SETTLE_EQUAL_POLLS = 3
const LEAVE_TIMEOUT_MS = 10_000
const RETRANSMIT_LEAST = 3
const ALONE_AFTER_MS = 10_000

/** What this member tells the others that it has. */
const FEATURES: readonly ClusterFeature[] = ['claims']
const text = new TextDecoder()

interface FailedPeer {
  readonly name: string
  readonly to: NetworkAddress
  /** By the monotonic clock, ms. */
  readonly since: number
}

/** A member of a cluster of Alertmanagers, ours or upstream's. docs/protocols/memberlist.md. */
export class Cluster implements ClusterView, Service {
  readonly name = 'cluster'
  readonly #env: Env
  readonly #options: ClusterOptions
  readonly #metrics: ClusterMetrics
  readonly #cargo: StateCargo
  #list: Memberlist | undefined
  /** By address: who was a member, or was to become one, and cannot be reached. */
  readonly #failed = new Map<string, FailedPeer>()
  readonly #settled = Promise.withResolvers<void>()
  #isSettled = false

  constructor(env: Env, options: ClusterOptions) {
    this.#env = env
    this.#options = options
    this.#metrics = new ClusterMetrics(env.metrics, options.name, {
      members: () => this.#members().length,
      failedPeers: () => this.#failed.size,
      position: () => this.position(),
      healthScore: () => this.#list?.healthScore ?? 0,
      messagesQueued: () => this.#cargo.queued,
    })
    this.#cargo = new StateCargo({
      clock: env.clock,
      log: env.log,
      metrics: this.#metrics,
      retransmitMult: this.#gossipNodes,
      memberCount: () => this.#members().length,
      others: () => this.#members().filter(({ name }) => name !== options.name),
      sendReliably: async (bytes, to) => await this.#list?.sendReliably(bytes, to),
    })
  }

  /** States are added before it runs. */
  addState(state: ReplicatedState): Channel {
    return this.#cargo.add(state)
  }

  position(): number {
    const { name } = this.#options
    return this.#members().filter((member) => member.name < name).length
  }

  settled(): Promise<void> {
    return this.#settled.promise
  }

  isSettled(): boolean {
    return this.#isSettled
  }

  status(): ClusterStatus {
    return {
      status: this.#isSettled ? 'ready' : 'settling',
      name: this.#options.name,
      peers: this.#members().map(({ name, at }) => ({ name, address: at })),
    }
  }

  allHave(feature: ClusterFeature): boolean {
    const members = this.#members()
    return members.length > 1 && members.every(({ meta }) => text.decode(meta).split(' ').includes(feature))
  }

  hasMember(name: string): boolean {
    return this.#members().some((member) => member.name === name)
  }

  /** Where this member listens; undefined before it does. */
  address(): NetworkAddress | undefined {
    return this.#list?.self
  }

  /** Is a member from when it is ready, joined or not, until it has left. */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const env = this.#env
    const list = await this.#open()
    this.#list = list
    try {
      await this.#join(list, signal)
      ready()
      const tasks = [this.#settle(signal), this.#watchPeers(list, signal), this.#reconnecting(list, signal), this.#warnIfAlone(signal)]
      await untilAborted(signal)
      await Promise.all(tasks)
      await list.leave(LEAVE_TIMEOUT_MS)
    } finally {
      await list.close()
      env.log.debug('cluster left', {})
    }
  }

  get #gossipNodes(): number {
    return Math.max(RETRANSMIT_LEAST, Math.floor(this.#options.peers.length / 2))
  }

  #members(): readonly Member[] {
    return this.#list?.members() ?? []
  }

  async #open(): Promise<Memberlist> {
    const { name, label, listen, tls } = this.#options
    const env = this.#env
    const advertised = this.#advertised()
    env.log.info('cluster member starts', { member: name, address: formatAddress(listen), advertised: ipText(advertised.address) })
    return await Memberlist.open({
      ...this.#options,
      env,
      name,
      label,
      meta: new TextEncoder().encode(FEATURES.join(' ')),
      advertise: advertised,
      openTransport: (options) =>
        tls === undefined ? openUdpTransport(env, listen, options) : openTlsTransport(env, listen, tls, options),
      cargo: this.#cargo,
      events: this.#events(),
      gossipNodes: this.#gossipNodes,
    })
  }

  /** A member without others does without an address for them. */
  #advertised(): { address: Uint8Array; port: number } {
    const { listen, advertise, allowsPublicAdvertise: allowsPublic, peers } = this.#options
    const { udp, log } = this.#env
    try {
      return advertiseAddress({ bind: listen, advertise, addresses: udp.addresses(), allowsPublic })
    } catch (error) {
      if (peers.length > 0 || advertise !== undefined) throw error
      log.warn('other cluster members could not reach this one', { reason: errorMessage(error) })
      return { address: Uint8Array.of(127, 0, 0, 1), port: 0 }
    }
  }

  #events(): MemberlistEvents {
    const { log, clock } = this.#env
    return {
      joined: (member) => {
        this.#metrics.joined.inc()
        this.#failed.delete(member.at)
        // It has come back elsewhere: where it was there is nobody to wait for.
        for (const [address, { name }] of this.#failed) if (name === member.name) this.#failed.delete(address)
        log.info('cluster member joined', { member: member.name, address: member.at })
      },
      gone: (member) => {
        this.#metrics.left.inc()
        this.#metrics.forget(member.name)
        // Who has left as it said does not come back where it was; who comes, comes by itself.
        if (member.state === 'dead')
          this.#failed.set(member.at, { name: member.name, to: { host: member.host, port: member.port }, since: clock.monotonic() })
        log.info('cluster member gone', { member: member.name, address: member.at, state: member.state })
      },
      updated: () => this.#metrics.updated.inc(),
      conflicting: (member, at) => {
        this.#metrics.conflicts.inc()
        log.warn('cluster member name is used twice', { member: member.name, address: member.at, other: at })
      },
      aliveMessage: (name) => this.#metrics.alive.inc({ peer: name }),
      pinged: (member, roundTripMs) => this.#metrics.pings.observe({ peer: member.name }, roundTripMs / 1000),
      refused: (why, from) => {
        this.#metrics.refused.inc()
        log.debug('cluster message refused', { from: formatAddress(from), reason: why })
      },
    }
  }

  async #join(list: Memberlist, signal: AbortSignal): Promise<void> {
    const { peers, peersResolveTimeoutMs: timeoutMs } = this.#options
    const env = this.#env
    const addresses = await resolvePeers(env, { peers, timeoutMs, signal })
    const others = addresses.filter((address) => formatAddress(address) !== list.self.at)
    // Until they join they count as failed: so they are tried again.
    for (const to of others) this.#failed.set(formatAddress(to), { name: '', to, since: env.clock.monotonic() })
    const joined = await Promise.all(
      others.map((to) =>
        list.join(to).then(
          () => true,
          (error: unknown) => {
            env.log.warn('join cluster peer', { address: formatAddress(to), error: errorMessage(error) })
            return false
          },
        ),
      ),
    )
    if (others.length > 0 && !joined.includes(true)) env.log.warn('no cluster peer could be joined, and all are tried again', {})
  }

  async #settle(signal: AbortSignal): Promise<void> {
    const { gossipIntervalMs, settleTimeoutMs } = this.#options
    const { clock, log } = this.#env
    const start = clock.monotonic()
    const deadline = start + settleTimeoutMs
    let [before, equal] = [0, 0]
    for (;;) {
      const waitMs = gossipIntervalMs * SETTLE_INTERVALS
      const leftMs = deadline - clock.monotonic()
      await sleep(clock, Math.min(waitMs, leftMs), signal)
      if (signal.aborted) return
      const count = this.#members().length
      if (leftMs <= waitMs) {
        log.info('cluster not settled, and goes on', { members: count, durationMs: clock.monotonic() - start })
        break
      }
      if (equal >= SETTLE_EQUAL_POLLS) {
        log.info('cluster settled', { members: count, durationMs: clock.monotonic() - start })
        break
      }
      equal = count === before ? equal + 1 : 0
      before = count
    }
    this.#isSettled = true
    this.#settled.resolve()
  }

  /** Names may come to mean others: what they mean is asked again, and whoever is no member yet is joined. */
  async #watchPeers(list: Memberlist, signal: AbortSignal): Promise<void> {
    const env = this.#env
    for (;;) {
      await sleep(env.clock, REFRESH_INTERVAL_MS, signal)
      if (signal.aborted) return
      const addresses = await resolvePeers(env, { peers: this.#options.peers, timeoutMs: 0, signal })
      const known = new Set(this.#members().map(({ at }) => at))
      for (const to of addresses) {
        const address = formatAddress(to)
        // Failed ones have an interval of their own.
        if (known.has(address) || address === list.self.at || this.#failed.has(address) || signal.aborted) continue
        await this.#tryJoin(list, to, { worked: this.#metrics.refreshes, failed: this.#metrics.failedRefreshes })
      }
    }
  }

  async #reconnecting(list: Memberlist, signal: AbortSignal): Promise<void> {
    const { reconnectIntervalMs, reconnectTimeoutMs } = this.#options
    if (reconnectIntervalMs === 0) return
    const { clock } = this.#env
    for (;;) {
      await sleep(clock, reconnectIntervalMs, signal)
      for (const [address, { to, since }] of [...this.#failed]) {
        if (signal.aborted) return
        if (reconnectTimeoutMs > 0 && clock.monotonic() - since > reconnectTimeoutMs) {
          this.#failed.delete(address)
          continue
        }
        await this.#tryJoin(list, to, { worked: this.#metrics.reconnections, failed: this.#metrics.failedReconnections })
      }
      if (signal.aborted) return
    }
  }

  async #tryJoin(list: Memberlist, to: NetworkAddress, counters: { worked: { inc(): void }; failed: { inc(): void } }): Promise<void> {
    try {
      await list.join(to)
      counters.worked.inc()
    } catch (error) {
      counters.failed.inc()
      this.#env.log.debug('join cluster peer', { address: formatAddress(to), error: errorMessage(error) })
    }
  }

  async #warnIfAlone(signal: AbortSignal): Promise<void> {
    if (this.#options.peers.length === 0) return
    for (let wasAlone = false; !signal.aborted; ) {
      await sleep(this.#env.clock, ALONE_AFTER_MS, signal)
      const isAlone = this.#members().length <= 1
      if (isAlone && !wasAlone && !signal.aborted) this.#env.log.warn('this cluster member is alone', {})
      wasAlone = isAlone
    }
  }
}
