import { Counter, Gauge } from 'prom-client'
import type { Env } from '../../base/env.ts'
import { type Silence, type SilenceState, silenceState } from './silence.ts'

const STATES: readonly SilenceState[] = ['active', 'expired', 'pending']

/** Source of names and texts: Alertmanager silence/silence.go, newMetrics. */
export class SilenceMetrics {
  readonly compileErrors: Counter<'stage'>

  constructor({ metrics, clock }: Pick<Env, 'metrics' | 'clock'>, all: () => readonly Silence[]) {
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
    new Gauge({
      name: 'alertmanager_silences_state_size',
      help: 'The number of silences in the state map.',
      registers,
      collect() {
        this.set(all().length)
      },
    })
  }
}
