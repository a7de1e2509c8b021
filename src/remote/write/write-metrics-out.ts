import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { knownMetric } from '../../discovery/known-metric.ts'

const LABELS = ['remote_name', 'url'] as const
type Place = { readonly remote_name: string; readonly url: string }
const WITH_REASON = [...LABELS, 'reason'] as const

/** Why a sample is not sent. The first are upstream's words. */
export type DropReason = 'dropped_series' | 'unintentionally_dropped_series' | 'too_old' | 'backlog_full'

export const SENT_KINDS = ['samples', 'histograms', 'exemplars'] as const
export type SentKind = (typeof SENT_KINDS)[number]
const KINDS_AND_METADATA = [...SENT_KINDS, 'metadata'] as const

/** Metrics of all destinations. Names and helps of `prometheus_…` are upstream's: storage/remote/queue_manager.go. */
export class OutMetrics {
  readonly #registry: Registry
  readonly #all: (Counter | Gauge | Histogram)[] = []
  readonly sent: Readonly<Record<SentKind | 'metadata', Counter>>
  readonly failed: Readonly<Record<SentKind | 'metadata', Counter>>
  readonly retried: Readonly<Record<SentKind | 'metadata', Counter>>
  readonly dropped: Readonly<Record<SentKind, Counter>>
  readonly pending: Readonly<Record<SentKind, Gauge>>
  readonly enqueueRetries: Counter
  readonly duration: Histogram
  readonly highestSent: Gauge
  readonly highestRead: Gauge
  readonly shards: Gauge
  readonly shardsMin: Gauge
  readonly shardsMax: Gauge
  readonly shardsDesired: Gauge
  readonly shardCapacity: Gauge
  readonly maxSamplesPerSend: Gauge
  readonly bytes: Counter
  readonly metadataBytes: Counter
  readonly backlogBytes: Gauge
  readonly lost: Counter
  readonly damages: Counter
  readonly currentSegment: Gauge
  readonly fellBack: Gauge

  constructor(registry: Registry) {
    this.#registry = registry
    const each = <K extends string, M>(kinds: readonly K[], make: (kind: K) => M) =>
      Object.fromEntries(kinds.map((kind) => [kind, make(kind)])) as Record<K, M>
    const prefix = 'prometheus_remote_storage_'
    this.sent = each(KINDS_AND_METADATA, (kind) =>
      this.#counter(`${prefix}${kind}_total`, `Total number of ${NAMES[kind]} sent to remote storage.`),
    )
    this.failed = each(KINDS_AND_METADATA, (kind) =>
      this.#counter(
        `${prefix}${kind}_failed_total`,
        `Total number of ${NAMES[kind]} which failed on send to remote storage, non-recoverable errors.`,
      ),
    )
    this.retried = each(KINDS_AND_METADATA, (kind) =>
      this.#counter(
        `${prefix}${kind}_retried_total`,
        `Total number of ${NAMES[kind]} which failed on send to remote storage but were retried because the send error was recoverable.`,
      ),
    )
    this.dropped = each(SENT_KINDS, (kind) =>
      this.#counter(
        `${prefix}${kind}_dropped_total`,
        `Total number of ${NAMES[kind]} which were dropped after being read from the WAL before being sent via remote write, either via relabelling, due to being too old or unintentionally because of an unknown reference ID.`,
        WITH_REASON,
      ),
    )
    this.pending = each(SENT_KINDS, (kind) =>
      this.#gauge(
        `${prefix}${kind}_pending`,
        `The number of ${NAMES[kind]} pending in the queues shards to be sent to the remote storage.`,
      ),
    )
    this.enqueueRetries = this.#counter(
      `${prefix}enqueue_retries_total`,
      'Total number of times enqueue has failed because a shards queue was full.',
    )
    this.duration = this.#known(
      `${prefix}sent_batch_duration_seconds`,
      (base) =>
        new Histogram({
          ...base,
          help: 'Duration of send calls to the remote storage.',
          labelNames: LABELS,
          buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60, 120, 300],
        }),
    )
    this.highestSent = this.#gauge(
      `${prefix}queue_highest_sent_timestamp_seconds`,
      'Timestamp from a WAL sample, the highest timestamp successfully sent by this queue, in seconds since epoch.',
    )
    this.highestRead = this.#gauge(`${prefix}queue_highest_timestamp_seconds`, 'Highest timestamp that was enqueued, seconds since epoch.')
    this.shards = this.#gauge(`${prefix}shards`, 'The number of shards used for parallel sending to the remote storage.')
    this.shardsMin = this.#gauge(`${prefix}shards_min`, 'The minimum number of shards that the queue is allowed to run.')
    this.shardsMax = this.#gauge(`${prefix}shards_max`, 'The maximum number of shards that the queue is allowed to run.')
    this.shardsDesired = this.#gauge(
      `${prefix}shards_desired`,
      'The number of shards that the queues shard calculation wants to run based on the rate of samples in vs. samples out.',
    )
    this.shardCapacity = this.#gauge(
      `${prefix}shard_capacity`,
      'The capacity of each shard of the queue used for parallel sending to the remote storage.',
    )
    this.maxSamplesPerSend = this.#gauge(
      `${prefix}max_samples_per_send`,
      'The maximum number of samples to be sent, in a single request, to the remote storage. Note that, when sending of exemplars over remote write is enabled, exemplars count towards this limt.',
    )
    this.bytes = this.#counter(
      `${prefix}bytes_total`,
      'The total number of bytes of data (not metadata) sent by the queue after compression. Note that when exemplars over remote write is enabled the exemplars included in a remote write request count towards this metric.',
    )
    this.metadataBytes = this.#counter(
      `${prefix}metadata_bytes_total`,
      'The total number of bytes of metadata sent by the queue after compression.',
    )
    this.backlogBytes = this.#gauge(
      'promontory_remote_write_backlog_bytes',
      'Bytes of the log from the place up to which everything was taken by the destination.',
    )
    this.lost = this.#counter(
      'promontory_remote_write_lost_samples_total',
      'Samples and histograms of the log that will not be sent, since the destination is further behind than the log is kept for it.',
    )
    this.damages = this.#counter('promontory_remote_write_log_damages_total', 'Places of the log that could not be read for a destination.')
    this.currentSegment = this.#gauge('promontory_remote_write_log_segment', 'Segment of the log that is read for a destination.')
    this.fellBack = this.#gauge(
      'promontory_remote_write_fell_back',
      'Whether a destination that is configured for remote write 2.0 takes only 1.0, which it is sent.',
    )
  }

  /** The values of one destination, from 0 on. */
  open(place: Place): void {
    for (const one of [this.sent, this.failed, this.retried]) for (const kind of KINDS_AND_METADATA) one[kind].inc(place, 0)
    for (const kind of SENT_KINDS) {
      this.pending[kind].set(place, 0)
      for (const reason of ['dropped_series', 'unintentionally_dropped_series', 'too_old', 'backlog_full'])
        this.dropped[kind].inc({ ...place, reason }, 0)
    }
    for (const counter of [this.enqueueRetries, this.bytes, this.metadataBytes, this.lost, this.damages]) counter.inc(place, 0)
    this.fellBack.set(place, 0)
    this.highestSent.set(place, 0)
    this.backlogBytes.set(place, 0)
  }

  /** The destination is gone. */
  forget(place: Place): void {
    for (const metric of this.#all) metric.remove(place)
    for (const kind of SENT_KINDS)
      for (const reason of ['dropped_series', 'unintentionally_dropped_series', 'too_old', 'backlog_full'])
        this.dropped[kind].remove({ ...place, reason })
  }

  #known<M extends Counter | Gauge | Histogram>(name: string, make: (base: { name: string; registers: Registry[] }) => M): M {
    const metric = knownMetric(this.#registry, name, make)
    this.#all.push(metric)
    return metric
  }

  #counter(name: string, help: string, labelNames: readonly string[] = LABELS): Counter {
    return this.#known(name, (base) => new Counter({ ...base, help, labelNames }))
  }

  #gauge(name: string, help: string): Gauge {
    return this.#known(name, (base) => new Gauge({ ...base, help, labelNames: LABELS }))
  }
}

const NAMES = { samples: 'samples', histograms: 'histograms', exemplars: 'exemplars', metadata: 'metadata entries' }
