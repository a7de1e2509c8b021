import type { Env, File, Timer } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import type { FinishedQuery, QueryObserver, RunningQuery } from '../../promql/query-desk.ts'

// The file of the queries that run, for whoever starts after a crash: `[`, then an entry of 1000 bytes for each query that may run at once: its
// JSON and a comma, or zeros. Source: Prometheus promql/query_logger.go.

const ENTRY_BYTES = 1000
/** Queries that are over sooner never come into the file. */
const DELAY_MS = 20

interface Slot {
  /** Undefined: free. */
  query: RunningQuery | undefined
  /** What the file has is not what it should be. */
  isDirty: boolean
  isWritten: boolean
}

/** Keeps the file up to date. Queries never wait for it. */
export class ActiveQueries implements QueryObserver {
  readonly #env: Pick<Env, 'clock' | 'log'>
  /** Undefined: there are no slots. */
  readonly #file: File | undefined
  readonly #slots: readonly Slot[]
  readonly #slotOf = new Map<number, Slot>()
  #timer: Timer | undefined
  #work: Promise<void> | undefined
  #hasFailed = false

  private constructor(env: Pick<Env, 'clock' | 'log'>, file: File | undefined, slotCount: number) {
    this.#env = env
    this.#file = file
    this.#slots = Array.from({ length: slotCount }, () => ({ query: undefined, isDirty: false, isWritten: false }))
  }

  /** Says what ran when the process before ended, and begins anew. Does without the file where the disk does not take it. */
  static async open(env: Pick<Env, 'clock' | 'log' | 'fs'>, path: string, slotCount: number): Promise<ActiveQueries> {
    const { fs, log } = env
    let file: File | undefined
    try {
      if ((await fs.stat(path)) !== null) {
        const unfinished = readEntries(await fs.readText(path))
        if (unfinished !== '') log.info("these queries didn't finish in the last run", { queries: unfinished })
      }
      file = await fs.open(path, 'write')
      const empty = new Uint8Array(1 + slotCount * ENTRY_BYTES)
      empty[0] = 0x5b
      await file.truncate(0)
      await file.write([empty], 0)
      return new ActiveQueries(env, file, slotCount)
    } catch (error) {
      log.warn('active queries are not written', { path, error: errorMessage(error) })
      await file?.close()
      return new ActiveQueries(env, undefined, 0)
    }
  }

  begun(query: RunningQuery): void {
    if (query.kind !== 'query') return
    const slot = this.#slots.find((one) => one.query === undefined)
    if (slot === undefined) return
    slot.query = query
    this.#slotOf.set(query.id, slot)
    slot.isDirty = true
    this.#timer ??= this.#env.clock.setTimer(DELAY_MS, () => {
      this.#timer = undefined
      this.#flush()
    })
  }

  ended({ id }: FinishedQuery): void {
    const slot = this.#slotOf.get(id)
    if (slot === undefined) return
    this.#slotOf.delete(id)
    slot.query = undefined
    slot.isDirty = slot.isWritten
    if (slot.isDirty) this.#flush()
  }

  async close(): Promise<void> {
    this.#timer?.cancel()
    await this.#work
    await this.#file?.close()
  }

  #flush(): void {
    if (this.#work === undefined && this.#slots.some(({ isDirty }) => isDirty)) this.#work = this.#write()
  }

  async #write(): Promise<void> {
    const file = this.#file!
    for (;;) {
      const index = this.#slots.findIndex(({ isDirty }) => isDirty)
      if (index < 0) break
      const slot = this.#slots[index]
      slot.isDirty = false
      slot.isWritten = slot.query !== undefined
      try {
        await file.write([entryOf(slot.query)], 1 + index * ENTRY_BYTES)
      } catch (error) {
        if (!this.#hasFailed) this.#env.log.warn('active queries are not written', { path: file.path, error: errorMessage(error) })
        this.#hasFailed = true
      }
    }
    // Here and not when the promise settles: what came between the two would wait for the next query.
    this.#work = undefined
  }
}

/** The entry of a query, cut to its place; zeros for none. */
function entryOf(query: RunningQuery | undefined): Uint8Array {
  const entry = new Uint8Array(ENTRY_BYTES)
  if (query === undefined) return entry
  const seconds = Math.trunc(query.startTime / 1000)
  for (let length = query.query.length; ; length = Math.floor(length * 0.9)) {
    const text = Buffer.from(`${JSON.stringify({ query: query.query.slice(0, length).toWellFormed(), timestamp_sec: seconds })},`)
    if (text.length > ENTRY_BYTES) continue
    entry.set(text)
    return entry
  }
}

/** The entries of a file as one JSON list; empty where there are none. */
function readEntries(text: string): string {
  const entries = text.replaceAll('\0', '').replace(/^\[/, '').replace(/,$/, '')
  return entries.includes('{') ? `[${entries}]` : ''
}
