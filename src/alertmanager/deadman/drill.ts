import type { Clock, Random } from '../../base/env.ts'
import type { Log } from '../../base/log.ts'
import type { PostableAlert } from '../../model/alert.ts'
import { formatDuration } from '../../model/duration.ts'
import { Labels, LabelsBuilder } from '../../model/labels.ts'
import { type Alarm, within } from './alarm.ts'
import type { DrillConfig } from './deadman-config.ts'
import { DRILL_LABEL, DRILL_RUN_LABEL } from './deadman-schema.ts'
import type { DrillOutcome, DrillState } from './deadman-state.ts'
import { Waker } from './waker.ts'

/** Takes an alert to an Alertmanager. */
export interface DrillSender {
  /** Resolves to what is wrong, or to undefined when it was taken. `url` is without the path of the API. Never rejects. */
  send(url: string, alert: PostableAlert, signal: AbortSignal): Promise<string | undefined>
}

export interface DrillParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly alarm: Alarm
  readonly sender: DrillSender
  /** What is to be kept has changed. */
  readonly changed: () => void
  readonly posted: (url: string, error: string | undefined) => void
  readonly ended: (outcome: DrillOutcome['outcome']) => void
  readonly measured: (latencyMs: number) => void
}

/** As servers do it: an Alertmanager that was away, or restarts, hears of the alert as well. */
const RESEND_MS = 10_000
const POST_TIMEOUT_MS = 10_000
const OUTCOMES_MAX = 20

/** A drill that is being held, or was held last. */
interface Run {
  readonly id: string
  /** Unix ms. */
  readonly startedAt: number
  /** Monotonic. */
  readonly start: number
  latencyMs: number | undefined
  duplicates: number
  outcome: DrillOutcome['outcome'] | undefined
}

/** What a drill hands to the one that takes its place when the configuration is read again. */
export interface DrillInProgress {
  readonly nextStart: number
  readonly run: Run | undefined
  readonly postErrors: ReadonlyMap<string, string | undefined>
}

/** Sends an alert that says it is a test through the whole way, again and again, and measures when it arrives. */
export class Drill {
  readonly config: DrillConfig
  readonly alarm: Alarm
  readonly #parts: DrillParts
  readonly #waker = new Waker()
  #run: Run | undefined
  /** Monotonic. */
  #nextStart: number
  #outcomes: readonly DrillOutcome[]
  #lastStart: number | undefined
  /** What each Alertmanager last said; absent: not asked yet. */
  readonly #postErrors: Map<string, string | undefined>

  constructor(config: DrillConfig, parts: DrillParts, restored: DrillState | undefined, before: DrillInProgress | undefined) {
    this.config = config
    this.alarm = parts.alarm
    this.#parts = parts
    this.#run = before?.run
    this.#outcomes = restored?.outcomes ?? []
    this.#lastStart = restored?.lastStart
    this.#postErrors = new Map([...(before?.postErrors ?? [])].filter(([url]) => config.alertmanagers.includes(url)))
    this.#nextStart = before === undefined ? this.#firstStart() : Math.min(before.nextStart, parts.clock.monotonic() + config.everyMs)
  }

  /** One that the process did not see the end of is held again at once. */
  #firstStart(): number {
    const { clock } = this.#parts
    const saw = this.#outcomes.at(-1)?.startedAt === this.#lastStart
    if (this.#lastStart === undefined || !saw) return clock.monotonic()
    // A clock that went back does not put it off for longer than the interval.
    const pastMs = Math.max(0, clock.now() - this.#lastStart)
    return clock.monotonic() + Math.max(0, this.config.everyMs - pastMs)
  }

  state(): DrillState {
    return { lastStart: this.#lastStart, outcomes: this.#outcomes, alarm: this.alarm.state() }
  }

  inProgress(): DrillInProgress {
    return { nextStart: this.#nextStart, run: this.#run, postErrors: this.#postErrors }
  }

  get outcomes(): readonly DrillOutcome[] {
    return this.#outcomes
  }

  get isRunning(): boolean {
    return this.#run !== undefined && this.#run.outcome === undefined
  }

  get waitMs(): number {
    return Math.max(0, this.#nextStart - this.#parts.clock.monotonic())
  }

  postError(url: string): string | undefined {
    return this.#postErrors.get(url)
  }

  /** Its alert came. */
  arrived(id: string): 'first' | 'again' | 'late' | 'unknown' {
    const run = this.#run
    if (run === undefined || run.id !== id) return 'unknown'
    if (run.latencyMs !== undefined) {
      run.duplicates++
      if (run.outcome !== undefined) this.#keep(run)
      return 'again'
    }
    run.latencyMs = Math.max(0, this.#parts.clock.monotonic() - run.start)
    this.#parts.measured(run.latencyMs)
    if (run.outcome === undefined) {
      this.#end(run, 'arrived')
      return 'first'
    }
    this.#parts.log.warn('drill arrived after its deadline', { drill: this.config.name, durationMs: Math.round(run.latencyMs) })
    this.#keep(run)
    return 'late'
  }

  /** Holds drills until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#run !== undefined && this.#run.outcome === undefined) await this.#hold(this.#run, signal)
      else if (this.waitMs > 0) await this.#waker.wait(this.#parts.clock, this.waitMs, signal)
      else this.#begin()
    }
  }

  #begin(): void {
    const { clock, random, log, changed } = this.#parts
    const id = Buffer.from(random.bytes(8)).toString('hex')
    const start = clock.monotonic()
    this.#run = { id, startedAt: Math.floor(clock.now()), start, latencyMs: undefined, duplicates: 0, outcome: undefined }
    this.#lastStart = this.#run.startedAt
    this.#nextStart = start + this.config.everyMs
    log.info('drill begins', { drill: this.config.name, run: id })
    changed()
  }

  /** Sends the alert until it has arrived or its time is over, then says that it is over. */
  async #hold(run: Run, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts
    const { deadlineMs, name } = this.config
    const until = run.start + deadlineMs
    const controller = new AbortController()
    const sending = within(clock, Math.max(0, until - clock.monotonic()), signal, (over) => {
      over.addEventListener('abort', () => controller.abort(over.reason), { once: true })
      return this.#sendToAll(run, controller)
    })
    while (!signal.aborted && run.outcome === undefined && clock.monotonic() < until)
      await this.#waker.wait(clock, until - clock.monotonic(), signal)
    controller.abort()
    await sending
    if (signal.aborted) return
    if (run.outcome === undefined) {
      this.#end(run, 'missed')
      this.alarm.raise({
        summary: `The drill ${name} did not arrive within ${formatDuration(deadlineMs)}`,
        description: `An alert that was to go through ${this.#sentTo()} did not come back. Real alerts may not arrive either.`,
      })
    }
    await this.#resolve(run, signal)
  }

  #sentTo(): string {
    return this.config.alertmanagers
      .map((url) => {
        const error = this.#postErrors.get(url)
        return `${new URL(url).host} (${!this.#postErrors.has(url) ? 'no answer' : error === undefined ? 'took it' : 'did not take it'})`
      })
      .join(', ')
  }

  async #sendToAll(run: Run, controller: AbortController): Promise<void> {
    const { signal } = controller
    await Promise.all(
      this.config.alertmanagers.map(async (url) => {
        const pause = new Waker()
        while (!signal.aborted) {
          // As upstream does it, an alert of which there is no news for a while is over.
          await this.#post(url, this.#alertOf(run, run.startedAt + this.config.deadlineMs), signal)
          await pause.wait(this.#parts.clock, RESEND_MS, signal)
        }
      }),
    )
  }

  /** So that the next one is news again, and silences nobody. It ends by itself as well, so once is enough. */
  async #resolve(run: Run, signal: AbortSignal): Promise<void> {
    const alert = this.#alertOf(run, Math.max(run.startedAt, Math.floor(this.#parts.clock.now())))
    await Promise.all(this.config.alertmanagers.map((url) => this.#post(url, alert, signal)))
  }

  async #post(url: string, alert: PostableAlert, signal: AbortSignal): Promise<void> {
    const { clock, sender, posted } = this.#parts
    const error = await within(clock, POST_TIMEOUT_MS, signal, (signal) => sender.send(url, alert, signal))
    // What was given up here is no answer of theirs.
    if (signal.aborted && error !== undefined) return
    this.#postErrors.set(url, error)
    posted(url, error)
  }

  #alertOf({ id, startedAt }: Run, endsAt: number): PostableAlert {
    const builder = new LabelsBuilder(Labels.of({ alertname: 'PromontoryDrill' }))
    for (const [name, value] of this.config.alertLabels) builder.set(name, value)
    builder.set(DRILL_LABEL, this.config.name).set(DRILL_RUN_LABEL, id)
    const annotations = Labels.of({
      summary: 'This is a drill: nothing is wrong',
      description: `A test of the way that alerts take (${this.config.name}).`,
    })
    return { labels: builder.labels(), annotations, startsAt: startedAt, endsAt, generatorUrl: '' }
  }

  #end(run: Run, outcome: DrillOutcome['outcome']): void {
    const { log, ended } = this.#parts
    run.outcome = outcome
    const fields = { drill: this.config.name, run: run.id }
    if (outcome === 'arrived') log.info('drill arrived', { ...fields, durationMs: Math.round(run.latencyMs!) })
    else log.error('drill did not arrive in time', fields)
    ended(outcome)
    this.#keep(run)
    if (outcome === 'arrived') this.alarm.clear()
    this.#waker.wake()
  }

  /** Among the last outcomes, where it may be already. */
  #keep({ id, startedAt, outcome, latencyMs, duplicates }: Run): void {
    const others = this.#outcomes.filter((each) => each.id !== id)
    this.#outcomes = [...others, { id, startedAt, outcome: outcome!, latencyMs, duplicates }].slice(-OUTCOMES_MAX)
    this.#parts.changed()
  }
}
