import { Gauge, Histogram, type Registry } from 'prom-client'
import { PlainSummary } from '../../base/plain-summary.ts'

/** Source of upstream's names and texts: Alertmanager dispatch/dispatch.go, NewDispatcherMetrics. */
export class DispatcherMetrics {
  readonly groups: Gauge
  readonly processing: PlainSummary
  readonly lateness: Histogram

  constructor(registry: Registry) {
    const registers = [registry]
    this.groups = new Gauge({
      name: 'alertmanager_dispatcher_aggregation_groups',
      help: 'Number of active aggregation groups',
      registers,
    })
    this.processing = new PlainSummary({
      name: 'alertmanager_dispatcher_alert_processing_duration_seconds',
      help: 'Summary of latencies for the processing of alerts.',
      registers,
    })
    this.lateness = new Histogram({
      name: 'promontory_alertmanager_flush_lateness_seconds',
      help: 'How long after its time the flush of a group began.',
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    })
  }
}
