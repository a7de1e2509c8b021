import type { Env } from '../base/env.ts'
import { CodedError, errorMessage } from '../base/errors.ts'
import { type Collector, type CollectorContext, NoDataError } from './collector.ts'
import { COLLECTORS, TEXTFILE } from './collectors/table.ts'
import { TextfileCollector } from './collectors/textfile.ts'
import { HostFiles } from './host-files.ts'
import type { ExporterOptions } from './options.ts'
import { formatLabels, Page } from './page.ts'

interface Outcome {
  readonly name: string
  readonly page: Page
  readonly succeeded: boolean
  readonly durationSeconds: number
}

/** Which of the collectors a scrape asks for: node_exporter's parameters `collect[]` and `exclude[]`. */
export interface ScrapeSelection {
  readonly collect: readonly string[]
  readonly exclude: readonly string[]
}

/** Metrics of the host as one page. */
export class HostExporter {
  readonly #env: Env
  readonly #options: ExporterOptions
  readonly #collectors = new Map<string, Collector>()
  readonly #textfile: TextfileCollector | undefined
  readonly #problems = new Map<string, string>()

  /** Throws `bad_data` when an option (a pattern, a collector's name) is wrong. */
  constructor(env: Env, options: ExporterOptions) {
    this.#env = env
    this.#options = options
    const context: CollectorContext = { options, clock: env.clock, log: env.log }
    for (const name of [...options.collectors].sort()) {
      if (name === TEXTFILE) continue
      if (!Object.hasOwn(COLLECTORS, name))
        throw new CodedError('bad_data', `no collector ${name}; there are: ${Object.keys(COLLECTORS).join(', ')}`)
      this.#collectors.set(name, COLLECTORS[name](context))
    }
    if (options.collectors.has(TEXTFILE)) this.#textfile = new TextfileCollector(context)
  }

  /** Names of the collectors that a scrape with this selection runs. Throws `bad_data` where the selection is wrong. */
  select({ collect, exclude }: ScrapeSelection): ReadonlySet<string> {
    if (collect.length > 0 && exclude.length > 0) throw new CodedError('bad_data', 'found collect[] and exclude[], want one of them')
    const enabled = this.#options.collectors
    for (const name of [...collect, ...exclude]) {
      if (enabled.has(name)) continue
      const reason = Object.hasOwn(COLLECTORS, name) || name === TEXTFILE ? 'disabled collector' : 'missing collector'
      throw new CodedError('bad_data', `${reason}: ${name}`)
    }
    return new Set(collect.length > 0 ? collect : [...enabled].filter((name) => !exclude.includes(name)))
  }

  /** Asks the collectors at once. Never rejects because of one of them: `node_scrape_collector_success` tells. */
  async scrape(names: ReadonlySet<string>): Promise<Page> {
    const files = new HostFiles(this.#env.fs, this.#options.paths)
    const host = [...this.#collectors].filter(([name]) => names.has(name))
    const outcomes = await Promise.all(host.map(([name, collector]) => this.#run(name, (page) => collector.collect(page, files))))
    const page = new Page()
    for (const outcome of outcomes) if (outcome.succeeded) page.append(outcome.page)
    const textfile = this.#textfile
    if (textfile !== undefined && names.has(TEXTFILE)) {
      const outcome = await this.#run(TEXTFILE, (own) => textfile.collect(own, this.#env.fs, page.names))
      if (outcome.succeeded) page.append(outcome.page)
      outcomes.push(outcome)
    }
    writeOutcomes(page, outcomes)
    return page
  }

  async #run(name: string, collect: (page: Page) => Promise<void>): Promise<Outcome> {
    const start = this.#env.clock.monotonic()
    const page = new Page()
    let problem = ''
    try {
      await collect(page)
    } catch (error) {
      problem = errorMessage(error)
      this.#report(name, problem, error instanceof NoDataError)
    }
    if (problem === '') this.#problems.delete(name)
    return { name, page, succeeded: problem === '', durationSeconds: (this.#env.clock.monotonic() - start) / 1000 }
  }

  /** Once for each change: a scrape comes every few seconds. */
  #report(collector: string, problem: string, isNoData: boolean): void {
    if (this.#problems.get(collector) === problem) return
    this.#problems.set(collector, problem)
    if (isNoData) this.#env.log.debug('collector has no data', { collector, reason: problem })
    else this.#env.log.error('collector failed', { collector, error: problem })
  }
}

function writeOutcomes(page: Page, outcomes: readonly Outcome[]): void {
  page.family('node_scrape_collector_duration_seconds', 'gauge', 'How long each collector took.')
  for (const { name, durationSeconds } of outcomes) page.sample(durationSeconds, formatLabels({ collector: name }))
  page.family('node_scrape_collector_success', 'gauge', 'Whether each collector succeeded.')
  for (const { name, succeeded } of outcomes) page.sample(succeeded ? 1 : 0, formatLabels({ collector: name }))
}
