import { Counter } from 'prom-client'
import type { Env } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { behindLength } from '../../base/message-writer.ts'
import type { Channel, ReplicatedState } from '../../cluster/replicated-state.ts'
import { preciseOf } from '../state/precise-time.ts'
import { readableMessages } from '../state/readable-messages.ts'
import { StateFile } from '../state/state-file.ts'
import { StateMetrics } from '../state/state-metrics.ts'
import { decodeMeshEntry, encodeMeshEntry, type LogEntry, type LogReceiver } from './entry-message.ts'

export interface NotificationLogOptions {
  readonly env: Env
  /** Upstream's `nflog`, in the directory of data. */
  readonly path: string
  readonly retentionMs: number
}

interface Kept {
  readonly entry: LogEntry
  readonly expiresAt: number
  /** The message behind its length, as it came: with fields that a newer member wrote. */
  readonly bytes: Uint8Array
  /** When it came here, by the clock of this member, Unix ms. */
  readonly heardAt: number
  /** This member told it. */
  readonly isOwn: boolean
  /** Found to be told by another member before. */
  isDuplicate: boolean
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
  readonly #metrics: StateMetrics
  readonly #queries: Counter
  #channel: Channel = { broadcast: () => {} }
  #onDuplicate: (entry: LogEntry) => void = () => {}

  private constructor(options: NotificationLogOptions, file: StateFile) {
    this.#options = options
    this.#file = file
    this.#metrics = new StateMetrics(options.env.metrics, 'nflog', 'notification log')
    this.#queries = new Counter({
      name: 'alertmanager_nflog_queries_total',
      help: 'Number of notification log queries were received.',
      registers: [options.env.metrics],
    })
  }

  static async open(options: NotificationLogOptions): Promise<NotificationLog> {
    const { file, messages } = await StateFile.open(options.env, options.path)
    const log = new NotificationLog(options, file)
    for (const message of messages) {
      try {
        log.#take(log.#keptFrom(message))
      } catch (error) {
        options.env.log.error('an entry of the notification log is left out', { error: errorMessage(error) })
      }
    }
    return log
  }

  /** From then on entries are told to other members. */
  connect(channel: Channel): void {
    this.#channel = channel
  }

  /** Called once for each of this member's entries whose news another member had told before. */
  onDuplicate(callback: (entry: LogEntry) => void): void {
    this.#onDuplicate = callback
  }

  get size(): number {
    return this.#entries.size
  }

  /** What was told last. Its time is not later than when this member heard of it: where another's clock is ahead it would never be told again. */
  find(groupKey: string, receiver: LogReceiver): LogEntry | undefined {
    this.#queries.inc()
    const kept = this.#entries.get(entryKey(groupKey, receiver))
    if (kept === undefined) return undefined
    const heardAt = preciseOf(kept.heardAt)
    return kept.entry.time > heardAt ? { ...kept.entry, time: heardAt } : kept.entry
  }

  /**
   * Notes what a receiver has just been told. In force, and told to others, at once; durable soon after: a death between leads to a
   * notification more, which the same key tells. `keepMs`: how long at most it is kept.
   */
  note(told: Omit<LogEntry, 'time'>, keepMs: number): void {
    const { clock, log } = this.#options.env
    const now = clock.now()
    const known = this.#entries.get(entryKey(told.groupKey, told.receiver))?.entry
    const isDuplicate = known !== undefined && known.idempotencyKey === told.idempotencyKey && told.idempotencyKey !== ''
    if (isDuplicate) this.#onDuplicate(known)
    // Another member's clock may be ahead: what was told later holds all the same, or it would be news at every flush.
    const time = known !== undefined && known.time >= preciseOf(now) ? known.time + 1n : preciseOf(now)
    const mesh = { entry: { ...told, time }, expiresAt: Math.floor(now) + Math.min(this.#options.retentionMs, keepMs) }
    const kept = { ...mesh, heardAt: now, bytes: encodeMeshEntry(mesh), isOwn: true, isDuplicate }
    this.#take(kept)
    this.#channel.broadcast(kept.bytes)
    this.#file.append(kept.bytes).catch((error: unknown) => log.error('notification log not written', { error: errorMessage(error) }))
  }

  snapshot(): Uint8Array {
    return Buffer.concat([...this.#entries.values()].map(({ bytes }) => bytes))
  }

  merge(remote: Uint8Array): Uint8Array | null {
    const fresh: Uint8Array[] = []
    for (const kept of readableMessages(remote, (message) => this.#keptFrom(message), this.#options.env.log, this.key)) {
      const own = this.#entries.get(entryKey(kept.entry.groupKey, kept.entry.receiver))
      if (this.#take(kept)) {
        fresh.push(kept.bytes)
        // Who told the same later is to know: it counts that.
        if (own?.isOwn && own.entry.idempotencyKey !== '' && own.entry.idempotencyKey === kept.entry.idempotencyKey)
          this.#channel.broadcast(own.bytes)
      } else this.#compare(kept.entry)
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

  /** Whether an older entry of another member told what this one has told since. */
  #compare(older: LogEntry): void {
    const known = this.#entries.get(entryKey(older.groupKey, older.receiver))
    if (known === undefined || !known.isOwn || known.isDuplicate || known.entry.time <= older.time) return
    if (older.idempotencyKey === '' || older.idempotencyKey !== known.entry.idempotencyKey) return
    known.isDuplicate = true
    this.#onDuplicate(known.entry)
  }

  /** `message` is without its length. */
  #keptFrom(message: Uint8Array): Kept {
    const heardAt = this.#options.env.clock.now()
    return { ...decodeMeshEntry(message), heardAt, bytes: behindLength(message), isOwn: false, isDuplicate: false }
  }

  #collect(): void {
    const now = this.#options.env.clock.now()
    for (const [key, { expiresAt }] of this.#entries) if (expiresAt <= now) this.#entries.delete(key)
  }

  #take(kept: Kept): boolean {
    if (kept.expiresAt < this.#options.env.clock.now()) return false
    const key = entryKey(kept.entry.groupKey, kept.entry.receiver)
    const known = this.#entries.get(key)
    if (known !== undefined && known.entry.time >= kept.entry.time) return false
    this.#entries.set(key, kept)
    return true
  }
}

function entryKey(groupKey: string, { name, integration, index }: LogReceiver): string {
  return `${groupKey}:${name}/${integration}/${index}`
}
