import type { SendBatch } from './send-batch.ts'
import { type DropReason, type OutMetrics, SENT_KINDS, type SentKind } from './write-metrics-out.ts'

export type Counts = Record<SentKind, number>
/** Why what was read is not sent. */
export type ReadReason = Exclude<DropReason, 'backlog_full'>

/** What became of the samples of one destination. */
export class DestinationCounts {
  readonly metrics: OutMetrics
  readonly place: { readonly remote_name: string; readonly url: string }
  /** What was dropped while reading, and is not in the metrics yet: not a sample at a time. */
  readonly unread = { samples: noDrops(), histograms: noDrops(), exemplars: noDrops() }

  constructor(metrics: OutMetrics, place: DestinationCounts['place']) {
    this.metrics = metrics
    this.place = place
  }

  /** Puts what was dropped while reading into the metrics; how much it was. */
  tellDrops(): number {
    let total = 0
    for (const kind of SENT_KINDS) {
      for (const reason of Object.keys(this.unread[kind]) as ReadReason[]) {
        const count = this.unread[kind][reason]
        if (count === 0) continue
        this.metrics.dropped[kind].inc({ ...this.place, reason }, count)
        this.unread[kind][reason] = 0
        total += count
      }
    }
    return total
  }

  drop(reason: DropReason, counts: Counts): void {
    for (const kind of SENT_KINDS) if (counts[kind] > 0) this.metrics.dropped[kind].inc({ ...this.place, reason }, counts[kind])
  }

  /** A batch that was given up. */
  lose(batch: SendBatch): void {
    this.drop('backlog_full', countsOf(batch))
    this.metrics.lost.inc(this.place, batch.count)
  }

  /** Samples that were given up before they were read. */
  loseUnread(count: number): void {
    this.drop('backlog_full', { samples: count, histograms: 0, exemplars: 0 })
    this.metrics.lost.inc(this.place, count)
  }

  add(what: 'sent' | 'failed' | 'retried', counts: Counts): void {
    for (const kind of SENT_KINDS) if (counts[kind] > 0) this.metrics[what][kind].inc(this.place, counts[kind])
  }

  /** What waits now. */
  wait(batches: Iterable<SendBatch>): void {
    const waiting: Counts = { samples: 0, histograms: 0, exemplars: 0 }
    for (const batch of batches) {
      const counts = countsOf(batch)
      for (const kind of SENT_KINDS) waiting[kind] += counts[kind]
    }
    for (const kind of SENT_KINDS) this.metrics.pending[kind].set(this.place, waiting[kind])
  }
}

export function countsOf({ count, histogramCount, exemplars }: SendBatch): Counts {
  return { samples: count - histogramCount, histograms: histogramCount, exemplars: exemplars.length }
}

function noDrops(): Record<ReadReason, number> {
  return { dropped_series: 0, unintentionally_dropped_series: 0, too_old: 0 }
}
