import { type Child, type ChildExit, type Env, sleep } from '../base/env.ts'
import { type Instance, urlOf } from './fleet.ts'

export type InstanceState = 'starting' | 'ready' | 'not ready' | 'restarting' | 'stopping' | 'stopped' | 'failed'

/** A change that a person wants to hear of. */
export interface InstanceEvent {
  readonly instance: string
  readonly kind: 'started' | 'ready' | 'not ready' | 'crashed' | 'stopping' | 'killed' | 'stopped' | 'failed' | 'said'
  readonly text: string
}

export interface SupervisorOptions {
  readonly env: Env
  /** What starts our program, and its arguments before the role. */
  readonly command: string
  readonly argsPrefix: readonly string[]
  onEvent(event: InstanceEvent): void
}

const FIRST_RESTART_MS = 100
const RESTART_MS_MAX = 30_000
/** Who ran this long is no longer held to have crashed again and again. */
const STEADY_MS = 60_000
const READY_POLL_MS = 100
const POLL_MS = 2_000
const PROBE_TIMEOUT_MS = 2_000
const USAGE_EXIT_CODE = 2
const LAST_LINES_MAX = 20

/**
 * One process of a fleet, kept running.
 *
 * 1. A process that ends unasked is started again, after a delay that doubles with each time.
 * 2. One that never became ready and ended with an exit code (a wrong configuration, a data directory in use), or that says it
 *    was asked for wrongly, would do so again: it is given up.
 */
export class SupervisedInstance {
  readonly instance: Instance
  readonly #options: SupervisorOptions
  readonly #stopped = new AbortController()
  readonly #lastLines: string[] = []
  #state: InstanceState = 'starting'
  #child: Child | undefined
  #startedAt = 0
  #wasReady = false

  constructor(instance: Instance, options: SupervisorOptions) {
    this.instance = instance
    this.#options = options
  }

  get state(): InstanceState {
    return this.#state
  }

  /** Of the running process; 0 when there is none. */
  get pid(): number {
    return this.#child?.pid ?? 0
  }

  get wasReady(): boolean {
    return this.#wasReady
  }

  /** Resolves once it was told to stop and has ended; rejects when it is given up, with its last words. */
  async run(): Promise<void> {
    const { clock } = this.#options.env
    const watching = this.#watchReadiness()
    let failures = 0
    try {
      while (!this.#stopped.signal.aborted) {
        const exit = await this.#runOnce()
        if (this.#stopped.signal.aborted) break
        const ranMs = clock.monotonic() - this.#startedAt
        if (isFinal(exit, this.#wasReady)) this.#giveUp(exit, ranMs)
        failures = ranMs >= STEADY_MS ? 1 : failures + 1
        const delayMs = Math.min(RESTART_MS_MAX, FIRST_RESTART_MS * 2 ** (failures - 1))
        this.#state = 'restarting'
        this.#emit(
          'crashed',
          `${describeExit(exit)} after ${formatSeconds(ranMs)}; starting again in ${formatSeconds(delayMs)}${this.#lastWord()}`,
        )
        await sleep(clock, delayMs, this.#stopped.signal)
      }
      this.#state = 'stopped'
      this.#emit('stopped', '')
    } finally {
      this.#stopped.abort()
      await watching
    }
  }

  /** Asks it to stop, kills it when it has not within the grace time. */
  async stop(graceMs: number): Promise<void> {
    if (this.#stopped.signal.aborted) return
    this.#stopped.abort()
    const child = this.#child
    if (child === undefined) return
    this.#state = 'stopping'
    this.#emit('stopping', '')
    child.stop()
    const timer = this.#options.env.clock.setTimer(graceMs, () => {
      this.#emit('killed', `did not stop within ${formatSeconds(graceMs)}`)
      child.kill('SIGKILL')
    })
    await child.exited
    timer.cancel()
  }

  async #runOnce(): Promise<ChildExit> {
    const { env, command, argsPrefix } = this.#options
    this.#state = 'starting'
    this.#startedAt = env.clock.monotonic()
    this.#child = env.spawn.start({
      command,
      args: [...argsPrefix, this.instance.role, ...this.instance.args],
      onLine: (line) => {
        this.#lastLines.push(line)
        if (this.#lastLines.length > LAST_LINES_MAX) this.#lastLines.shift()
        this.#emit('said', line)
      },
    })
    this.#emit('started', `pid ${this.#child.pid}`)
    const exit = await this.#child.exited
    this.#child = undefined
    return exit
  }

  #giveUp(exit: ChildExit, ranMs: number): never {
    this.#state = 'failed'
    const lines = this.#lastLines.map((line) => `\n  ${line}`).join('')
    const text = `${describeExit(exit)} after ${formatSeconds(ranMs)}, ${this.#wasReady ? 'saying that it is asked for wrongly' : 'before it was ready'}`
    this.#emit('failed', text)
    throw new Error(`${nameOf(this.instance)}: ${text}${lines === '' ? ', without a word' : `; its last words:${lines}`}`)
  }

  async #watchReadiness(): Promise<void> {
    const { env } = this.#options
    while (!this.#stopped.signal.aborted) {
      const child = this.#child
      const ready = child !== undefined && (await isReady(env, this.instance, this.#stopped.signal))
      // It may have ended, or been replaced, while we asked.
      if (child !== undefined && child === this.#child && !this.#stopped.signal.aborted) this.#observe(ready)
      await sleep(env.clock, this.#state === 'ready' ? POLL_MS : READY_POLL_MS, this.#stopped.signal)
    }
  }

  #observe(ready: boolean): void {
    if (ready && this.#state !== 'ready') {
      const first = this.#state === 'starting'
      this.#state = 'ready'
      this.#wasReady = true
      this.#emit('ready', first ? `after ${formatSeconds(this.#options.env.clock.monotonic() - this.#startedAt)}` : 'again')
    } else if (!ready && this.#state === 'ready') {
      this.#state = 'not ready'
      this.#emit('not ready', '')
    }
  }

  #lastWord(): string {
    const line = this.#lastLines.at(-1)
    return line === undefined ? '' : `; it last said: ${line}`
  }

  #emit(kind: InstanceEvent['kind'], text: string): void {
    this.#options.onEvent({ instance: this.instance.name, kind, text })
  }
}

async function isReady(env: Env, instance: Instance, signal: AbortSignal): Promise<boolean> {
  try {
    const { status } = await env.http.request({ url: `${urlOf(instance)}/-/ready`, timeoutMs: PROBE_TIMEOUT_MS, signal })
    return status === 200
  } catch {
    // Not listening yet, or no longer: that is the answer.
    return false
  }
}

function isFinal({ code }: ChildExit, wasReady: boolean): boolean {
  if (code === null || code === 0) return false
  return code === USAGE_EXIT_CODE || !wasReady
}

function describeExit({ code, signal }: ChildExit): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`
}

export function nameOf({ name, role }: Instance): string {
  return name === role ? name : `${role} ${name}`
}

export function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
}
