import { Counter, Gauge, type Registry } from 'prom-client'
import type { Env } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { PlainSummary } from '../../base/plain-summary.ts'

/** What a state that lasts does from time to time. Source of names and texts: Alertmanager silence/silence.go and nflog/nflog.go, newMetrics. */
export class StateMetrics {
  readonly propagated: Counter
  readonly #name: string
  readonly #what: string
  readonly #collections: PlainSummary
  readonly #snapshots: PlainSummary
  readonly #snapshotBytes: Gauge
  readonly #runs: Counter
  readonly #errors: Counter

  /** `name`: in names of metrics; `what`: in their texts. */
  constructor(metrics: Registry, name: string, what: string) {
    this.#name = name
    this.#what = what
    const registers = [metrics]
    const prefix = `alertmanager_${name}`
    this.#collections = new PlainSummary({
      name: `${prefix}_gc_duration_seconds`,
      help: `Duration of the last ${what} garbage collection cycle.`,
      registers,
    })
    this.#snapshots = new PlainSummary({
      name: `${prefix}_snapshot_duration_seconds`,
      help: `Duration of the last ${what} snapshot.`,
      registers,
    })
    this.#snapshotBytes = new Gauge({
      name: `${prefix}_snapshot_size_bytes`,
      help: `Size of the last ${what} snapshot in bytes.`,
      registers,
    })
    this.#runs = new Counter({ name: `${prefix}_maintenance_total`, help: `How many maintenances were executed for ${what}s.`, registers })
    this.#errors = new Counter({
      name: `${prefix}_maintenance_errors_total`,
      help: `How many maintenances were executed for ${what}s that failed.`,
      registers,
    })
    this.propagated = new Counter({
      name: `${prefix}_gossip_messages_propagated_total`,
      help: 'Number of received gossip messages that have been further gossiped.',
      registers,
    })
  }

  /** Failures are logged and counted: the next time tries again. */
  async maintain(
    { clock, log }: Pick<Env, 'clock' | 'log'>,
    { collect, snapshot }: { readonly collect: () => void; readonly snapshot: () => Promise<number> },
  ): Promise<void> {
    this.#runs.inc()
    const started = clock.monotonic()
    collect()
    const collected = clock.monotonic()
    this.#collections.observe((collected - started) / 1000)
    try {
      this.#snapshotBytes.set(await snapshot())
      this.#snapshots.observe((clock.monotonic() - collected) / 1000)
    } catch (error) {
      this.#errors.inc()
      log.error(`${this.#what}s are not written to their file`, { file: this.#name, error: errorMessage(error) })
    }
  }
}
