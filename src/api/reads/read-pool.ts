import { Counter, Gauge } from 'prom-client'
import { copiedText } from '../../base/copied-text.ts'
import type { Env, ThreadEntry, Timer } from '../../base/env.ts'
import { CodedError } from '../../base/errors.ts'
import type { Answer } from '../../base/http-answer.ts'
import { type Service, untilAborted } from '../../base/service.ts'
import type { EngineSettings } from '../../promql/evaluate.ts'
import { SharedMemoryTotal } from '../../promql/exec/shared-memory-total.ts'
import type { DeskTurn, QueryDescription, QueryDesk } from '../../promql/query-desk.ts'
import type { SelectRequest, SeriesSource } from '../../storage/series-source.ts'
import type { DbLender } from '../../tsdb/db-lender.ts'
import type { ReadEstimate } from '../../tsdb/estimate-read.ts'
import { forecast, type ReadForecast } from './forecast.ts'
import { tryInline } from './inline-read.ts'
import { type JobOutcome, PoolJob } from './pool-job.ts'
import { PoolThread } from './pool-thread.ts'
import type { Asker, Read, Reads } from './read.ts'
import { Rehearsal, type RehearsalPlan } from './rehearsal.ts'
import { SMALL_REHEARSAL_READS } from './rehearsal-reads.ts'
import { rehearseInline } from './rehearse-inline.ts'
import type { FromThread, ToThread } from './thread-messages.ts'

export interface ReadPoolOptions {
  readonly env: Env
  readonly desk: QueryDesk
  readonly db: SeriesSource & Lending
  /** Asked for each read. */
  settings(): Omit<EngineSettings, 'optimiser'>
  /** Of one query. */
  readonly samplesMax: number
  readonly bytesMax: number
  /** Of all queries together. */
  readonly bytesMaxTogether: number
  readonly threadsMax: number
  readonly entry: ThreadEntry<ToThread, FromThread>
  /** What all threads together may hold of blocks' files in memory. */
  readonly cacheBytes: number
  /** What is expected to take less is answered in this thread. */
  readonly cheapMs: number
  /** A query that is expected to work on samples for as long is helped with by threads that have nothing to do; 0: every query. */
  readonly splitMs: number
  /** How often a thread, or this one, that has nothing to do answers each of the reads that it rehearses; 0: it does not. */
  readonly rehearsalRounds: number
  /** Queries, with the threads that help them, at once. */
  readonly maxConcurrency: number
}

/** A database that lends what it has to threads. */
export interface Lending {
  estimate(request: SelectRequest): ReadEstimate
  /** What may be missing of what lies between the times, both inclusive, for people. */
  missing(range: Pick<SelectRequest, 'minTime' | 'maxTime'>): readonly string[]
  lender(): DbLender
  /** Whether everything can be read. */
  readonly isReadable: boolean
  /** Resolves when it can; rejects when the signal aborts first. */
  untilReadable(signal: AbortSignal): Promise<void>
  /** The same for what is selected in this thread. */
  untilSelectable(signal: AbortSignal): Promise<void>
  /** Lets who selects before everything can be read go first, until the answer is called. */
  readEarly(): () => void
}

/** Reads that were more work than they seemed are remembered, as many. */
const DEAR_MAX = 500
const KEY_LENGTH_MAX = 1000
/** What has waited for the log is answered here when it is so many times as much work, if all is in memory: the first read of a thread takes a tenth of a second. */
const WAITED_CHEAP_FACTOR = 5
const CHEAP_SECONDS = 0.01
const KEEP_HOUSE_MS = 10_000
/** After the log was read, when what has waited for it was taken, the main thread rehearses a part; the rest when somebody has asked for something. */
const FIRST_REHEARSAL_MS = 3_000
/** How much longer that rest is, since nearly all queries are little work and are answered there. */
const ASKED_ROUNDS_FACTOR = 4
/** How long a thread stays that has nothing to do; the first one stays longer. */
const IDLE_MS = 30_000
const FIRST_IDLE_MS = 300_000
/** A thread that a query made large is not kept: its heap would stay so. */
const LARGE_BYTES = 128 * 1024 * 1024
/** A read that lost its thread to another one is begun again, so often in all. */
const ATTEMPTS_MAX = 3
/** A query of which less can be divided is not: of many series with few samples each, telling each other of them takes longer than reading them. */
const DIVISIBLE_SHARE = 0.5

/**
 * Answers reads: those that are little work in this thread, within a bound, and all others in threads of their own, which start with the first
 * of them and end when there is nothing to do.
 */
export class ReadPool implements Reads, Service {
  readonly name = 'query threads'
  readonly #options: ReadPoolOptions
  readonly #memory: SharedMemoryTotal
  readonly #threads: PoolThread[] = []
  readonly #dear = new Set<string>()
  #nextId = 1
  #isClosed = false
  readonly #reads: Counter<'place'>
  readonly #ends: Counter<'reason'>
  readonly #splits: Counter
  readonly #rehearsedSeconds: Counter
  /** Of this thread. */
  readonly #rehearsal: Rehearsal
  #isAsked = false

  constructor(options: ReadPoolOptions) {
    this.#options = options
    const { env, bytesMaxTogether, threadsMax } = options
    this.#memory = new SharedMemoryTotal(bytesMaxTogether, threadsMax)
    const registers = [env.metrics]
    this.#reads = new Counter({
      name: 'promontory_reads_total',
      help: 'Queries and other reads, by where they were answered: inline in the main thread, or in a query thread.',
      labelNames: ['place'],
      registers,
    })
    this.#ends = new Counter({
      name: 'promontory_query_threads_ended_total',
      help: 'Query threads that ended: stopped for having nothing to do, overdue with a query that was to stop, or failed.',
      labelNames: ['reason'],
      registers,
    })
    this.#splits = new Counter({
      name: 'promontory_queries_split_total',
      help: 'Queries that were evaluated in several query threads at once.',
      registers,
    })
    this.#rehearsedSeconds = new Counter({
      name: 'promontory_query_rehearsal_seconds_total',
      help: 'Time that threads with no query to answer have spent on made-up queries, so that the code that answers real ones is compiled.',
      registers,
    })
    for (const place of ['inline', 'thread']) this.#reads.inc({ place }, 0)
    for (const reason of ['stopped', 'overdue', 'failed']) this.#ends.inc({ reason }, 0)
    const plan: RehearsalPlan = {
      reads: SMALL_REHEARSAL_READS,
      rounds: options.rehearsalRounds,
      isBorrower: false,
      answer: (read, made) => rehearseInline(env.clock, options.settings(), read, made),
    }
    this.#rehearsal = new Rehearsal(env, plan, (ms) => this.#rehearsedSeconds.inc(ms / 1000))
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value())
        },
      })
    gauge('promontory_query_threads', 'Query threads that run.', () => this.#threads.length)
    gauge('promontory_query_memory_bytes', 'Memory that queries in threads have taken.', () => this.#memory.usedBytes)
    gauge('promontory_query_memory_limit_bytes', 'The most memory that queries in threads may take together.', () => bytesMaxTogether)
  }

  /** Ends threads that are not needed. */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const { env, db, rehearsalRounds } = this.#options
    const ticker = env.clock.setTicker(KEEP_HOUSE_MS, () => this.#keepHouse())
    let first: Timer | undefined
    if (rehearsalRounds > 0)
      void db.untilReadable(signal).then(
        () => {
          first = env.clock.setTimer(FIRST_REHEARSAL_MS, () => this.#rehearse())
        },
        () => {},
      )
    ready()
    await untilAborted(signal)
    ticker.cancel()
    first?.cancel()
    this.#isClosed = true
    this.#rehearsal.giveWay()
    for (const thread of this.#threads) thread.stop()
  }

  /** As long as nobody asks for anything, and not before the log was read. */
  #rehearse(): void {
    const { desk, db } = this.#options
    if (this.#isClosed || !db.isReadable || desk.runningCount > 0) return
    this.#rehearsal.goOn()
  }

  async answer(read: Read, asker: Asker): Promise<Answer> {
    const { desk, db } = this.#options
    const settings = this.#options.settings()
    const foresee = () => forecast(read, settings, (request) => db.estimate(request))
    const forecasted = foresee()
    const timeoutMs = read.kind === 'query' ? read.timeoutMs : undefined
    const request = { signal: asker.signal, timeoutMs, isQueued: read.kind === 'query' }
    this.#rehearsal.giveWay()
    if (!this.#isAsked) this.#rehearsal.add(this.#options.rehearsalRounds * ASKED_ROUNDS_FACTOR)
    this.#isAsked = true
    const answered = desk.run(describeRead(read, asker), request, async (turn) => {
      let expected = forecasted
      const hasWaited = !db.isReadable
      if (hasWaited) {
        // A thread takes a tenth of a second to start, which the log that is being read takes as well; and some ms of this one.
        if (this.#threads.length === 0 && !this.#isClosed && !this.#isCheap(expected, WAITED_CHEAP_FACTOR)) this.#add()
        await (isSelecting(read) ? db.untilSelectable(turn.signal) : db.untilReadable(turn.signal))
        turn.signal.throwIfAborted()
        expected = foresee()
      }
      const endEarly = hasWaited ? db.readEarly() : undefined
      try {
        const done = await this.#inline(read, expected, turn, settings, hasWaited ? WAITED_CHEAP_FACTOR : 1)
        if (done !== undefined) return done
      } finally {
        endEarly?.()
      }
      if (hasWaited) {
        await db.untilReadable(turn.signal)
        turn.signal.throwIfAborted()
        expected = foresee()
      }
      const outcome = await this.#inThread(read, expected, turn, { settings, signal: asker.signal })
      if (isCheap(outcome)) this.#dear.delete(keyOf(read))
      return outcome
    })
    try {
      return await answered
    } finally {
      this.#rehearse()
    }
  }

  /** Whether it is little work, or as many times as much as a factor says where all of it is in memory. */
  #isCheap({ costMs, isInMemory }: ReadForecast, factor: number): boolean {
    return costMs < (isInMemory ? factor : 1) * this.#options.cheapMs
  }

  async #inline(
    read: Read,
    reach: ReadForecast,
    turn: DeskTurn,
    settings: EngineSettings,
    cheapFactor: number,
  ): Promise<JobOutcome | undefined> {
    if (!this.#isCheap(reach, cheapFactor)) return undefined
    const key = keyOf(read)
    if (this.#dear.has(key)) return undefined
    const { env, db, samplesMax, bytesMax } = this.#options
    const limits = { samplesMax, bytesMax }
    const options = { clock: env.clock, source: db, settings, limits, missing: db.missing(reach), patience: cheapFactor }
    const done = await tryInline(read, turn, options)
    if (done === undefined) this.#remember(key)
    else this.#reads.inc({ place: 'inline' })
    return done
  }

  async #inThread(
    read: Read,
    reach: ReadForecast,
    turn: DeskTurn,
    { settings, signal }: { readonly settings: Omit<EngineSettings, 'optimiser'>; readonly signal: AbortSignal },
  ): Promise<JobOutcome> {
    const { db, samplesMax, bytesMax } = this.#options
    const limits = { samplesMax, bytesMax }
    const request = { read, settings, limits, missing: db.missing(reach), queuedMs: turn.queued - turn.begun }
    const job = new PoolJob(this.#nextId++, request, reach, turn)
    const thread = this.#pick()
    this.#help(job, thread, reach)
    thread.begin(job)
    this.#reads.inc({ place: 'thread' })
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    const onAbort = () => {
      job.thread?.cancel(job.id)
      reject(turn.signal.reason)
    }
    turn.signal.addEventListener('abort', onAbort, { once: true })
    // Also after the answer has begun.
    signal.addEventListener('abort', () => job.thread?.cancel(job.id), { once: true })
    try {
      return await Promise.race([job.outcome, aborted])
    } finally {
      turn.signal.removeEventListener('abort', onAbort)
    }
  }

  /**
   * One that has nothing to do, or a new one, or that which has the least to do; of equals one that only helps, since that gives way. One that is
   * about to end is better than none: it hands back what it is given.
   */
  #pick(): PoolThread {
    if (this.#isClosed) throw new CodedError('unavailable', 'the server is stopping')
    const alive = this.#threads.filter(({ isEnding }) => !isEnding)
    const isFull = this.#threads.length === this.#options.threadsMax
    let least: PoolThread | undefined
    for (const thread of alive.length === 0 && isFull ? this.#threads : alive)
      if (least === undefined || thread.load < least.load) least = thread
    if (least !== undefined && (least.jobCount === 0 || isFull)) return least
    return this.#add()
  }

  /** Has threads help with a query that is much work, as far as nobody else is there who has a use for them. */
  #help(job: PoolJob, thread: PoolThread, { costMs, divisibleMs }: ReadForecast): void {
    const { desk, splitMs, threadsMax, maxConcurrency } = this.#options
    if (divisibleMs < splitMs || (splitMs > 0 && divisibleMs < DIVISIBLE_SHARE * costMs) || !job.isDivisible) return
    const helpingCount = this.#threads.filter(({ isHelping }) => isHelping).length
    const free = Math.min(threadsMax, maxConcurrency) - desk.runningCount - helpingCount
    const helpers: PoolThread[] = []
    while (helpers.length < free) {
      const idle = this.#threads.find((other) => other !== thread && other.jobCount === 0 && !other.isEnding && !helpers.includes(other))
      if (idle !== undefined) helpers.push(idle)
      else if (this.#threads.length < threadsMax) helpers.push(this.#add())
      else break
    }
    job.helpers.push(...helpers)
    for (const [place, helper] of helpers.entries()) helper.assist(job, place)
    if (helpers.length > 0) this.#splits.inc()
  }

  #add(): PoolThread {
    const thread = this.#start()
    this.#threads.push(thread)
    return thread
  }

  #start(): PoolThread {
    const { env, entry, db, cacheBytes, threadsMax } = this.#options
    let index = 0
    while (this.#threads.some((thread) => thread.index === index)) index++
    return new PoolThread({
      env,
      entry,
      lender: db.lender(),
      memory: this.#memory,
      index,
      cacheBytes: Math.floor(cacheBytes / threadsMax),
      rehearsalRounds: this.#options.rehearsalRounds,
      onRehearsed: (ms) => this.#rehearsedSeconds.inc(ms / 1000),
      onEnd: (thread, orphans, reason) => {
        this.#ends.inc({ reason })
        this.#threads.splice(this.#threads.indexOf(thread), 1)
        for (const job of orphans) this.#beginAgain(job)
      },
    })
  }

  #beginAgain(job: PoolJob): void {
    try {
      if (job.attempts >= ATTEMPTS_MAX) throw new CodedError('execution', 'the threads that answered the query were ended for others')
      this.#pick().begin(job)
    } catch (error) {
      job.failed(error)
    }
  }

  #keepHouse(): void {
    const now = this.#options.env.clock.monotonic()
    for (const [place, thread] of this.#threads.entries()) {
      if (thread.jobCount > 0 || thread.isEnding) continue
      const idleMs = now - thread.idleSince
      if (thread.bytesPeak > LARGE_BYTES || idleMs >= (place === 0 ? FIRST_IDLE_MS : IDLE_MS)) thread.stop()
      else thread.forgetGone()
    }
  }

  #remember(key: string): void {
    const [oldest] = this.#dear
    if (this.#dear.size === DEAR_MAX) this.#dear.delete(oldest)
    this.#dear.add(key)
  }
}

/** Whether it took little after all: what was too much once need not be so the next time. */
function isCheap({ cost: { stats, bytesPeak } }: JobOutcome): boolean {
  return stats !== undefined && (stats.timings['innerEvalTime'] ?? Infinity) < CHEAP_SECONDS && bytesPeak < LARGE_BYTES
}

/** Whether it is answered by selects, and not from the index alone. */
function isSelecting({ kind }: Read): boolean {
  return kind === 'query' || kind === 'series' || kind === 'federate'
}

/** Reads with the same key are about as much work. */
function keyOf(read: Read): string {
  if (read.kind !== 'query') return copiedText(`${read.kind} ${read.selectors.join(' ')}`, KEY_LENGTH_MAX)
  const { query, steps } = read.question
  return copiedText(`${steps.count} ${steps.stepMs} ${query}`, KEY_LENGTH_MAX)
}

/** A read, for those who look at what runs. */
export function describeRead(read: Read, { client }: Asker): QueryDescription {
  if (read.kind === 'query') {
    const { query, steps, end, isRangeQuery } = read.question
    return { kind: 'query', query, start: steps.start, end, stepMs: isRangeQuery ? steps.stepMs : 0, client }
  }
  const query = read.kind === 'labelValues' ? [read.name, ...read.selectors].join(' ') : read.selectors.join(' ')
  return { kind: read.kind, query, start: read.minTime, end: read.maxTime, stepMs: 0, client }
}
