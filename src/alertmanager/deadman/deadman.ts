import type { Env } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import type { Service } from '../../base/service.ts'
import { untilAborted } from '../../base/service.ts'
import { Labels } from '../../model/labels.ts'
import type { Integration } from '../receivers/integration.ts'
import { Alarm } from './alarm.ts'
import type { AlarmConfig, DrillConfig, HeartbeatConfig } from './deadman-config.ts'
import { DeadmanMetrics } from './deadman-metrics.ts'
import { DRILL_LABEL, DRILL_RUN_LABEL } from './deadman-schema.ts'
import { type DeadmanState, encodeState, readState, writeState } from './deadman-state.ts'
import { Drill, type DrillSender } from './drill.ts'
import { Heartbeat } from './heartbeat.ts'
import { type KnownAlarm, KnownAlarms } from './known-alarms.ts'
import { Waker } from './waker.ts'
import { alertsOfMessage } from './webhook-message.ts'

/** How much of a silence a kill may forget. */
const SAVE_INTERVAL_MS = 30_000

export interface DeadmanSettings {
  readonly heartbeats: readonly HeartbeatConfig[]
  readonly drills: readonly DrillConfig[]
  readonly receivers: ReadonlyMap<string, readonly Integration[]>
  /** How to reach the Alertmanagers of a drill. */
  sender(drill: DrillConfig): DrillSender
}

/** What runs between two readings of the configuration. */
interface Generation {
  readonly heartbeats: ReadonlyMap<string, Heartbeat>
  readonly drills: ReadonlyMap<string, Drill>
  /** What the configuration has no more, until its end is told. */
  readonly left: readonly Alarm[]
}

/** Listens for those who call, holds drills, and notifies by itself where something is silent. What it knows lasts in a file. */
export class Deadman implements Service {
  readonly name = 'deadman'
  readonly #env: Env
  readonly #file: string
  readonly #metrics: DeadmanMetrics
  /** What was there at the start, until it is taken over. */
  #restored: DeadmanState | undefined
  #parts: Generation = { heartbeats: new Map(), drills: new Map(), left: [] }
  /** Ends the generation that runs; resolves when it has ended. */
  #endGeneration: (() => Promise<void>) | undefined
  /** Begins one; absent while nothing runs. */
  #beginGeneration: (() => void) | undefined
  readonly #saver = new Waker()
  #saved = ''

  private constructor(env: Env, file: string, restored: DeadmanState) {
    this.#env = env
    this.#file = file
    this.#restored = restored
    this.#metrics = new DeadmanMetrics(env.metrics, this)
  }

  static async open(env: Env, file: string): Promise<Deadman> {
    return new Deadman(env, file, await readState(env, file))
  }

  get heartbeats(): readonly Heartbeat[] {
    return [...this.#parts.heartbeats.values()]
  }

  get drills(): readonly Drill[] {
    return [...this.#parts.drills.values()]
  }

  /** Takes over a configuration: what keeps its name keeps what is known of it, and what was told of one that is gone is told to be over. */
  async apply(settings: DeadmanSettings): Promise<void> {
    await this.#endGeneration?.()
    const known = this.#restored ?? this.#state()
    const before = this.#parts
    this.#restored = undefined
    const alarms = new KnownAlarms(known)
    const heartbeats = settings.heartbeats.map((config): [string, Heartbeat] => {
      const state = known.heartbeats[config.name]
      const alarm = this.#alarm(config, alarms.ofHeartbeat(config), settings)
      const { clock, log } = this.#env
      return [config.name, new Heartbeat(config, { clock, log, alarm }, state, before.heartbeats.get(config.name))]
    })
    const drills = settings.drills.map((config): [string, Drill] => {
      const state = known.drills[config.name]
      const alarm = this.#alarm(config, alarms.ofDrill(config), settings)
      return [config.name, this.#drill(config, alarm, settings, state, before.drills.get(config.name))]
    })
    this.#parts = { heartbeats: new Map(heartbeats), drills: new Map(drills), left: this.#left(alarms, settings) }
    for (const [heartbeat] of heartbeats) this.#metrics.heartbeats.inc({ heartbeat }, 0)
    this.#changed()
    this.#beginGeneration?.()
  }

  /** Somebody called. `body` may be an Alertmanager's message, which counts when an alert of it fires. */
  heard(name: string, body: Uint8Array): 'heard' | 'nothing fires' | 'unknown' {
    const heartbeat = this.#parts.heartbeats.get(name)
    if (heartbeat === undefined) return 'unknown'
    // That an alert is over is news of somebody who has heard no more of it.
    if (alertsOfMessage(body)?.some(({ isFiring }) => isFiring) === false) return 'nothing fires'
    heartbeat.heard()
    this.#metrics.heartbeats.inc({ heartbeat: name })
    this.#changed()
    return 'heard'
  }

  /** An Alertmanager's message came with alerts of drills; how many of them were awaited. Undefined: it is no such message. */
  drillsArrived(body: Uint8Array): number | undefined {
    const alerts = alertsOfMessage(body)
    if (alerts === undefined) return undefined
    let count = 0
    for (const { labels, isFiring } of alerts) {
      if (!isFiring) continue
      const drill = this.#parts.drills.get(String(labels[DRILL_LABEL]))
      const arrival = drill?.arrived(String(labels[DRILL_RUN_LABEL]))
      if (arrival === 'again') this.#metrics.drillDuplicates.inc({ drill: drill!.config.name })
      if (arrival === 'first') count++
    }
    return count
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const saving = this.#save(signal)
    const { promise: failed, reject: fail } = Promise.withResolvers<never>()
    const begin = () => {
      const controller = new AbortController()
      const { heartbeats, drills, left } = this.#parts
      const all = [...heartbeats.values(), ...drills.values()]
      const runs = [...all, ...all.map(({ alarm }) => alarm), ...left]
      const done = Promise.all(runs.map((each) => each.run(controller.signal)))
      // One that fails against its word ends the role, and is not silently gone.
      done.catch((error: unknown) => fail(error))
      this.#endGeneration = async () => {
        controller.abort()
        await done.catch(() => undefined)
      }
    }
    begin()
    this.#beginGeneration = begin
    ready()
    try {
      await Promise.race([untilAborted(signal), failed])
    } finally {
      this.#beginGeneration = undefined
      await this.#endGeneration!()
      this.#saver.wake()
    }
    await saving
    await this.#saveOnce()
  }

  #alarm(
    config: Pick<AlarmConfig, 'receiver' | 'repeatIntervalMs' | 'annotations'>,
    known: KnownAlarm,
    { receivers }: DeadmanSettings,
  ): Alarm {
    return new Alarm(
      {
        receiver: config.receiver,
        repeatIntervalMs: config.repeatIntervalMs,
        clock: this.#env.clock,
        log: this.#env.log,
        integrations: receivers.get(config.receiver) ?? [],
        labels: known.labels,
        annotations: config.annotations,
        attempted: (receiver, { kind: integration }, failure) =>
          this.#metrics.notifications.inc({ receiver, integration, outcome: failure === undefined ? 'delivered' : 'failed' }),
        changed: () => this.#changed(),
      },
      known.state,
    )
  }

  /** What nobody of the configuration took over: who was told of it is told that it is over. */
  #left(alarms: KnownAlarms, settings: DeadmanSettings): readonly Alarm[] {
    const { clock, log } = this.#env
    const left: Alarm[] = []
    for (const { labels, state } of alarms.rest(Math.floor(clock.now()), settings)) {
      const { receiver, annotations = {} } = state
      const config = { receiver, repeatIntervalMs: 0, annotations: Labels.of(annotations) }
      const alarm = this.#alarm(config, { labels, state }, settings)
      if (alarm.owesEnd) left.push(alarm)
      else if (!settings.receivers.has(receiver) && Object.values(state.told).some(({ status }) => status === 'firing'))
        log.warn('the receiver is gone, it is not told that an alarm is over', { receiver, alarm: labels.toString() })
    }
    return left
  }

  #drill(
    config: DrillConfig,
    alarm: Alarm,
    settings: DeadmanSettings,
    state: DeadmanState['drills'][string] | undefined,
    before: Drill | undefined,
  ): Drill {
    const { clock, random, log } = this.#env
    const { name: drill } = config
    const metrics = this.#metrics
    metrics.drillDuplicates.inc({ drill }, 0)
    for (const outcome of ['arrived', 'missed']) metrics.drills.inc({ drill, outcome }, 0)
    return new Drill(
      config,
      {
        clock,
        random,
        log,
        alarm,
        sender: settings.sender(config),
        changed: () => this.#changed(),
        posted: (url, error) =>
          metrics.drillPosts.inc({ drill, alertmanager: new URL(url).host, outcome: error === undefined ? 'taken' : 'failed' }),
        ended: (outcome) => metrics.drills.inc({ drill, outcome }),
        measured: (latencyMs) => metrics.drillLatency.observe({ drill }, latencyMs / 1000),
      },
      state,
      before?.inProgress(),
    )
  }

  #state(): DeadmanState {
    const states = <S>(parts: ReadonlyMap<string, { state(): S }>) =>
      Object.fromEntries([...parts].map(([name, part]) => [name, part.state()]))
    const { heartbeats, drills, left } = this.#parts
    const untold = left.filter(({ owesEnd }) => owesEnd)
    return { heartbeats: states(heartbeats), drills: states(drills), left: untold.map((alarm) => alarm.state()) }
  }

  #changed(): void {
    this.#saver.wake()
  }

  async #save(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#saveOnce()
      await this.#saver.wait(this.#env.clock, SAVE_INTERVAL_MS, signal)
    }
  }

  async #saveOnce(): Promise<void> {
    const text = encodeState(this.#state())
    if (text === this.#saved) return
    try {
      await writeState(this.#env, this.#file, text)
      this.#saved = text
    } catch (error) {
      this.#metrics.savesFailed.inc()
      this.#env.log.error('state not written', { file: this.#file, error: errorMessage(error) })
    }
  }
}
