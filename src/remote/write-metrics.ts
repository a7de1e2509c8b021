import { Counter, type Registry } from 'prom-client'

/** What a request brought, and what became of it. */
export interface WriteCounts {
  /** Stored. */
  readonly samples: number
  readonly histograms: number
  readonly exemplars: number
  /** Samples and histograms of series whose metadata is not known. */
  readonly withoutMetadata: number
  /** Samples and histograms of series with bad labels. */
  readonly invalidLabels: number
  /** Samples and histograms that were not stored, by reason. */
  readonly refused: ReadonlyMap<string, number>
  /** Exemplars that were not stored, by reason. */
  readonly refusedExemplars: ReadonlyMap<string, number>
}

/** Metrics of the receiver. Names and helps of `prometheus_…` are upstream's: storage/remote/write_handler.go and write.go. */
export class WriteMetrics {
  readonly #samples: Counter
  readonly #exemplars: Counter
  readonly #invalidLabels: Counter
  readonly #withoutMetadata: Counter
  readonly #samplesIn: Counter
  readonly #histogramsIn: Counter
  readonly #exemplarsIn: Counter

  constructor(registry: Registry) {
    const registers = [registry]
    this.#samples = new Counter({
      name: 'promontory_remote_write_received_samples_total',
      help: 'Samples and histograms received by remote write, by what became of them.',
      labelNames: ['outcome'],
      registers,
    })
    this.#exemplars = new Counter({
      name: 'promontory_remote_write_received_exemplars_total',
      help: 'Exemplars received by remote write, by what became of them.',
      labelNames: ['outcome'],
      registers,
    })
    for (const counter of [this.#samples, this.#exemplars]) counter.inc({ outcome: 'stored' }, 0)
    this.#invalidLabels = new Counter({
      name: 'prometheus_api_remote_write_invalid_labels_samples_total',
      help: 'The total number of received remote write samples and histogram samples which were rejected due to invalid labels.',
      registers,
    })
    this.#withoutMetadata = new Counter({
      name: 'prometheus_api_remote_write_without_metadata_appended_samples_total',
      help: 'The total number of received remote write samples (and histogram samples) which were ingested without corresponding metadata.',
      registers,
    })
    this.#samplesIn = new Counter({
      name: 'prometheus_remote_storage_samples_in_total',
      help: 'Samples in to remote storage, compare to samples out for queue managers.',
      registers,
    })
    this.#histogramsIn = new Counter({
      name: 'prometheus_remote_storage_histograms_in_total',
      help: 'HistogramSamples in to remote storage, compare to histograms out for queue managers.',
      registers,
    })
    this.#exemplarsIn = new Counter({
      name: 'prometheus_remote_storage_exemplars_in_total',
      help: 'Exemplars in to remote storage, compare to exemplars out for queue managers.',
      registers,
    })
  }

  count({ samples, histograms, exemplars, withoutMetadata, invalidLabels, refused, refusedExemplars }: WriteCounts): void {
    this.#samples.inc({ outcome: 'stored' }, samples + histograms)
    for (const [outcome, count] of refused) this.#samples.inc({ outcome }, count)
    this.#exemplars.inc({ outcome: 'stored' }, exemplars)
    for (const [outcome, count] of refusedExemplars) this.#exemplars.inc({ outcome }, count)
    this.#invalidLabels.inc(invalidLabels)
    this.#withoutMetadata.inc(withoutMetadata)
    this.#samplesIn.inc(samples)
    this.#histogramsIn.inc(histograms)
    this.#exemplarsIn.inc(exemplars)
  }
}
