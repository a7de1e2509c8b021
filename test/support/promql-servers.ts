// Test scripts over HTTP, on servers that forget nothing: a script that clears its data goes on where that data is not in the way.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { QueryEngine } from '../../src/promql/query-engine.ts'
import type { ScriptResult } from '../../src/promql/test-script/run.ts'
import { runScript } from '../../src/promql/test-script/run.ts'
import type { MemorySeries } from '../../src/storage/memory-source.ts'
import { freePort, Program } from './program.ts'
import { EXPERIMENTAL_FEATURES } from './promql-generator.ts'
import { HttpEngine, isSameShown, sendSamples } from './promql-http.ts'
import { inTurn, type ScriptPart, scriptParts } from './promql-script-parts.ts'

/** A program that takes Prometheus' flags. */
export interface ServerCommand {
  readonly path: string
  readonly args: readonly string[]
}

/** Flags beside those of the command: limits as upstream's own test has them, and a window, or head, that no script outgrows. */
const FLAGS = [
  '--web.enable-remote-write-receiver',
  '--query.max-samples=10000',
  '--storage.tsdb.min-block-duration=31d',
  '--storage.tsdb.max-block-duration=31d',
  '--storage.tsdb.retention.time=200y',
  '--log.level=error',
]
const SERVERS_AT_ONCE = 3

/** Runs all scripts of a directory, some at once. Resolves to the outcomes by file, and how many servers it took. */
export async function runScriptsOverHttp(
  directory: string,
  command: ServerCommand,
): Promise<{ readonly results: ReadonlyMap<string, ScriptResult>; readonly serverCount: number }> {
  const parts = readdirSync(directory)
    .filter((file) => file.endsWith('.test'))
    .sort()
    .flatMap((file) => scriptParts(readFileSync(join(directory, file), 'utf8'), file))
  const outcomes = new Map<ScriptPart, ScriptResult>()
  const pool = new ServerPool(command)
  const waiting = [...inTurn(parts)]
  const work = async () => {
    for (let turn = waiting.pop(); turn !== undefined; turn = waiting.pop()) await runTurn(pool, turn, outcomes)
  }
  try {
    await Promise.all(Array.from({ length: SERVERS_AT_ONCE }, work))
  } finally {
    await pool.close()
  }
  return { results: byFile(parts, outcomes), serverCount: pool.startedCount }
}

async function runTurn(pool: ServerPool, parts: readonly ScriptPart[], outcomes: Map<ScriptPart, ScriptResult>): Promise<void> {
  const server = new ScriptServer(pool)
  const options = { features: EXPERIMENTAL_FEATURES, isSameHistogram: isSameShown }
  try {
    for (const part of parts) {
      server.forget()
      outcomes.set(part, await runScript(part.text, part.file, (series) => server.load(series), options))
    }
  } finally {
    await server.close()
  }
}

function byFile(parts: readonly ScriptPart[], outcomes: ReadonlyMap<ScriptPart, ScriptResult>): ReadonlyMap<string, ScriptResult> {
  const results = new Map<string, ScriptResult>()
  for (const part of parts) {
    const before = results.get(part.file) ?? { passed: 0, failed: [], skipped: [] }
    const { passed, failed, skipped } = outcomes.get(part)!
    results.set(part.file, {
      passed: before.passed + passed,
      failed: [...before.failed, ...failed],
      skipped: [...before.skipped, ...skipped],
    })
  }
  return results
}

/** Keeps empty servers started ahead of their use. */
class ServerPool {
  readonly #directory = mkdtempSync(join(tmpdir(), 'promontory-scripts-'))
  readonly #command: ServerCommand
  readonly #running = new Set<Program>()
  #next: Promise<Program>
  startedCount = 0

  constructor(command: ServerCommand) {
    this.#command = command
    writeFileSync(join(this.#directory, 'prometheus.yml'), 'global: {}\n')
    this.#next = this.#start()
  }

  /** An empty server. */
  take(): Promise<Program> {
    const next = this.#next
    this.#next = this.#start()
    return next
  }

  async end(program: Program): Promise<void> {
    this.#running.delete(program)
    await program.stop('SIGKILL')
  }

  async close(): Promise<void> {
    await this.#next.catch(() => undefined)
    await Promise.all([...this.#running].map((program) => this.end(program)))
    rmSync(this.#directory, { recursive: true, force: true })
  }

  async #start(): Promise<Program> {
    const port = await freePort()
    const own = [
      `--config.file=${join(this.#directory, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(this.#directory, `data-${this.startedCount++}`)}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]
    const program = new Program(this.#command.path, [...this.#command.args, ...own, ...FLAGS], `http://127.0.0.1:${port}`)
    this.#running.add(program)
    return program.ready('/-/ready', 60_000)
  }
}

/** The engine of parts of scripts: a server that has what the part has loaded, and what those before it have left. */
class ScriptServer {
  readonly #pool: ServerPool
  #server: Program | undefined
  /** What it was sent, by labels. */
  #sent = new Map<string, MemorySeries>()

  constructor(pool: ServerPool) {
    this.#pool = pool
  }

  /** Sends what is new, to another server where something else than samples at the end of series has changed. */
  async load(all: readonly MemorySeries[]): Promise<QueryEngine> {
    let fresh = this.#server === undefined ? undefined : this.#newSamples(all)
    if (fresh === undefined) {
      await this.close()
      this.#server = await this.#pool.take()
      fresh = all
    }
    if (fresh.length > 0) await sendSamples(this.#server!.url, fresh)
    this.#sent = new Map(all.map((series) => [series.labels.key(), series]))
    return new HttpEngine(this.#server!.url)
  }

  /** What comes next asks for nothing that was sent. */
  forget(): void {
    this.#sent.clear()
  }

  async close(): Promise<void> {
    if (this.#server !== undefined) await this.#pool.end(this.#server)
    this.#server = undefined
    this.#sent.clear()
  }

  /** The samples that were not sent; undefined where more than they have changed. */
  #newSamples(all: readonly MemorySeries[]): readonly MemorySeries[] | undefined {
    const fresh: MemorySeries[] = []
    let known = 0
    for (const series of all) {
      const sent = this.#sent.get(series.labels.key())
      if (sent === undefined) {
        fresh.push(series)
        continue
      }
      known++
      const from = sent.timestamps.length
      if (!beginsWith(series, sent)) return undefined
      if (series.timestamps.length > from) fresh.push(tail(series, from))
    }
    return known === this.#sent.size ? fresh : undefined
  }
}

function beginsWith(series: MemorySeries, start: MemorySeries): boolean {
  for (let i = 0; i < start.timestamps.length; i++) {
    if (series.timestamps[i] !== start.timestamps[i] || !Object.is(series.values[i], start.values[i])) return false
    if (series.histograms?.[i] !== start.histograms?.[i] || series.startTimes?.[i] !== start.startTimes?.[i]) return false
  }
  return true
}

function tail({ labels, timestamps, values, histograms, startTimes }: MemorySeries, from: number): MemorySeries {
  return {
    labels,
    timestamps: Array.from(timestamps).slice(from),
    values: Float64Array.from(values).slice(from),
    histograms: histograms && Array.from(histograms).slice(from),
    startTimes: startTimes && Array.from(startTimes).slice(from),
  }
}
