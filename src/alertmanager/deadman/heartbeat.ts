import type { Clock } from '../../base/env.ts'
import type { Log } from '../../base/log.ts'
import { formatDuration } from '../../model/duration.ts'
import type { Alarm } from './alarm.ts'
import type { HeartbeatConfig } from './deadman-config.ts'
import type { HeartbeatState } from './deadman-state.ts'
import { Waker } from './waker.ts'

// 1. Silence is time in which this process listened and heard nothing; time in which it could not hear does not count.
// 2. After such a time there is a whole timeout for the next call, whatever was before: calls that came meanwhile are lost, and the next one is at
//    most that far away. But silences between restarts add up: at two timeouts it is dead, however often this process starts.

/** A timer that comes so late says that the process stood still: suspended, or starved. */
const STOOD_STILL_MS = 5000

export interface HeartbeatParts {
  readonly clock: Clock
  readonly log: Log
  readonly alarm: Alarm
}

/** Listens for one caller, and raises the alarm when it is silent. */
export class Heartbeat {
  readonly config: HeartbeatConfig
  readonly alarm: Alarm
  readonly #clock: Clock
  readonly #log: Log
  readonly #waker = new Waker()
  /** Unix ms. */
  #lastHeard: number | undefined
  #count = 0
  /** Of earlier stretches of listening since it was heard. */
  #earlierSilenceMs: number
  /** Monotonic times, since when it is listened, and until when it may be silent. */
  #listensSince: number
  #deadline: number

  /** `before` listened until now; without it, it could not be heard until now, and `restored` is what is known of it. */
  constructor(config: HeartbeatConfig, { clock, log, alarm }: HeartbeatParts, restored: HeartbeatState | undefined, before?: Heartbeat) {
    this.config = config
    this.alarm = alarm
    this.#clock = clock
    this.#log = log
    if (before === undefined) {
      this.#lastHeard = restored?.lastHeard
      this.#earlierSilenceMs = restored?.silentMs ?? 0
      this.#listensSince = clock.monotonic()
      this.#deadline = this.#listensSince + this.#afterDeafness()
      return
    }
    this.#lastHeard = before.#lastHeard
    this.#count = before.#count
    this.#earlierSilenceMs = before.#earlierSilenceMs
    this.#listensSince = before.#listensSince
    this.#deadline = before.#deadline + config.timeoutMs - before.config.timeoutMs
  }

  heard(): void {
    const now = this.#clock.monotonic()
    this.#lastHeard = Math.floor(this.#clock.now())
    this.#count++
    this.#earlierSilenceMs = 0
    this.#listensSince = now
    this.#deadline = now + this.config.timeoutMs
    if (this.alarm.since !== undefined) {
      this.#log.info('heard again', { heartbeat: this.config.name })
      this.alarm.clear()
    }
    this.#waker.wake()
  }

  /** Unix ms; undefined: never. */
  get lastHeard(): number | undefined {
    return this.#lastHeard
  }

  /** Since the start. */
  get count(): number {
    return this.#count
  }

  /** How long it may still be silent. */
  get remainingMs(): number {
    return Math.max(0, this.#deadline - this.#clock.monotonic())
  }

  state(): HeartbeatState {
    return { lastHeard: this.#lastHeard, silentMs: this.#silentMs(), alarm: this.alarm.state() }
  }

  /** Waits for silence until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.alarm.since !== undefined) {
        await this.#waker.wait(this.#clock, Number.POSITIVE_INFINITY, signal)
        continue
      }
      const { remainingMs } = this
      if (remainingMs <= 0) {
        this.#expire()
        continue
      }
      const due = this.#deadline
      await this.#waker.wait(this.#clock, remainingMs, signal)
      const lateMs = this.#clock.monotonic() - due
      // Calls may wait in the sockets.
      if (lateMs > STOOD_STILL_MS && due === this.#deadline && !signal.aborted) this.#stoodStill(lateMs)
    }
  }

  #silentMs(): number {
    const { timeoutMs } = this.config
    return Math.min(this.#earlierSilenceMs + Math.max(0, this.#clock.monotonic() - this.#listensSince), 2 * timeoutMs)
  }

  #afterDeafness(): number {
    const { timeoutMs } = this.config
    return Math.min(timeoutMs, Math.max(0, 2 * timeoutMs - this.#earlierSilenceMs))
  }

  #stoodStill(lateMs: number): void {
    this.#log.warn('this process stood still, so that nothing could be heard', {
      heartbeat: this.config.name,
      durationMs: Math.round(lateMs),
    })
    this.#earlierSilenceMs += Math.max(0, this.#deadline - this.#listensSince)
    this.#listensSince = this.#clock.monotonic()
    this.#deadline = this.#listensSince + this.#afterDeafness()
  }

  #expire(): void {
    const { name, timeoutMs } = this.config
    const last = this.#lastHeard === undefined ? 'never' : new Date(this.#lastHeard).toISOString()
    this.#log.error('heartbeat is missing', { heartbeat: name, lastHeard: last })
    this.alarm.raise({
      summary: `No heartbeat of ${name} for ${formatDuration(timeoutMs)}`,
      description:
        `What calls as ${name} at least every ${formatDuration(timeoutMs)} does not call any more; last heard: ${last}. ` +
        'Its alerts may not reach anybody: look at its servers, its Alertmanagers and the network between them and here.',
    })
  }
}
