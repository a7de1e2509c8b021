import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { seededRandom } from '../../src/base/virtual/random.ts'
import { peer } from '../support/peers.ts'
import { freePort, Program, startServer } from '../support/program.ts'
import { type HandExemplar, type HandHistogram, type HandSeries, messageV1, snappyBlock, V1 } from '../support/write-requests.ts'

// The same random samples to us and to Prometheus: histograms of all kinds whose buckets come and go, which are reset, go stale, turn
// into floats and back, come twice and out of order, with exemplars. What is stored must be the same.

const SERIES = 12
const STEPS = 120
const STEP_MS = 15_000
const FLAGS = ['--web.enable-remote-write-receiver', '--enable-feature=native-histograms,exemplar-storage']

type Below = (limit: number) => number

/** A series of histograms that goes on by chance. */
class Source {
  readonly #below: Below
  readonly labels: readonly (readonly [string, string])[]
  readonly #isCustom: boolean
  readonly #isGauge: boolean
  #isFloat: boolean
  #schema: number
  #buckets = new Map<number, number>()
  #last: HandSeries | undefined
  /** What was given last is what was given before. */
  isRepeated = false
  /** It differs from what was given before in empty buckets only. */
  isAlike = false

  constructor(index: number, below: Below) {
    this.#below = below
    this.labels = [
      ['__name__', 'stored'],
      ['i', String(index)],
    ]
    this.#isCustom = index % 4 === 3
    this.#isGauge = index % 6 === 2
    this.#isFloat = index % 2 === 1
    this.#schema = this.#isCustom ? -53 : index % 5
  }

  next(t: number): HandSeries {
    const below = this.#below
    const what = below(30)
    if (what === 0 && this.#last !== undefined) {
      this.isRepeated = true
      return this.#last
    }
    if (what === 1) t -= STEP_MS + below(2) * 60_000
    // Upstream does not know yet the series of the first histogram when it takes exemplars.
    const exemplars: HandExemplar[] =
      this.#last !== undefined && what > 3 && below(4) === 0
        ? [{ labels: [['trace_id', `t${below(5)}`]], value: below(3), t: t - below(3) }]
        : []
    let next: HandSeries = { labels: this.labels, histograms: [this.#histogram(t)], exemplars }
    if (what === 2) next = { labels: this.labels, samples: [[t, 'stale']] }
    else if (what === 3) next = { labels: this.labels, samples: [[t, below(5)]] }
    this.isRepeated = JSON.stringify(next.histograms) === JSON.stringify(this.#last?.histograms)
    this.isAlike = !this.isRepeated && counted(next) !== undefined && counted(next) === counted(this.#last)
    this.#last = next
    return next
  }

  #histogram(t: number): HandHistogram {
    const below = this.#below
    const change = below(25)
    if (change === 0) this.#buckets.clear()
    if (change === 1 && !this.#isCustom) this.#schema = below(4)
    if (change === 2) this.#isFloat = !this.#isFloat
    if (below(5) === 0 || this.#buckets.size === 0) this.#buckets.set(this.#isCustom ? below(4) : below(30) - 15, 0)
    for (const [index, count] of this.#buckets) {
      const step = below(4) * (this.#isFloat ? 0.5 : 1)
      this.#buckets.set(index, this.#isGauge && below(3) === 0 ? Math.max(0, count - step) : count + step)
      // What was counted with fractions goes on without.
      if (!this.#isFloat) this.#buckets.set(index, Math.ceil(this.#buckets.get(index)!))
    }
    if (this.#isGauge && below(10) === 0) this.#buckets.delete([...this.#buckets.keys()][0])
    const indices = [...this.#buckets.keys()].sort((a, b) => a - b)
    const counts = indices.map((index) => this.#buckets.get(index)!)
    const total = counts.reduce((a, b) => a + b, 0)
    const spans: [number, number][] = []
    for (const [i, index] of indices.entries()) {
      if (i > 0 && index === indices[i - 1] + 1) spans[spans.length - 1][1]++
      else spans.push([i === 0 ? index : index - indices[i - 1] - 1, 1])
    }
    return {
      t,
      isFloat: this.#isFloat,
      schema: this.#schema,
      count: total,
      sum: total * 1.5,
      zeroThreshold: this.#isCustom ? 0 : 2 ** -128,
      positiveSpans: spans,
      positive: this.#isFloat ? counts : counts.map((count, i) => count - (counts[i - 1] ?? 0)),
      hint: this.#isGauge ? 3 : 0,
      ...(this.#isCustom ? { customValues: [0.1, 1, 10] } : {}),
    }
  }
}

/** A series' histogram by its counts, without where they are counted. */
function counted(series: HandSeries | undefined): string | undefined {
  const histogram = series?.histograms?.[0]
  if (histogram === undefined) return undefined
  const { t, schema, count, sum, positive } = histogram
  return JSON.stringify([t, schema, count, sum, (positive ?? []).filter((one) => one !== 0)])
}

/** The status; what is said besides is compared elsewhere. */
async function send(program: Program, series: HandSeries): Promise<number> {
  const body = new Blob([Uint8Array.from(snappyBlock(messageV1([series])))])
  const headers = { 'content-type': V1, 'content-encoding': 'snappy' }
  const response = await fetch(`${program.url}/api/v1/write`, { method: 'POST', headers, body })
  await response.text()
  return response.status
}

test('histograms of all kinds are stored as by Prometheus', { timeout: 600_000 }, async (t) => {
  const binary = peer(t, 'prometheus 3.5')
  if (binary === undefined) return
  const seed = Number(process.env.PROMONTORY_SEED ?? 20260801)
  t.diagnostic(`seed ${seed}`)
  const random = seededRandom(seed)
  const below: Below = (limit) => Math.floor(random.next() * limit)
  const directory = mkdtempSync(join(tmpdir(), 'promontory-peer-'))
  const configFile = join(directory, 'prometheus.yml')
  // Prometheus takes no late samples unless it is told to.
  writeFileSync(configFile, 'storage: {tsdb: {out_of_order_time_window: 0s}}\n')
  const dataDir = join(directory, 'ours')
  let ours = await startServer({ configFile, dataDir, flags: FLAGS })
  const port = await freePort()
  const theirs = new Program(
    binary,
    [`--config.file=${configFile}`, `--storage.tsdb.path=${join(directory, 'theirs')}`, `--web.listen-address=127.0.0.1:${port}`, ...FLAGS],
    `http://127.0.0.1:${port}`,
  )
  try {
    await Promise.all([ours.ready(), theirs.ready()])
    const sources = Array.from({ length: SERIES }, (_, i) => new Source(i, below))
    const begin = Date.now() - STEPS * STEP_MS
    const statuses = new Map<number, number>()
    for (let step = 0; step < STEPS; step++) {
      for (const source of sources) {
        const series = source.next(begin + step * STEP_MS)
        const [our, their] = await Promise.all([send(ours, series), send(theirs, series)])
        // Upstream adds to the histogram it keeps the buckets that its chunk has, and then no longer knows what was sent.
        if (source.isRepeated && series.histograms !== undefined && our === 204 && their === 400) continue
        // For the same reason it takes one with other empty buckets for the same.
        if (source.isAlike && our === 400 && their === 204) continue
        assert.equal(our, their, `seed ${seed}, step ${step}: ${JSON.stringify(series)}`)
        statuses.set(our, (statuses.get(our) ?? 0) + 1)
      }
    }
    assert.ok(statuses.get(204)! > 1000 && statuses.get(400)! > 10, JSON.stringify([...statuses]))
    await compare(ours, theirs, `seed ${seed}`)
    await ours.stop('SIGKILL')
    ours = await (await startServer({ configFile, dataDir, flags: FLAGS })).ready()
    await compare(ours, theirs, `seed ${seed}, after a restart`)
  } finally {
    await Promise.all([theirs.stop(), ours.stop()])
    rmSync(directory, { recursive: true, force: true })
  }
})

async function compare(ours: Program, theirs: Program, what: string): Promise<void> {
  const time = Date.now() / 1000
  const sorted = (result: readonly unknown[]) => result.map((one) => JSON.stringify(one)).sort()
  for (const query of ['stored[2h]', 'count_over_time(stored[10m])', 'histogram_count(stored offset 10m)']) {
    const ask = async (program: Program) => sorted((await program.api<{ result: unknown[] }>('query', { query, time })).result)
    const [our, their] = await Promise.all([ask(ours), ask(theirs)])
    assert.deepEqual(our, their, `${what}: ${query}`)
    if (query === 'stored[2h]') assert.equal(our.length, SERIES)
  }
  const range = { query: 'stored', start: time - 7200, end: time + 10 }
  const [our, their] = await Promise.all([ours, theirs].map((program) => program.api<unknown[]>('query_exemplars', range)))
  assert.ok(our.length > 5)
  assert.deepEqual(sorted(our), sorted(their), `${what}: exemplars`)
}
