import type { Env } from '../../base/env.ts'
import { CodedError, errorMessage } from '../../base/errors.ts'
import { delimitedMessages } from '../../base/message-fields.ts'
import { behindLength } from '../../base/message-writer.ts'
import type { Channel, ReplicatedState } from '../../cluster/replicated-state.ts'
import type { Labels } from '../../model/labels.ts'
import { type PreciseTime, preciseOf } from '../state/precise-time.ts'
import { readableMessages } from '../state/readable-messages.ts'
import { StateFile } from '../state/state-file.ts'
import { StateMetrics } from '../state/state-metrics.ts'
import { type CompiledSilence, compileSilence, type Silence, sameMatchers, silenceState, silences } from './silence.ts'
import { decodeMeshSilence, encodeMeshSilence, silenceIdOf } from './silence-message.ts'
import { SilenceMetrics } from './silence-metrics.ts'
import { validateSilence } from './validate-silence.ts'

export interface SilencesOptions {
  readonly env: Env
  /** Upstream's `silences`, in the directory of data. */
  readonly path: string
  /** How long a silence is kept after its end. */
  readonly retentionMs: number
  /** Most silences, also of those that are over; 0: no limit. */
  readonly silencesMax: number
  readonly silenceBytesMax: number
  /** Whether each change is logged. */
  readonly logsChanges: boolean
}

/** What a silence is made or changed from. */
export type NewSilence = Omit<Silence, 'updatedAt'>

interface Entry {
  readonly silence: Silence
  readonly expiresAt: number
  /** The message behind its length, as it came: with fields that a newer member wrote. */
  readonly bytes: Uint8Array
  /** Undefined: its conditions cannot be had here, so it silences nothing. */
  readonly compiled: CompiledSilence | undefined
}

/** What is known of the silences of a label set. */
interface Known {
  /** How many silences had come when it was found out. */
  readonly count: number
  readonly ids: readonly string[]
}

const NONE: readonly string[] = []

/**
 * All silences of the cluster, as far as they are known here; of two versions the one that was changed last holds.
 *
 * 1. `set` and `expire` answer when the change is durable. It is in force here, and told to others, at once.
 * 2. A silence's conditions never change: another set of conditions is another silence.
 *
 * Source: Alertmanager silence/silence.go.
 */
export class Silences implements ReplicatedState {
  readonly key = 'sil'
  readonly #options: SilencesOptions
  readonly #file: StateFile
  readonly #entries = new Map<string, Entry>()
  /** Ids in the order in which they came, for those who know of the first `count`. */
  #arrivals: string[] = []
  #known = new WeakMap<Labels, Known>()
  /** What is known of most: one for all of them. */
  #unsilenced: Known = { count: 0, ids: NONE }
  readonly #metrics: SilenceMetrics
  readonly #stateMetrics: StateMetrics
  #channel: Channel = { broadcast: () => {} }

  private constructor(options: SilencesOptions, file: StateFile) {
    this.#options = options
    this.#file = file
    this.#metrics = new SilenceMetrics(options.env, {
      all: () => this.#all(),
      compiledCount: () => [...this.#entries.values()].filter(({ compiled }) => compiled !== undefined).length,
      arrivalCount: () => this.#arrivals.length,
    })
    this.#stateMetrics = new StateMetrics(options.env.metrics, 'silences', 'silence')
  }

  static async open(options: SilencesOptions): Promise<Silences> {
    const { file, messages } = await StateFile.open(options.env, options.path)
    const opened = new Silences(options, file)
    let unreadCount = 0
    for (const message of messages) if (!opened.#load(message)) unreadCount++
    if (unreadCount > 0) await file.putAside(() => opened.snapshot())
    return opened
  }

  /** From then on changes are told to other members. */
  connect(channel: Channel): void {
    this.#channel = channel
  }

  all(): readonly Silence[] {
    const { clock } = this.#options.env
    const started = clock.monotonic()
    const found = this.#all()
    this.#metrics.queried(clock.monotonic() - started, found.length)
    return found
  }

  get(id: string): Silence | undefined {
    const { clock } = this.#options.env
    const started = clock.monotonic()
    const silence = this.#entries.get(id)?.silence
    this.#metrics.queried(clock.monotonic() - started, silence === undefined ? 0 : 1)
    return silence
  }

  /**
   * Makes a silence, or changes one; where the past would change with it, the old one ends now and another takes its place. Answers its
   * id. Rejects with `bad_data`, `not_found` or `limit`, in upstream's words, and when it cannot be made durable.
   */
  async set(wanted: NewSilence): Promise<string> {
    const now = Math.floor(this.#options.env.clock.now())
    validateSilence({ ...wanted, updatedAt: 0n })
    const known = this.#entries.get(wanted.id)?.silence
    if (wanted.id !== '' && known === undefined) throw new CodedError('not_found', 'silence not found')
    const changed = { ...wanted, updatedAt: updatedNow(known, now) }
    if (known !== undefined && canChange(known, changed, now)) {
      await this.#put(this.#admitted(changed))
      return changed.id
    }
    const { silencesMax } = this.#options
    if (silencesMax > 0 && this.#entries.size + 1 > silencesMax) {
      throw new CodedError('limit', `exceeded maximum number of silences: ${this.#entries.size} (limit: ${silencesMax})`)
    }
    const made = this.#admitted({ ...changed, id: randomUuid(this.#options.env), startsAt: Math.max(changed.startsAt, now) })
    const ended = known !== undefined && silenceState(known, now) !== 'expired' ? this.#put(this.#entryOf(endedNow(known, now))) : undefined
    await Promise.all([ended, this.#put(made)])
    return made.silence.id
  }

  /** Ends a silence now. Nothing happens to one that is over; `not_found` where there is none. */
  async expire(id: string): Promise<void> {
    const known = this.#entries.get(id)?.silence
    if (known === undefined) throw new CodedError('not_found', 'silence not found')
    const now = Math.floor(this.#options.env.clock.now())
    if (silenceState(known, now) === 'expired') return
    await this.#put(this.#entryOf(endedNow(known, now)))
  }

  /** Ids of the silences that are active for labels, sorted. Hot: asked for each alert of each notification and of each answer. */
  silencedBy(labels: Labels): readonly string[] {
    const { clock } = this.#options.env
    const count = this.#arrivals.length
    if (count === 0) return NONE
    const known = this.#known.get(labels)
    // Nothing has come since nothing silenced it.
    if (known?.count === count && known.ids.length === 0) return NONE
    const started = clock.monotonic()
    const skippedCount = known?.count ?? 0
    let ids = known?.ids ?? NONE
    const scannedCount = count - skippedCount + ids.length
    if (known === undefined || skippedCount < count) {
      for (let i = skippedCount; i < count; i++) {
        const compiled = this.#entries.get(this.#arrivals[i])?.compiled
        if (compiled !== undefined && silences(compiled, labels)) ids = [...ids, this.#arrivals[i]]
      }
      if (this.#unsilenced.count !== count) this.#unsilenced = { count, ids: NONE }
      this.#known.set(labels, ids.length === 0 ? this.#unsilenced : { count, ids })
    }
    const now = clock.now()
    const active = ids
      .filter((id) => {
        const entry = this.#entries.get(id)
        return entry !== undefined && silenceState(entry.silence, now) === 'active'
      })
      .sort()
    this.#metrics.queried(clock.monotonic() - started, scannedCount, skippedCount)
    return active
  }

  snapshot(): Uint8Array {
    return Buffer.concat([...this.#entries.values()].map(({ bytes }) => bytes))
  }

  merge(remote: Uint8Array): Uint8Array | null {
    const fresh: Uint8Array[] = []
    const decode = (message: Uint8Array) => (this.#isKnown(message) ? undefined : this.#entryFrom(message))
    const entries = readableMessages(remote, decode, this.#options.env.log, this.key)
    for (const entry of entries) if (entry !== undefined && this.#take(entry)) fresh.push(entry.bytes)
    if (fresh.length === 0) return null
    this.#stateMetrics.propagated.inc()
    const bytes = Buffer.concat(fresh)
    this.#file.append(bytes).catch((error: unknown) => {
      this.#options.env.log.error('silences of another member not written', { error: errorMessage(error) })
    })
    return bytes
  }

  /** Forgets what ended longer ago than it is kept, and writes all of the rest to the file. */
  async maintain(): Promise<void> {
    await this.#stateMetrics.maintain(this.#options.env, {
      collect: () => this.#collect(),
      snapshot: () => this.#file.replace(() => this.snapshot()),
    })
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  #all(): readonly Silence[] {
    return [...this.#entries.values()].map(({ silence }) => silence)
  }

  #collect(): void {
    const now = this.#options.env.clock.now()
    const before = this.#entries.size
    for (const [id, { expiresAt }] of this.#entries) if (expiresAt <= now) this.#entries.delete(id)
    if (this.#entries.size === before) return
    this.#arrivals = this.#arrivals.filter((id) => this.#entries.has(id))
    // Positions have moved: what was found out holds no more.
    this.#known = new WeakMap()
  }

  /** Byte for byte: what members exchange is mostly that, and thousands of silences take their time to be read. */
  #isKnown(message: Uint8Array): boolean {
    const known = this.#entries.get(silenceIdOf(message))?.bytes
    return known !== undefined && Buffer.compare(known.subarray(known.length - message.length), message) === 0
  }

  /** Whether it can be read. */
  #load(message: Uint8Array): boolean {
    try {
      this.#take(this.#entryFrom(message))
      return true
    } catch (error) {
      this.#metrics.compileErrors.inc({ stage: 'load_snapshot' })
      this.#options.env.log.error('a silence of the file is left out', { error: errorMessage(error) })
      return false
    }
  }

  /** What was in force a moment ago stays so until it is written, whatever comes of that. */
  async #put(entry: Entry): Promise<void> {
    this.#take(entry)
    if (this.#options.logsChanges) {
      const { id, createdBy, comment } = entry.silence
      this.#options.env.log.info('silence changed', {
        id,
        state: silenceState(entry.silence, this.#options.env.clock.now()),
        createdBy,
        comment,
      })
    }
    this.#channel.broadcast(entry.bytes)
    await this.#file.append(entry.bytes)
  }

  /** Whether it changes what is known. */
  #take(entry: Entry): boolean {
    const { id, updatedAt } = entry.silence
    if (entry.expiresAt < this.#options.env.clock.now()) return false
    const known = this.#entries.get(id)
    if (known !== undefined && known.silence.updatedAt >= updatedAt) return false
    this.#entries.set(id, entry)
    // Its conditions are others than they were: an older member has left some out. What was found out by them holds no more.
    if (known !== undefined && known.compiled !== entry.compiled) this.#known = new WeakMap()
    if (known === undefined) this.#arrivals.push(id)
    return true
  }

  #admitted(silence: Silence): Entry {
    const entry = this.#entryOf(silence)
    const { silenceBytesMax } = this.#options
    // Upstream counts the message without its length.
    const sizeBytes = [...delimitedMessages(entry.bytes)][0].length
    if (silenceBytesMax > 0 && sizeBytes > silenceBytesMax) {
      throw new CodedError('limit', `silence exceeded maximum size: ${sizeBytes} bytes (limit: ${silenceBytesMax} bytes)`)
    }
    return entry
  }

  #entryOf(silence: Silence): Entry {
    const expiresAt = silence.endsAt + this.#options.retentionMs
    return { silence, expiresAt, bytes: encodeMeshSilence({ silence, expiresAt }), compiled: this.#compiled(silence) }
  }

  /** `message` is without its length. */
  #entryFrom(message: Uint8Array): Entry {
    const { silence, expiresAt } = decodeMeshSilence(message)
    return { silence, expiresAt, bytes: behindLength(message), compiled: this.#compiled(silence) }
  }

  #compiled(silence: Silence): CompiledSilence | undefined {
    const known = this.#entries.get(silence.id)
    if (known !== undefined && sameMatchers(known.silence, silence)) return known.compiled
    try {
      return compileSilence(silence)
    } catch (error) {
      this.#metrics.compileErrors.inc({ stage: 'index' })
      this.#options.env.log.error('a silence has conditions that do not compile here: it silences nothing', {
        id: silence.id,
        error: errorMessage(error),
      })
      return undefined
    }
  }
}

/** Whether the past stays as it was. Source: Alertmanager silence/silence.go, canUpdate. */
function canChange(known: Silence, wanted: Silence, now: number): boolean {
  if (!sameMatchers(known, wanted)) return false
  const state = silenceState(known, now)
  if (state === 'active') return Math.floor(known.startsAt / 1000) === Math.floor(wanted.startsAt / 1000) && wanted.endsAt >= now
  return state === 'pending' && wanted.startsAt >= now
}

/** Of a silence that is not over. */
function endedNow(silence: Silence, now: number): Silence {
  return { ...silence, startsAt: Math.min(silence.startsAt, now), endsAt: now, updatedAt: updatedNow(silence, now) }
}

/** Always after the last change, however fast one follows the other: the later one is to hold everywhere. */
function updatedNow(known: Silence | undefined, now: number): PreciseTime {
  const at = preciseOf(now)
  return known !== undefined && known.updatedAt >= at ? known.updatedAt + 1n : at
}

/** Version 4. Source: RFC 9562. */
function randomUuid({ random }: Pick<Env, 'random'>): string {
  const bytes = Buffer.from(random.bytes(16))
  bytes[6] = (bytes[6] & 0x0f) | 0x40
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
