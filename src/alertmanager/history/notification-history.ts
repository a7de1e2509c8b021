import { Counter } from 'prom-client'
import type { Env, File } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { directoryOf } from '../../base/files.ts'
import type { FailureReason } from '../receivers/integration.ts'

/** One notification with all its attempts: what became of it, and why it was sent. */
export interface NotificationRecord {
  /** When it was over. */
  readonly time: number
  readonly receiver: string
  readonly integration: string
  readonly index: number
  readonly groupKey: string
  readonly groupLabels: Readonly<Record<string, string>>
  readonly reason: string
  readonly outcome: 'delivered' | 'failed'
  readonly error?: string
  readonly errorReason?: FailureReason
  readonly attempts: number
  readonly durationMs: number
  /** How many of the alerts it told of fired, and how many were over. */
  readonly firing: number
  readonly resolved: number
  readonly idempotencyKey: string
  /** Another member told the same: found out later. */
  readonly duplicate?: true
  /** It may be one: whoever was about to tell it before has never said whether it did. */
  readonly mayBeDuplicate?: true
}

export interface HistoryOptions {
  readonly env: Env
  /** Of the newer half; the older one has `.1` behind its name. */
  readonly path: string
  readonly recordsMax: number
  readonly ageMsMax: number
}

/** What is asked for: all of it has to fit. */
export interface HistoryQuery {
  readonly receiver?: string
  readonly groupKey?: string
  readonly outcome?: string
  readonly since?: number
  readonly until?: number
  readonly limit: number
}

/** What may wait for the disk; what comes beyond it is known until the end of the process alone. */
const PENDING_RECORDS_MAX = 10_000

/**
 * The last notifications, in memory and in a file of lines of JSON, which is begun anew when it has half of what is kept.
 * It survives a kill, and a loss of power as far as the system has written it. docs/formats/alertmanager-state.md
 */
export class NotificationHistory {
  readonly #options: HistoryOptions
  #records: NotificationRecord[] = []
  #file: File
  #position: number
  #fileRecords: number
  #pending: string[] = []
  #work: Promise<void> | undefined
  readonly #lost: Counter

  private constructor(options: HistoryOptions, file: File, position: number, records: NotificationRecord[], fileRecords: number) {
    this.#options = options
    this.#file = file
    this.#position = position
    this.#records = records
    this.#fileRecords = fileRecords
    this.#lost = new Counter({
      name: 'promontory_alertmanager_history_unwritten_total',
      help: 'Records of notifications that did not come to the file of the history.',
      registers: [options.env.metrics],
    })
  }

  static async open(options: HistoryOptions): Promise<NotificationHistory> {
    const { env, path } = options
    const older = await readRecords(env, `${path}.1`)
    const newer = await readRecords(env, path)
    const file = await env.fs.open(path, 'write')
    // The line of a process that was killed may have no end.
    if (newer.sizeBytes < (await file.size())) await file.truncate(newer.sizeBytes)
    const history = new NotificationHistory(options, file, newer.sizeBytes, [...older.records, ...newer.records], newer.records.length)
    history.#forget()
    return history
  }

  add(record: NotificationRecord): void {
    this.#records.push(record)
    // Now and then, and not each time: leaving out the first of many moves all of them.
    if (this.#records.length > this.#options.recordsMax * 1.1) this.#forget()
    if (this.#pending.length >= PENDING_RECORDS_MAX) {
      this.#lost.inc()
      return
    }
    this.#pending.push(`${JSON.stringify(record)}\n`)
    this.#work ??= this.#write()
  }

  /** Says of the newest notification with this key that another member sent it as well; false: there is none. */
  markDuplicate(idempotencyKey: string): boolean {
    const index = this.#records.findLastIndex((record) => record.idempotencyKey === idempotencyKey && record.outcome === 'delivered')
    if (index < 0 || this.#records[index].duplicate) return false
    this.#records[index] = { ...this.#records[index], duplicate: true }
    return true
  }

  /** The newest first. */
  find({ receiver, groupKey, outcome, since, until, limit }: HistoryQuery): readonly NotificationRecord[] {
    const found: NotificationRecord[] = []
    const oldest = Math.max(since ?? 0, this.#options.env.clock.now() - this.#options.ageMsMax)
    for (let i = this.#records.length - 1; i >= 0 && found.length < limit; i--) {
      const record = this.#records[i]
      if (record.time < oldest) continue
      if (until !== undefined && record.time > until) continue
      if (receiver !== undefined && record.receiver !== receiver) continue
      if (groupKey !== undefined && record.groupKey !== groupKey) continue
      if (outcome !== undefined && record.outcome !== outcome) continue
      found.push(record)
    }
    return found
  }

  async close(): Promise<void> {
    await this.#work
    await this.#file.sync()
    await this.#file.close()
    await this.#options.env.fs.syncDir(directoryOf(this.#options.path))
  }

  #forget(): void {
    const { recordsMax, ageMsMax, env } = this.#options
    const oldest = env.clock.now() - ageMsMax
    this.#records = this.#records.filter(({ time }) => time >= oldest).slice(-recordsMax)
  }

  /** Works off what waits. What fails is counted and logged: notifications matter more than the memory of them. */
  async #write(): Promise<void> {
    while (this.#pending.length > 0) {
      const lines = this.#pending
      this.#pending = []
      try {
        if (this.#fileRecords + lines.length > this.#options.recordsMax / 2) await this.#begin()
        const bytes = Buffer.from(lines.join(''))
        await this.#file.write([bytes], this.#position)
        this.#position += bytes.length
        this.#fileRecords += lines.length
      } catch (error) {
        this.#lost.inc(lines.length)
        this.#options.env.log.error('history of notifications not written', { file: this.#options.path, error: errorMessage(error) })
      }
    }
    // Here and not when the promise settles: what came between the two would wait for the next record.
    this.#work = undefined
  }

  async #begin(): Promise<void> {
    const { env, path } = this.#options
    const full = this.#file
    // It is not there where the one before was renamed, and the next one could not be opened.
    if ((await env.fs.stat(path)) !== null) await env.fs.rename(path, `${path}.1`)
    this.#file = await env.fs.open(path, 'write')
    this.#position = 0
    this.#fileRecords = 0
    await full.close()
  }
}

/** Whole lines that can be read; the bytes that they, and those that cannot, take. */
async function readRecords({ fs, log }: Env, path: string): Promise<{ records: NotificationRecord[]; sizeBytes: number }> {
  const records: NotificationRecord[] = []
  if ((await fs.stat(path)) === null) return { records, sizeBytes: 0 }
  const bytes = Buffer.from(await fs.readFile(path))
  const sizeBytes = bytes.lastIndexOf('\n') + 1
  let badCount = 0
  for (const line of bytes.subarray(0, sizeBytes).toString('utf8').split('\n')) {
    if (line === '') continue
    try {
      records.push(JSON.parse(line) as NotificationRecord)
    } catch {
      badCount++
    }
  }
  if (badCount > 0) log.warn('lines of the history are damaged and left out', { file: path, lines: badCount })
  return { records, sizeBytes }
}
