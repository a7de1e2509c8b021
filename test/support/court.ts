// Judges inputs in a thread of its own, which is watched: an input that takes too long, or brings an error that is none of its kind, ends the
// proof and is shown.
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { JudgeName, Verdict } from './judges.ts'

/** An input takes some milliseconds; the machine may have other things to do. */
const BOUND_MS = 20_000
const LOOK_MS = 500
const BATCH = 1000

export class Court {
  readonly #progress = new SharedArrayBuffer(4)
  readonly #worker: Worker

  constructor() {
    this.#worker = new Worker(new URL('judge-worker.ts', import.meta.url), { workerData: { progress: this.#progress } })
  }

  async judge(name: JudgeName, inputs: readonly Uint8Array[]): Promise<readonly Verdict[]> {
    const verdicts: Verdict[] = []
    for (let begin = 0; begin < inputs.length; begin += BATCH)
      verdicts.push(...(await this.#judgeBatch(name, inputs.slice(begin, begin + BATCH))))
    return verdicts
  }

  close(): Promise<number> {
    return this.#worker.terminate()
  }

  #judgeBatch(name: JudgeName, inputs: readonly Uint8Array[]): Promise<readonly Verdict[]> {
    const at = new Int32Array(this.#progress)
    Atomics.store(at, 0, -1)
    return new Promise((resolve, reject) => {
      let [last, since] = [-1, performance.now()]
      const watch = setInterval(() => {
        const now = Atomics.load(at, 0)
        if (now !== last) [last, since] = [now, performance.now()]
        else if (performance.now() - since > BOUND_MS)
          end(new Error(`${name}: an input takes more than ${BOUND_MS} ms: ${shown(inputs[Math.max(0, now)])}`))
      }, LOOK_MS)
      const end = (outcome: Error | readonly Verdict[]) => {
        clearInterval(watch)
        this.#worker.off('error', failed).off('message', judged)
        if (outcome instanceof Error) reject(outcome)
        else resolve(outcome)
      }
      const failed = (cause: unknown) =>
        end(new Error(`${name}: the thread ended at ${shown(inputs[Math.max(0, Atomics.load(at, 0))])}`, { cause }))
      const judged = (all: readonly (Verdict | { readonly crash: string })[]) => {
        const crashed = all.findIndex((verdict) => 'crash' in verdict)
        if (crashed >= 0) end(new Error(`${name}: ${shown(inputs[crashed])}: ${(all[crashed] as { crash: string }).crash}`))
        else end(all as readonly Verdict[])
      }
      this.#worker.on('error', failed).on('message', judged)
      this.#worker.postMessage({ name, inputs })
    })
  }
}

/** Bytes as text where they are some, to be pasted into a test. */
export function shown(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString()
  return Buffer.from(text).equals(bytes) ? JSON.stringify(text) : `hex ${Buffer.from(bytes).toString('hex')}`
}

/** Why two programs may disagree, by name. */
export interface Reason<T> {
  readonly name: string
  explains(found: T): boolean
}

/** Counts what is explained, and throws what is not. */
export class Disagreements<T> {
  readonly #reasons: readonly Reason<T>[]
  readonly #counts = new Map<string, number>()
  readonly #unexplained: string[] = []

  constructor(reasons: readonly Reason<T>[]) {
    this.#reasons = reasons
  }

  get isEmpty(): boolean {
    return this.#counts.size === 0 && this.#unexplained.length === 0
  }

  add(found: T, what: string): void {
    const reason = this.#reasons.find(({ explains }) => explains(found))
    if (reason === undefined) this.#unexplained.push(what)
    else this.#counts.set(reason.name, (this.#counts.get(reason.name) ?? 0) + 1)
  }

  /** A line a reason that was met. */
  report(print: (line: string) => void): void {
    for (const [name, count] of this.#counts) print(`  ${count} x ${name}`)
    if (this.#unexplained.length === 0) return
    const file = join(tmpdir(), `promontory-disagreements-${process.pid}.txt`)
    writeFileSync(file, this.#unexplained.join('\n'))
    const some = this.#unexplained.slice(0, 10).map((what) => what.slice(0, 600))
    throw new Error(`${this.#unexplained.length} disagreements that nothing explains (all are in ${file}), such as\n${some.join('\n')}`)
  }
}
