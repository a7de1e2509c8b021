import type { Clock } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { BroadcastQueue, type RoundOptions } from './broadcast-queue.ts'
import type { ClusterMetrics } from './cluster-metrics.ts'
import type { Member } from './member-table.ts'
import type { Cargo } from './memberlist.ts'
import { PACKET_BYTES_MAX } from './packet.ts'
import type { Channel, ReplicatedState } from './replicated-state.ts'
import { decodeFullState, decodePart, encodeFullState, encodePart, type StatePart } from './state-parts.ts'

/** What is larger goes over connections. Source: Alertmanager cluster/channel.go, OversizedMessage. */
const GOSSIP_BYTES_MAX = PACKET_BYTES_MAX / 2
/** Source: Alertmanager cluster/channel.go and delegate.go. */
const OVERSIZE_QUEUE_MAX = 200
const GOSSIP_QUEUE_MAX = 4096

export interface StateCargoOptions {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: ClusterMetrics
  readonly retransmitMult: number
  readonly memberCount: () => number
  readonly others: () => readonly Member[]
  readonly sendReliably: (bytes: Uint8Array, to: Member) => Promise<void>
}

/** The states that the members share, as what they carry. */
export class StateCargo implements Cargo {
  readonly #options: StateCargoOptions
  readonly #states = new Map<string, ReplicatedState>()
  readonly #queue: BroadcastQueue
  readonly #oversize: { readonly key: string; readonly bytes: Uint8Array }[] = []
  #isSending = false

  constructor(options: StateCargoOptions) {
    this.#options = options
    this.#queue = new BroadcastQueue(options)
  }

  get queued(): number {
    return this.#queue.size
  }

  add(state: ReplicatedState): Channel {
    const { key } = state
    this.#states.set(key, state)
    this.#options.metrics.declareState(key)
    return {
      broadcast: (update) => {
        const bytes = encodePart({ key, data: update })
        if (bytes.length <= GOSSIP_BYTES_MAX) this.#gossip(bytes)
        else this.#sendToAll(key, bytes)
      },
    }
  }

  received(bytes: Uint8Array): void {
    this.#options.metrics.received('update', bytes.length)
    try {
      this.#merge(decodePart(bytes))
    } catch (error) {
      this.#options.log.warn('cluster message is damaged', { error: errorMessage(error) })
    }
  }

  broadcasts(round: RoundOptions): Uint8Array[][] {
    const parts = this.#queue.takeRound(round)
    for (const bytes of parts.flat()) this.#options.metrics.sent('update', bytes.length)
    return parts
  }

  localState(): Uint8Array {
    const parts = [...this.#states.values()].map((state) => ({ key: state.key, data: state.snapshot() }))
    // Upstream's members warn of states that they do not know.
    const all = encodeFullState(parts.filter(({ data }) => data.length > 0))
    this.#options.metrics.sent('full_state', all.length)
    return all
  }

  mergeState(remote: Uint8Array): void {
    this.#options.metrics.received('full_state', remote.length)
    try {
      for (const part of decodeFullState(remote)) this.#merge(part)
    } catch (error) {
      this.#options.log.warn('state of a cluster member is damaged', { error: errorMessage(error) })
    }
  }

  /** What was news here may be news to others; what is large they hear from who had it first, or by a full exchange. */
  #merge({ key, data }: StatePart): void {
    const state = this.#states.get(key)
    if (state === undefined) return
    try {
      const news = state.merge(data)
      if (news === null) return
      const bytes = encodePart({ key, data: news })
      if (bytes.length <= GOSSIP_BYTES_MAX) this.#gossip(bytes)
    } catch (error) {
      this.#options.log.warn('state of a cluster member does not merge', { key, error: errorMessage(error) })
    }
  }

  #gossip(bytes: Uint8Array): void {
    this.#queue.add(bytes)
    if (this.#queue.size > GOSSIP_QUEUE_MAX * 1.25) this.#options.metrics.pruned.inc(this.#queue.prune(GOSSIP_QUEUE_MAX))
  }

  #sendToAll(key: string, bytes: Uint8Array): void {
    if (this.#oversize.length >= OVERSIZE_QUEUE_MAX) return void this.#options.metrics.oversizeDropped.inc({ key })
    this.#oversize.push({ key, bytes })
    if (!this.#isSending) void this.#sendOversize()
  }

  /** One after the other, each to all at once. */
  async #sendOversize(): Promise<void> {
    const { metrics, clock, log, others, sendReliably } = this.#options
    this.#isSending = true
    for (let next = this.#oversize.shift(); next !== undefined; next = this.#oversize.shift()) {
      const { key, bytes } = next
      const start = clock.monotonic()
      await Promise.all(
        others().map(async (member) => {
          metrics.oversizeSent.inc({ key })
          try {
            await sendReliably(bytes, member)
            metrics.oversizeSeconds.observe({ key }, (clock.monotonic() - start) / 1000)
          } catch (error) {
            metrics.oversizeFailed.inc({ key })
            log.debug('send to cluster member', { member: member.name, address: member.at, error: errorMessage(error) })
          }
        }),
      )
    }
    this.#isSending = false
  }
}
