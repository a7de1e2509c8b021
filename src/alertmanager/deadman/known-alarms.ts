import { Labels, LabelsBuilder } from '../../model/labels.ts'
import type { AlarmConfig } from './deadman-config.ts'
import type { AlarmState, DeadmanState } from './deadman-state.ts'

// An alarm is the same for who is told of it as long as it goes to the same receiver with the same labels.

/** An alarm, and what is known of it. */
export interface KnownAlarm {
  readonly labels: Labels
  readonly state: AlarmState
}

interface Entry extends KnownAlarm {
  readonly kind: 'heartbeat' | 'drill' | 'left'
  readonly name: string
}

interface Configured {
  readonly heartbeats: readonly AlarmConfig[]
  readonly drills: readonly AlarmConfig[]
}

/** What is known of alarms from before a configuration. Each of it takes what is its own; `rest` is what nobody took. */
export class KnownAlarms {
  readonly #entries: Set<Entry>

  constructor({ heartbeats, drills, left = [] }: DeadmanState) {
    this.#entries = new Set([
      ...Object.entries(heartbeats).map(([name, { alarm }]) => entryOf('heartbeat', name, alarm)),
      ...Object.entries(drills).map(([name, { alarm }]) => entryOf('drill', name, alarm)),
      ...left.map((state) => entryOf('left', '', state)),
    ])
  }

  ofHeartbeat(config: AlarmConfig): KnownAlarm {
    return this.#take('heartbeat', config)
  }

  ofDrill(config: AlarmConfig): KnownAlarm {
    return this.#take('drill', config)
  }

  /** What somebody may have been told of that is not over for him; it is over at `now`, if it was not before. */
  *rest(now: number, configured: Configured): Generator<KnownAlarm> {
    for (const { kind, name, labels, state } of this.#entries) {
      const { episode, annotations } = state
      if (episode === undefined) continue
      if (episode.end !== undefined || kind === 'left') {
        yield { labels, state }
        continue
      }
      const isConfigured = (kind === 'heartbeat' ? configured.heartbeats : configured.drills).some((each) => each.name === name)
      const [reason, description] = isConfigured
        ? [
            'changed in the configuration',
            `The ${kind} ${name} has another receiver or other labels now: what is told of it goes on there.`,
          ]
        : ['removed from the configuration', `The ${kind} ${name} is not in the configuration any more: nobody waits for it.`]
      const end = Math.max(now, episode.since)
      yield { labels, state: { ...state, annotations: { ...annotations, description }, episode: { ...episode, end, reason } } }
    }
  }

  #take(kind: 'heartbeat' | 'drill', { name, receiver, labels: configured }: AlarmConfig): KnownAlarm {
    const builder = new LabelsBuilder(ownLabels(kind, name))
    for (const [label, value] of configured) builder.set(label, value)
    const labels = builder.labels()
    let own: Entry | undefined
    let same: Entry | undefined
    for (const entry of this.#entries) {
      const isOwn = entry.kind === kind && entry.name === name
      if (isOwn) own = entry
      if (entry.state.receiver !== receiver) continue
      // A version before did not write labels.
      if ((isOwn && entry.state.labels === undefined) || entry.labels.equals(labels)) same = entry
    }
    if (same !== undefined) this.#entries.delete(same)
    // Another receiver has not been told what this one was.
    const state = { receiver, episode: own?.state.episode ?? same?.state.episode, told: same?.state.told ?? {} }
    return { labels, state }
  }
}

function entryOf(kind: Entry['kind'], name: string, state: AlarmState): Entry {
  const labels = state.labels === undefined && kind !== 'left' ? ownLabels(kind, name) : Labels.of(state.labels ?? {})
  return { kind, name, labels, state }
}

function ownLabels(kind: 'heartbeat' | 'drill', name: string): Labels {
  return Labels.of({ alertname: kind === 'heartbeat' ? 'HeartbeatMissing' : 'DrillMissed', [kind]: name })
}
