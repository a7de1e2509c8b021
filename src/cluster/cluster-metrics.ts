import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

export interface ClusterGauges {
  members(): number
  failedPeers(): number
  position(): number
  healthScore(): number
  messagesQueued(): number
}

export type MessageKind = 'full_state' | 'update'

/** What a member of a cluster tells of itself. Source of names, help and buckets: Alertmanager 0.33, cluster/cluster.go, delegate.go, channel.go. */
export class ClusterMetrics {
  readonly failedReconnections: Counter
  readonly reconnections: Counter
  readonly failedRefreshes: Counter
  readonly refreshes: Counter
  readonly left: Counter
  readonly updated: Counter
  readonly joined: Counter
  readonly conflicts: Counter
  readonly alive: Counter<'peer'>
  readonly pings: Histogram<'peer'>
  readonly pruned: Counter
  readonly refused: Counter
  readonly oversizeSent: Counter<'key'>
  readonly oversizeFailed: Counter<'key'>
  readonly oversizeDropped: Counter<'key'>
  readonly oversizeSeconds: Histogram<'key'>
  readonly #received: Counter<'msg_type'>
  readonly #receivedSize: Counter<'msg_type'>
  readonly #sent: Counter<'msg_type'>
  readonly #sentSize: Counter<'msg_type'>

  constructor(registry: Registry, name: string, gauges: ClusterGauges) {
    const registers = [registry]
    const counter = (suffix: string, help: string) => new Counter({ name: `alertmanager_cluster_${suffix}`, help, registers })
    const gauge = (metric: string, help: string, value: () => number) =>
      new Gauge({
        name: metric,
        help,
        registers,
        collect() {
          this.set(value())
        },
      })
    new Gauge({
      name: 'alertmanager_cluster_peer_info',
      help: "A metric with a constant '1' value labeled by peer name.",
      labelNames: ['peer'],
      registers,
    }).set({ peer: name }, 1)
    gauge('alertmanager_cluster_members', 'Number indicating current number of members in cluster.', gauges.members)
    gauge('alertmanager_cluster_failed_peers', 'Number indicating the current number of failed peers in the cluster.', gauges.failedPeers)
    gauge(
      'alertmanager_cluster_health_score',
      "Health score of the cluster. Lower values are better and zero means 'totally healthy'.",
      gauges.healthScore,
    )
    gauge('alertmanager_cluster_messages_queued', 'Number of cluster messages which are queued.', gauges.messagesQueued)
    gauge(
      'alertmanager_peer_position',
      "Position the Alertmanager instance believes it's in. The position determines a peer's behavior in the cluster.",
      gauges.position,
    )
    this.failedReconnections = counter(
      'reconnections_failed_total',
      'A counter of the number of failed cluster peer reconnection attempts.',
    )
    this.reconnections = counter('reconnections_total', 'A counter of the number of cluster peer reconnections.')
    this.failedRefreshes = counter(
      'refresh_join_failed_total',
      'A counter of the number of failed cluster peer joined attempts via refresh.',
    )
    this.refreshes = counter('refresh_join_total', 'A counter of the number of cluster peer joined via refresh.')
    this.left = counter('peers_left_total', 'A counter of the number of peers that have left.')
    this.updated = counter('peers_update_total', 'A counter of the number of peers that have updated metadata.')
    this.joined = counter('peers_joined_total', 'A counter of the number of peers that have joined.')
    this.conflicts = counter('peer_name_conflicts_total', 'Total number of times memberlist has noticed conflicting peer names')
    this.pruned = counter('messages_pruned_total', 'Total number of cluster messages pruned.')
    this.refused = new Counter({
      name: 'promontory_alertmanager_cluster_messages_refused_total',
      help: 'Messages of cluster members, or of whoever sent them, that could not be used.',
      registers,
    })
    this.alive = new Counter({
      name: 'alertmanager_cluster_alive_messages_total',
      help: 'Total number of received alive messages.',
      labelNames: ['peer'],
      registers,
    })
    this.pings = new Histogram({
      name: 'alertmanager_cluster_pings_seconds',
      help: 'Histogram of latencies for ping messages.',
      labelNames: ['peer'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5],
      registers,
    })
    const typed = (suffix: string, help: string) => {
      const made = new Counter({ name: `alertmanager_cluster_messages_${suffix}`, help, labelNames: ['msg_type'], registers })
      for (const kind of ['full_state', 'update'] as const) made.inc({ msg_type: kind }, 0)
      return made
    }
    this.#received = typed('received_total', 'Total number of cluster messages received.')
    this.#receivedSize = typed('received_size_total', 'Total size of cluster messages received.')
    this.#sent = typed('sent_total', 'Total number of cluster messages sent.')
    this.#sentSize = typed('sent_size_total', 'Total size of cluster messages sent.')
    const keyed = (what: string, help: string) =>
      new Counter({ name: `alertmanager_oversized_gossip_message_${what}_total`, help, labelNames: ['key'], registers })
    this.oversizeSent = keyed('sent', 'Number of oversized gossip message sent.')
    this.oversizeFailed = keyed('failure', 'Number of oversized gossip message sends that failed.')
    this.oversizeDropped = keyed('dropped', 'Number of oversized gossip messages that were dropped due to a full message queue.')
    this.oversizeSeconds = new Histogram({
      name: 'alertmanager_oversize_gossip_message_duration_seconds',
      help: 'Duration of oversized gossip message requests.',
      labelNames: ['key'],
      registers,
    })
  }

  received(kind: MessageKind, sizeBytes: number): void {
    this.#received.inc({ msg_type: kind })
    this.#receivedSize.inc({ msg_type: kind }, sizeBytes)
  }

  sent(kind: MessageKind, sizeBytes: number): void {
    this.#sent.inc({ msg_type: kind })
    this.#sentSize.inc({ msg_type: kind }, sizeBytes)
  }

  /** Lets the counters of a state show, with zero. */
  declareState(key: string): void {
    for (const metric of [this.oversizeSent, this.oversizeFailed, this.oversizeDropped]) metric.inc({ key }, 0)
    this.oversizeSeconds.zero({ key })
  }

  /** A member that is gone takes its series with it: upstream's members have a new name at each start. */
  forget(peer: string): void {
    this.alive.remove({ peer })
    this.pings.remove({ peer })
  }
}
