import { Gauge } from 'prom-client'
import { type Env, sleep } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { redactUrl } from '../../base/redact-url.ts'
import type { Service } from '../../base/service.ts'
import { knownMetric } from '../../discovery/known-metric.ts'
import type { LogPlace, LogReader } from '../../storage/log-reader.ts'
import { CursorFile, readCursor } from './cursor-file.ts'
import { Destination } from './destination.ts'
import type { MetricMetadataEntry } from './metadata-request.ts'
import type { RemoteWriteConfig } from './remote-write-config.ts'
import { OutMetrics } from './write-metrics-out.ts'

// What stays of the log for destinations that are behind. docs/decisions/0016-remote-write-cursor.md

/** How often it is looked. */
const LOOK_MS = 5000
/** A disk with less room loses what is kept for destinations alone; on a small disk it is a share. */
const ROOM_BYTES_MIN = 256 * 1024 * 1024
const ROOM_SHARE_MIN = 0.05
/** As a destination of its own: until those that are configured have said what they need. */
const EVERYONE = ' everyone'

export interface Backlog {
  /** Most bytes of the log that are kept for a destination; 0: no limit. */
  readonly bytesMax: number
  /** Samples that are older are not kept for it; 0: no limit. */
  readonly ageMsMax: number
}

export interface RemoteWriterOptions {
  readonly env: Env
  readonly log: LogReader
  /** Where cursors are kept; made when it is not there. */
  readonly dir: string
  readonly backlog: Backlog
  readonly flushDeadlineMs: number
  /** Made with the process: the first destinations are for what is written since its start as well; else for what comes. */
  readonly isSinceStart: boolean
  /** What is known of metrics. */
  metadata(): Iterable<MetricMetadataEntry>
}

interface Running {
  readonly destination: Destination
  readonly cursorPath: string
  readonly stop: AbortController
  readonly ended: Promise<void>
}

/** Sends what is written to the log to all destinations that are configured. */
export class RemoteWriter implements Service {
  readonly name = 'remote write'
  readonly #options: RemoteWriterOptions
  readonly #metrics: OutMetrics
  #configs: readonly RemoteWriteConfig[] = []
  readonly #running = new Map<string, Running>()
  #signal: AbortSignal | undefined
  #changing: Promise<void> = Promise.resolve()
  #isStarting: boolean

  constructor(options: RemoteWriterOptions) {
    const { env, log } = options
    this.#options = options
    this.#isStarting = options.isSinceStart
    this.#metrics = new OutMetrics(env.metrics)
    knownMetric(
      env.metrics,
      'prometheus_remote_storage_highest_timestamp_in_seconds',
      (base) =>
        new Gauge({
          ...base,
          help: 'Highest timestamp that has come into the remote storage via the Appender interface, in seconds since epoch.',
          collect() {
            const newest = Math.max(0, ...log.pieces().map(({ maxTime }) => (Number.isFinite(maxTime) ? maxTime : 0)))
            this.set(newest / 1000)
          },
        }),
    )
    log.keepFrom(EVERYONE, 0)
  }

  /** From now on these are the destinations. Those that are the same go on undisturbed; others go on from where they were. */
  async apply(configs: readonly RemoteWriteConfig[]): Promise<void> {
    this.#configs = configs
    if (this.#signal !== undefined) await this.#change(this.#signal)
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const { env, dir } = this.#options
    await env.fs.mkdir(dir)
    this.#signal = signal
    // Who writes does not wait for a log that is still being read.
    ready()
    await this.#change(signal)
    this.#isStarting = false
    while (!signal.aborted) {
      await sleep(env.clock, LOOK_MS, signal)
      if (!signal.aborted) await this.#keep().catch((error) => env.log.error('backlog not looked after', { error: errorMessage(error) }))
    }
    await this.#changing
    await Promise.all([...this.#running.values()].map((one) => this.#end(one)))
  }

  /** One change after the other. */
  async #change(signal: AbortSignal): Promise<void> {
    const next = this.#changing.then(() => this.#reconcile(signal))
    this.#changing = next.catch(() => {})
    await next
  }

  async #reconcile(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const { log } = this.#options
    // What nobody has said that it is needed may be: until all have.
    log.keepFrom(EVERYONE, 0)
    const configs = new Map(this.#configs.map((config) => [config.key, config]))
    const leaving = [...this.#running].filter(([key, { destination }]) => configs.get(key)?.fingerprint !== destination.config.fingerprint)
    await Promise.all(
      leaving.map(async ([key, one]) => {
        one.destination.leave()
        await this.#end(one)
        this.#running.delete(key)
      }),
    )
    // Where it is still configured it says anew from where on.
    for (const [key] of leaving) log.keepFrom(key, Number.POSITIVE_INFINITY)
    for (const config of configs.values()) if (!this.#running.has(config.key)) await this.#begin(config, signal)
    await this.#removeOldCursors()
    log.keepFrom(EVERYONE, Number.POSITIVE_INFINITY)
  }

  async #begin(config: RemoteWriteConfig, signal: AbortSignal): Promise<void> {
    const { env, log, dir, flushDeadlineMs } = this.#options
    const stop = new AbortController()
    const cursorPath = `${dir}/${config.key}.cursor`
    const destination = new Destination({
      env,
      config,
      log,
      cursorFile: new CursorFile(env, cursorPath),
      isSinceStart: this.#isStarting,
      metrics: this.#metrics,
      flushDeadlineMs,
      metadata: () => this.#options.metadata(),
    })
    const { promise: ready, resolve } = Promise.withResolvers<void>()
    const ended = destination.run(AbortSignal.any([stop.signal, signal]), resolve)
    this.#running.set(config.key, { destination, cursorPath, stop, ended })
    await Promise.race([ready, ended])
  }

  async #end({ stop, ended }: Running): Promise<void> {
    stop.abort()
    await ended
  }

  /** What nobody is configured for, and nobody could go on from. */
  async #removeOldCursors(): Promise<void> {
    const { env, dir, backlog } = this.#options
    if (backlog.ageMsMax === 0) return
    const used = new Set([...this.#running.values()].map(({ cursorPath }) => cursorPath))
    for (const name of await env.fs.readDir(dir)) {
      const path = `${dir}/${name}`
      if (!name.endsWith('.cursor') || used.has(path)) continue
      const savedTime = (await readCursor(env.fs, path))?.cursor.savedTime ?? 0
      if (savedTime < env.clock.now() - backlog.ageMsMax) await env.fs.remove(path)
    }
  }

  /** Lets go of what is kept for destinations that are too far behind. */
  async #keep(): Promise<void> {
    const { env, log, backlog } = this.#options
    const pieces = log.pieces()
    const minTime = backlog.ageMsMax > 0 ? env.clock.now() - backlog.ageMsMax : Number.NEGATIVE_INFINITY
    for (const { destination } of this.#running.values()) {
      const { done, config } = destination
      const bytes = backlogBytes(pieces, done)
      this.#metrics.backlogBytes.set({ remote_name: config.name, url: redactUrl(config.url) }, bytes)
      let left = bytes
      let before = done.segment
      // The last one is still written to.
      for (const { number, sizeBytes, maxTime } of pieces.slice(0, -1)) {
        if (number < done.segment) continue
        const isTooMuch = backlog.bytesMax > 0 && left > backlog.bytesMax
        if (!isTooMuch && !(maxTime < minTime)) break
        left -= number === done.segment ? Math.max(0, sizeBytes - done.offset) : sizeBytes
        before = number + 1
      }
      if (before > done.segment) await destination.giveUpBefore(before)
    }
    await this.#makeRoom()
  }

  /** The log comes first: a disk that is nearly full loses what only destinations need, the oldest first. */
  async #makeRoom(): Promise<void> {
    const { log } = this.#options
    const disk = await log.disk()
    if (disk === undefined) return
    const missing = Math.min(ROOM_BYTES_MIN, ROOM_SHARE_MIN * disk.totalBytes) - disk.availableBytes
    if (missing <= 0) return
    let freed = 0
    for (const { number, sizeBytes, isSpare } of log.pieces().slice(0, -1)) {
      if (!isSpare || freed >= missing) return
      freed += sizeBytes
      for (const { destination } of this.#running.values())
        if (destination.done.segment <= number) await destination.giveUpBefore(number + 1)
    }
  }
}

/** Bytes of the log after a place. */
function backlogBytes(pieces: readonly { readonly number: number; readonly sizeBytes: number }[], place: LogPlace): number {
  let bytes = 0
  for (const { number, sizeBytes } of pieces) {
    if (number > place.segment) bytes += sizeBytes
    else if (number === place.segment) bytes += Math.max(0, sizeBytes - place.offset)
  }
  return bytes
}
