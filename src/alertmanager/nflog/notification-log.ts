import { Counter, Histogram } from 'prom-client'
import type { Env } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { behindLength } from '../../base/message-writer.ts'
import type { Channel, ReplicatedState } from '../../cluster/replicated-state.ts'
import { preciseOf } from '../state/precise-time.ts'
import { readableMessages } from '../state/readable-messages.ts'
import { StateFile } from '../state/state-file.ts'
import { StateMetrics } from '../state/state-metrics.ts'
import { decodeMeshEntry, encodeMeshEntry, type LogEntry, type LogReceiver } from './entry-message.ts'
import { isEarlier, type Telling, Tellings } from './tellings.ts'

export interface NotificationLogOptions {
  readonly env: Env
  /** Upstream's `nflog`, in the directory of data. */
  readonly path: string
  readonly retentionMs: number
  /** The name of this member of a cluster; empty: there is none. */
  readonly member: string
}

interface Kept {
  readonly entry: LogEntry
  readonly expiresAt: number
  /** The message behind its length, as it came: with fields that a newer member wrote. */
  readonly bytes: Uint8Array
  /** When it came here, by the clock of this member, Unix ms. */
  readonly heardAt: number
}

/**
 * What each entry of a receiver was last told of each group, by whatever member: the later entry holds. Source: Alertmanager
 * nflog/nflog.go.
 */
export class NotificationLog implements ReplicatedState {
  readonly key = 'nfl'
  readonly #options: NotificationLogOptions
  readonly #file: StateFile
  readonly #entries = new Map<string, Kept>()
  /**
   * Of what was told again, by a member that may not know so: who told it first. Members hear of that in full exchanges too, since one that is down
   * when those meet that told the same would not hear of it otherwise.
   */
  readonly #firsts = new Map<string, Kept>()
  readonly #tellings: Tellings
  readonly #metrics: StateMetrics
  readonly #queries: Counter
  readonly #queryErrors: Counter
  readonly #queryDuration: Histogram
  #channel: Channel = { broadcast: () => {} }
  #onDuplicate: (entry: Pick<LogEntry, 'idempotencyKey' | 'receiver'>) => void = () => {}

  private constructor(options: NotificationLogOptions, file: StateFile) {
    this.#options = options
    this.#file = file
    this.#tellings = new Tellings(options.member)
    this.#metrics = new StateMetrics(options.env.metrics, 'nflog', 'notification log')
    this.#queries = new Counter({
      name: 'alertmanager_nflog_queries_total',
      help: 'Number of notification log queries were received.',
      registers: [options.env.metrics],
    })
    this.#queryErrors = new Counter({
      name: 'alertmanager_nflog_query_errors_total',
      help: 'Number notification log received queries that failed.',
      registers: [options.env.metrics],
    })
    this.#queryDuration = new Histogram({
      name: 'alertmanager_nflog_query_duration_seconds',
      help: 'Duration of notification log query evaluation.',
      registers: [options.env.metrics],
    })
  }

  static async open(options: NotificationLogOptions): Promise<NotificationLog> {
    const { file, messages } = await StateFile.open(options.env, options.path)
    const log = new NotificationLog(options, file)
    let unreadCount = 0
    for (const message of messages) {
      try {
        const kept = log.#keptFrom(message)
        log.#take(kept)
        // What was found out in an earlier life was counted there.
        log.#tellings.learn(entryKey(kept.entry.groupKey, kept.entry.receiver), tellingsOf(kept.entry), 'here')
      } catch (error) {
        options.env.log.error('an entry of the notification log is left out', { error: errorMessage(error) })
        unreadCount++
      }
    }
    if (unreadCount > 0) await file.putAside(() => log.snapshot())
    return log
  }

  /** From then on entries are told to other members. */
  connect(channel: Channel): void {
    this.#channel = channel
  }

  /** Called once for each of this member's notifications whose news another member had told before. */
  onDuplicate(callback: (entry: Pick<LogEntry, 'idempotencyKey' | 'receiver'>) => void): void {
    this.#onDuplicate = callback
  }

  get size(): number {
    return this.#entries.size
  }

  /** What was told last. Its time is not later than when this member heard of it: where another's clock is ahead it would never be told again. */
  find(groupKey: string, receiver: LogReceiver): LogEntry | undefined {
    const { clock } = this.#options.env
    const started = clock.monotonic()
    const kept = this.#entries.get(entryKey(groupKey, receiver))
    this.#queries.inc()
    this.#queryDuration.observe((clock.monotonic() - started) / 1000)
    if (kept === undefined) {
      // Upstream counts it so.
      this.#queryErrors.inc()
      return undefined
    }
    const heardAt = preciseOf(kept.heardAt)
    return kept.entry.time > heardAt ? { ...kept.entry, time: heardAt } : kept.entry
  }

  /**
   * Notes what a receiver has just been told. In force, and told to others, at once; durable soon after: a death between leads to a
   * notification more, which the same key tells. `keepMs`: how long it is kept, or for the time of
   * retention, but for `leastMs` in any case.
   */
  note(told: Omit<LogEntry, 'time' | 'sender' | 'earlier'>, keepMs: number, leastMs = 0): void {
    const { clock, log } = this.#options.env
    const now = clock.now()
    const id = entryKey(told.groupKey, told.receiver)
    const known = this.#entries.get(id)?.entry
    // Another member's clock may be ahead: what was told later holds all the same, or it would be news at every flush.
    const time = known !== undefined && known.time >= preciseOf(now) ? known.time + 1n : preciseOf(now)
    const entry = { ...told, time, sender: this.#options.member, earlier: this.#tellings.toPassOn(id) }
    const mesh = { entry, expiresAt: Math.floor(now) + Math.max(leastMs, Math.min(this.#options.retentionMs, keepMs)) }
    const kept = { ...mesh, heardAt: now, bytes: encodeMeshEntry(mesh) }
    this.#take(kept)
    this.#learn(entry, 'here')
    this.#channel.broadcast(kept.bytes)
    this.#file.append(kept.bytes).catch((error: unknown) => log.error('notification log not written', { error: errorMessage(error) }))
  }

  snapshot(): Uint8Array {
    // Of two for the same receiver and group upstream's members take the one that is further behind.
    return Buffer.concat([...this.#firsts.values(), ...this.#entries.values()].map(({ bytes }) => bytes))
  }

  merge(remote: Uint8Array): Uint8Array | null {
    const fresh: Uint8Array[] = []
    for (const kept of readableMessages(remote, (message) => this.#keptFrom(message), this.#options.env.log, this.key)) {
      const id = entryKey(kept.entry.groupKey, kept.entry.receiver)
      const before = this.#entries.get(id)
      if (this.#take(kept)) {
        fresh.push(kept.bytes)
        // Who told the same later is to know: it counts that.
        if (before !== undefined && this.#tellings.toldBefore(id, tellingsOf(kept.entry))) this.#channel.broadcast(before.bytes)
      }
      // One that is too old to be kept has nobody who forgets it.
      if (this.#entries.has(id)) this.#learn(kept.entry, 'others')
    }
    if (fresh.length === 0) return null
    this.#metrics.propagated.inc()
    const bytes = Buffer.concat(fresh)
    this.#file.append(bytes).catch((error: unknown) => {
      this.#options.env.log.error('notification log of another member not written', { error: errorMessage(error) })
    })
    return bytes
  }

  async maintain(): Promise<void> {
    await this.#metrics.maintain(this.#options.env, {
      collect: () => this.#collect(),
      snapshot: () => this.#file.replace(() => this.snapshot()),
    })
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  #learn(entry: LogEntry, from: 'here' | 'others'): void {
    const { groupKey, receiver } = entry
    const duplicates = this.#tellings.learn(entryKey(groupKey, receiver), tellingsOf(entry), from)
    for (const idempotencyKey of duplicates) this.#onDuplicate({ idempotencyKey, receiver })
  }

  /** `message` is without its length. */
  #keptFrom(message: Uint8Array): Kept {
    const heardAt = this.#options.env.clock.now()
    return { ...decodeMeshEntry(message), heardAt, bytes: behindLength(message) }
  }

  #collect(): void {
    const now = this.#options.env.clock.now()
    for (const [id, { expiresAt }] of this.#entries) {
      if (expiresAt > now) continue
      this.#entries.delete(id)
      this.#firsts.delete(id)
      this.#tellings.forget(id)
    }
  }

  /** Whether it is news. */
  #take(kept: Kept): boolean {
    if (kept.expiresAt < this.#options.env.clock.now()) return false
    const id = entryKey(kept.entry.groupKey, kept.entry.receiver)
    const known = this.#entries.get(id)
    const isLast = known === undefined || isEarlier(known.entry, kept.entry)
    if (isLast) this.#entries.set(id, kept)
    if (known === undefined) return true
    const before = this.#firsts.get(id)
    const [last, older] = isLast ? [kept, known] : [known, kept]
    const first = [before, older]
      .filter((one) => one !== undefined && isToldAgain(one.entry, last.entry))
      .reduce((a, b) => (a === undefined || (b !== undefined && isEarlier(b.entry, a.entry)) ? b : a), undefined)
    if (first === undefined) this.#firsts.delete(id)
    else this.#firsts.set(id, first)
    return isLast || (first === kept && first !== before)
  }
}

/** Whether another told the same after `first`, as `last` shows, which does not show that `first` had. */
function isToldAgain(first: LogEntry, last: LogEntry): boolean {
  const { idempotencyKey, time, sender } = first
  const same = tellingsOf(last).filter(({ key }) => key !== '' && key === idempotencyKey)
  return (
    same.some((one) => one.sender !== sender && isEarlier(first, one)) && !same.some((one) => one.sender === sender && one.time === time)
  )
}

function tellingsOf({ idempotencyKey, time, sender, earlier }: LogEntry): readonly Telling[] {
  return [...earlier, { key: idempotencyKey, time, sender }]
}

function entryKey(groupKey: string, { name, integration, index }: LogReceiver): string {
  return `${groupKey}:${name}/${integration}/${index}`
}
