import { Counter, Gauge, Histogram } from 'prom-client'
import type { Env } from '../../base/env.ts'
import { type Silence, type SilenceState, silenceState } from './silence.ts'

const STATES: readonly SilenceState[] = ['active', 'expired', 'pending']

/** Source of names and texts: Alertmanager silence/silence.go, newMetrics. */
export class SilenceMetrics {
  readonly compileErrors: Counter<'stage'>
  readonly #queries: Counter
  readonly #queryDuration: Histogram
  readonly #scanned: Counter
  readonly #skipped: Counter

  constructor(
    { metrics, clock }: Pick<Env, 'metrics' | 'clock'>,
    { all, compiledCount, arrivalCount }: { all(): readonly Silence[]; compiledCount(): number; arrivalCount(): number },
  ) {
    const registers = [metrics]
    this.compileErrors = new Counter({
      name: 'alertmanager_silences_matcher_compile_errors_total',
      help: 'How many silence matcher compilations failed.',
      labelNames: ['stage'],
      registers,
    })
    for (const stage of ['index', 'load_snapshot']) this.compileErrors.inc({ stage }, 0)
    new Gauge({
      name: 'alertmanager_silences',
      help: 'How many silences by state.',
      labelNames: ['state'],
      registers,
      collect() {
        const now = clock.now()
        const known = all()
        for (const state of STATES) this.set({ state }, known.filter((silence) => silenceState(silence, now) === state).length)
      },
    })
    const size = (name: string, help: string, count: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(count())
        },
      })
    size('alertmanager_silences_state_size', 'The number of silences in the state map.', () => all().length)
    size('alertmanager_silences_matcher_index_size', 'The number of entries in the matcher cache index.', compiledCount)
    size('alertmanager_silences_version_index_size', 'The number of entries in the version index.', arrivalCount)
    this.#queries = new Counter({ name: 'alertmanager_silences_queries_total', help: 'How many silence queries were received.', registers })
    this.#queryDuration = new Histogram({
      name: 'alertmanager_silences_query_duration_seconds',
      help: 'Duration of silence query evaluation.',
      registers,
    })
    this.#scanned = new Counter({
      name: 'alertmanager_silences_query_silences_scanned_total',
      help: 'How many silences were scanned during query evaluation.',
      registers,
    })
    this.#skipped = new Counter({
      name: 'alertmanager_silences_query_silences_skipped_total',
      help: 'How many silences were skipped during query evaluation using the version index.',
      registers,
    })
  }

  /** Some silences were asked for, or those of some labels: so many were looked at, and so many were known not to be among them. */
  queried(durationMs: number, scannedCount: number, skippedCount = 0): void {
    this.#queries.inc()
    this.#queryDuration.observe(durationMs / 1000)
    this.#scanned.inc(scannedCount)
    this.#skipped.inc(skippedCount)
  }
}
