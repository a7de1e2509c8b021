import type { Registry } from 'prom-client'

/** A summary of sum and count alone: what the library keeps for quantiles takes longer than what is measured. */
export class PlainSummary {
  readonly #labels = {}
  #sum = 0
  #count = 0

  constructor({ name, help, registers }: { readonly name: string; readonly help: string; readonly registers: readonly Registry[] }) {
    const metric = {
      name,
      help,
      type: 'summary',
      aggregator: 'sum',
      collect: undefined,
      get: async () => ({
        name,
        help,
        type: 'summary',
        aggregator: 'sum',
        values: [
          { value: this.#sum, labels: this.#labels, metricName: `${name}_sum` },
          { value: this.#count, labels: this.#labels, metricName: `${name}_count` },
        ],
      }),
      reset: () => {
        this.#sum = 0
        this.#count = 0
      },
    }
    for (const registry of registers) registry.registerMetric(metric as unknown as Parameters<Registry['registerMetric']>[0])
  }

  /** `count` measurements of the same. */
  observe(value: number, count = 1): void {
    this.#sum += value * count
    this.#count += count
  }
}
