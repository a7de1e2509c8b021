import { Counter, type Registry } from 'prom-client'
import type { DeltaSums } from './delta-sums.ts'
import type { OtlpBatch } from './otlp-batch.ts'

/** Metrics of the receiver. Names and helps of `prometheus_…` are upstream's: storage/remote/write_otlp_handler.go. */
export class OtlpMetrics {
  readonly #samples: Counter
  readonly #exemplars: Counter
  readonly #withoutMetadata: Counter
  readonly #outOfOrderExemplars: Counter
  readonly #droppedDeltas: Counter

  constructor(registry: Registry) {
    const registers = [registry]
    this.#samples = new Counter({
      name: 'promontory_otlp_received_samples_total',
      help: 'Samples received by OTLP, by what became of them. What has no translation counts once a point.',
      labelNames: ['outcome'],
      registers,
    })
    this.#samples.inc({ outcome: 'stored' }, 0)
    this.#exemplars = new Counter({ name: 'promontory_otlp_stored_exemplars_total', help: 'Exemplars stored from OTLP.', registers })
    this.#withoutMetadata = new Counter({
      name: 'prometheus_api_otlp_appended_samples_without_metadata_total',
      help: 'The total number of samples ingested from OTLP without corresponding metadata.',
      registers,
    })
    this.#outOfOrderExemplars = new Counter({
      name: 'prometheus_api_otlp_out_of_order_exemplars_total',
      help: 'The total number of received OTLP exemplars which were rejected because they were out of order.',
      registers,
    })
    this.#droppedDeltas = new Counter({
      name: 'promontory_otlp_dropped_deltas_total',
      help: 'Points of delta temporality that could not be added to the sum of their stream.',
      labelNames: ['reason'],
      registers,
    })
  }

  count(batch: OtlpBatch, sums: DeltaSums | undefined): void {
    this.#samples.inc({ outcome: 'stored' }, batch.samples)
    for (const [outcome, count] of batch.refused) this.#samples.inc({ outcome }, count)
    this.#exemplars.inc(batch.storedExemplars)
    this.#withoutMetadata.inc(batch.withoutMetadata)
    this.#outOfOrderExemplars.inc(batch.outOfOrderExemplars)
    if (sums === undefined) return
    for (const [reason, count] of sums.dropped) this.#droppedDeltas.inc({ reason }, count)
    sums.dropped.clear()
  }
}
