import { Registry } from 'prom-client'
import { assert } from '../base/assert.ts'
import type { Env, HttpListener } from '../base/env.ts'
import { HttpApp } from '../base/http-server.ts'
import type { EngineSettings } from '../promql/evaluate.ts'
import { QueryDesk } from '../promql/query-desk.ts'
import { LocalAsker } from './local-asker.ts'
import { addReadRoutes, apiRoutes, plainRoutes } from './read-routes.ts'
import { MadeUpDb } from './reads/made-up-db.ts'
import type { Read } from './reads/read.ts'
import { ReadPool } from './reads/read-pool.ts'
import type { MadeUp, RehearsalStage } from './reads/rehearsal.ts'

const HOST = '127.0.0.1'
const LIMITS = { samplesMax: 1_000_000, bytesMax: 32 * 2 ** 20 }
/** Every so many rounds, forms are sent instead of URLs. */
const FORM_EVERY = 4

export interface RequestRehearsalOptions {
  readonly env: Env
  settings(): Omit<EngineSettings, 'optimiser'>
}

/**
 * Rehearses reads as requests over HTTP, to routes as a server's on a port of this machine that is open as long: of a small query, what takes the
 * request and sends the answer is half of the time, and compiled no sooner than the rest. It has metrics and a desk of its own, so that nothing
 * of it shows.
 */
export class RequestRehearsal implements RehearsalStage {
  readonly #env: Env
  readonly #app = new HttpApp()
  readonly #db = new MadeUpDb()
  #opened: { readonly listener: HttpListener; readonly asker: LocalAsker } | undefined

  constructor({ env: real, settings }: RequestRehearsalOptions) {
    const env = { ...real, metrics: new Registry() }
    const reads = new ReadPool({
      env,
      desk: new QueryDesk({ env }),
      db: this.#db,
      settings,
      ...LIMITS,
      bytesMaxTogether: LIMITS.bytesMax,
      threadsMax: 1,
      entry: undefined,
      cacheBytes: 0,
      cheapMs: Infinity,
      splitMs: Infinity,
      rehearsalRounds: 0,
      stage: undefined,
      maxConcurrency: 1,
    })
    const deps = {
      ...{ env, reads, isAgent: false, features: new Set<string>(), corsOrigin: /^$/, routePrefix: '' },
      readiness: () => ({ ready: true }) as const,
    }
    addReadRoutes(apiRoutes(plainRoutes(this.#app, deps), deps), deps)
    this.#env = env
  }

  /** Resolves with the bytes of the answer. */
  async answer(read: Read, made: MadeUp, round: number): Promise<number> {
    this.#db.made = made
    this.#opened ??= await this.#open()
    const { path, parameters } = requestOf(read)
    const isForm = round % FORM_EVERY === 0 && read.kind !== 'labelValues'
    return await this.#opened.asker.ask(path, parameters, isForm)
  }

  rest(): void {
    const opened = this.#opened
    this.#opened = undefined
    // Whether there will be more of it or not: who goes on brings the windows along.
    this.#db.made = undefined
    opened?.asker.close()
    void opened?.listener.close(0)
  }

  async #open() {
    const { http, tcp } = this.#env
    const listener = await http.listen({ host: HOST, port: 0 }, this.#app.handle)
    return { listener, asker: new LocalAsker(tcp, listener) }
  }
}

/** What asks for a read. */
function requestOf(read: Read): { readonly path: string; readonly parameters: string } {
  const { path, parameters } = pathOf(read)
  const given = Object.entries(parameters).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
  return { path: `/api/v1/${path}`, parameters: given.join('&') }
}

function pathOf(read: Read): { readonly path: string; readonly parameters: Readonly<Record<string, string | number>> } {
  if (read.kind === 'query') {
    const { query, steps, end, isRangeQuery } = read.question
    const [start, step] = [steps.start / 1000, steps.stepMs / 1000]
    if (!isRangeQuery) return { path: 'query', parameters: { query, time: start } }
    return { path: 'query_range', parameters: { query, start, end: end / 1000, step } }
  }
  const scope = { start: read.minTime / 1000, end: read.maxTime / 1000 }
  if (read.kind === 'labelValues') return { path: `label/${read.name}/values`, parameters: scope }
  assert(read.kind === 'series' && read.selectors.length === 1, 'series are rehearsed with one selector')
  return { path: 'series', parameters: { 'match[]': read.selectors[0], ...scope } }
}
