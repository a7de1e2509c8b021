import { createHash } from 'node:crypto'
import type { Clock } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { quote } from '../../base/go-quote.ts'
import type { Log } from '../../base/log.ts'
import type { Alert } from '../../model/alert.ts'
import { Labels, LabelsBuilder } from '../../model/labels.ts'
import type { Integration, NotifyFailure, NotifyRequest } from '../receivers/integration.ts'
import type { AlarmState, Episode, Told } from './deadman-state.ts'
import { Waker } from './waker.ts'

// 1. What is in the state as told was delivered: a kill between the two makes it told twice, with the same key, and never not at all.
// 2. Every entry of the receiver has a loop of its own: one that is away delays no other.
// 3. There is no giving up: what cannot be delivered is tried again until the silence is over, and then its end is told to those only who heard of it.

const ATTEMPT_TIMEOUT_MS = 30_000
const FIRST_PAUSE_MS = 1000
const PAUSE_GROWTH = 2
/** Also after an answer that says that it will never do: somebody may correct it. */
const PAUSE_MS_MAX = 60_000

export interface AlarmParts {
  readonly clock: Clock
  readonly log: Log
  readonly integrations: readonly Integration[]
  /** Called after every attempt. */
  readonly attempted: (receiver: string, integration: Integration, failure: NotifyFailure | undefined) => void
  /** What is to be kept has changed. */
  readonly changed: () => void
  readonly receiver: string
  readonly repeatIntervalMs: number
  /** Of the alert: what it is known by. */
  readonly labels: Labels
  readonly annotations: Labels
}

/** How an entry of the receiver stands, for the status. */
export interface TellingStatus {
  readonly integration: string
  readonly told: Told | undefined
  /** Of the last attempt, when it did not arrive. */
  readonly error: string | undefined
}

/** One thing that may be wrong: whether it is, and who has been told. */
export class Alarm {
  readonly #parts: AlarmParts
  readonly #tellers: readonly Teller[]
  #episode: Episode | undefined

  constructor(parts: AlarmParts, restored: AlarmState | undefined) {
    this.#parts = parts
    this.#episode = restored?.episode
    this.#tellers = parts.integrations.map((integration) => {
      const key = `${integration.kind}[${integration.index}]`
      return { integration, key, told: restored?.told[key], error: undefined, waker: new Waker() }
    })
  }

  /** Since when it is wrong, Unix ms; undefined: it is not. */
  get since(): number | undefined {
    return this.#episode?.end === undefined ? this.#episode?.since : undefined
  }

  /** Something is wrong from now on; nothing where it is already. */
  raise(annotations: Readonly<Record<string, string>>): void {
    if (this.since !== undefined) return
    this.#episode = { since: this.#now(), annotations }
    this.#changed()
  }

  /** It is over. */
  clear(): void {
    if (this.#episode === undefined || this.since === undefined) return
    this.#episode = { ...this.#episode, end: Math.max(this.#now(), this.#episode.since) }
    this.#changed()
  }

  /** Whether somebody is to be told of its end. */
  get owesEnd(): boolean {
    return this.#episode?.end !== undefined && this.#tellers.some((teller) => this.#dueMs(teller) === 0)
  }

  state(): AlarmState {
    const { receiver, labels, annotations } = this.#parts
    const told: Record<string, Told> = {}
    for (const teller of this.#tellers) if (teller.told !== undefined) told[teller.key] = teller.told
    return { receiver, labels: labels.toObject(), annotations: annotations.toObject(), episode: this.#episode, told }
  }

  telling(): readonly TellingStatus[] {
    return this.#tellers.map(({ key: integration, told, error }) => ({ integration, told, error }))
  }

  /** Tells until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#tellers.map((teller) => this.#tell(teller, signal)))
  }

  #now(): number {
    return Math.floor(this.#parts.clock.now())
  }

  #changed(): void {
    for (const { waker } of this.#tellers) waker.wake()
    this.#parts.changed()
  }

  async #tell(teller: Teller, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts
    let pauseMs = FIRST_PAUSE_MS
    while (!signal.aborted) {
      const dueMs = this.#dueMs(teller)
      if (dueMs > 0) {
        await teller.waker.wait(clock, dueMs, signal)
        continue
      }
      const failure = await this.#attempt(teller, this.#episode!, signal)
      if (signal.aborted) return
      if (failure === undefined) {
        pauseMs = FIRST_PAUSE_MS
        continue
      }
      // Woken by news, it tries at once.
      await teller.waker.wait(clock, failure.retry ? pauseMs : PAUSE_MS_MAX, signal)
      pauseMs = Math.min(pauseMs * PAUSE_GROWTH, PAUSE_MS_MAX)
    }
  }

  /** How long until an entry is to be told something. */
  #dueMs({ told, integration }: Teller): number {
    const episode = this.#episode
    if (episode === undefined) return Number.POSITIVE_INFINITY
    const knows = told?.since === episode.since ? told : undefined
    if (episode.end !== undefined) {
      return knows?.status === 'firing' && integration.sendResolved ? 0 : Number.POSITIVE_INFINITY
    }
    // A clock that went back does not make it wait longer than the interval.
    return knows === undefined ? 0 : Math.min(knows.at, this.#now()) + this.#parts.repeatIntervalMs - this.#now()
  }

  async #attempt(teller: Teller, episode: Episode, signal: AbortSignal): Promise<NotifyFailure | undefined> {
    const { clock, log, receiver, attempted } = this.#parts
    const { integration, told } = teller
    const before = told?.since === episode.since ? told : undefined
    const memory = new Map(Object.entries(before?.memory ?? {}))
    const request = this.#request(teller, episode, memory)
    const failure = await within(clock, ATTEMPT_TIMEOUT_MS, signal, (signal) => deliver(integration, request, signal))
    if (failure !== undefined && signal.aborted) return failure
    attempted(receiver, integration, failure)
    const what = { receiver, integration: teller.key, alarm: request.groupKey }
    if (failure === undefined) {
      const status = episode.end === undefined ? 'firing' : 'resolved'
      teller.told = { since: episode.since, status, at: this.#now(), count: (before?.count ?? 0) + 1, memory: Object.fromEntries(memory) }
      this.#parts.changed()
      log.info('notification delivered', { ...what, status })
    } else if (teller.error !== failure.message)
      log.error('notification did not arrive, it is tried again', { ...what, error: failure.message })
    teller.error = failure?.message
    return failure
  }

  #request({ integration, told }: Teller, { since, end, annotations, reason }: Episode, memory: Map<string, string>): NotifyRequest {
    const { receiver, labels, annotations: own } = this.#parts
    const count = told?.since === since ? told.count : 0
    const now = this.#now()
    const builder = new LabelsBuilder(Labels.of(annotations))
    for (const [name, value] of own) builder.set(name, value)
    const alert: Alert = {
      labels,
      annotations: builder.labels(),
      startsAt: since,
      endsAt: end === undefined ? 0 : Math.min(end, now),
      generatorUrl: '',
      updatedAt: now,
      hasTimeout: false,
    }
    const groupKey = `deadman:{${[...labels].map(([name, value]) => `${name}=${quote(value)}`).join(', ')}}`
    const key = [receiver, integration.kind, integration.index, groupKey, since, end === undefined ? 'firing' : 'resolved', count]
    return {
      receiver,
      groupKey,
      groupLabels: labels,
      alerts: [alert],
      now,
      reason: end !== undefined ? (reason ?? 'all alerts resolved') : count === 0 ? 'first notification' : 'repeat interval elapsed',
      idempotencyKey: createHash('sha256').update(key.join('\0')).digest('hex').slice(0, 32),
      memory,
    }
  }
}

/** An entry of the receiver. */
interface Teller {
  readonly integration: Integration
  readonly key: string
  readonly waker: Waker
  told: Told | undefined
  error: string | undefined
}

/** An integration that throws against its word is one that failed. */
async function deliver(integration: Integration, request: NotifyRequest, signal: AbortSignal): Promise<NotifyFailure | undefined> {
  try {
    return await integration.notify(request, signal)
  } catch (error) {
    return { message: errorMessage(error), retry: true, reason: 'other' }
  }
}

/** Runs with a signal that also ends after a time. */
export async function within<T>(
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const abort = () => controller.abort(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  const timer = clock.setTimer(timeoutMs, () => controller.abort(new Error('context deadline exceeded')))
  try {
    return await run(controller.signal)
  } finally {
    timer.cancel()
    signal.removeEventListener('abort', abort)
  }
}
