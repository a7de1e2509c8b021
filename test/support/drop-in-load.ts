// What a Prometheus is given before its directory is taken over: all that its log, its chunks and its blocks can hold.
import { seededRandom } from '../../src/base/virtual/random.ts'
import type { Program } from './program.ts'
import { type HandHistogram, type HandSeries, messageV1, snappyBlock, V1 } from './write-requests.ts'

export const STEP_MS = 60_000
const RANGE_MS = 7_200_000
export const START = Math.ceil(1_700_000_000_000 / RANGE_MS) * RANGE_MS
/** Nine and a half hours: blocks, a checkpoint, and a head over two block ranges. */
export const STEPS = 570
/** How late samples may be. */
export const LATE_MS = 30 * 60_000
const STEPS_A_REQUEST = 10

export interface LoadOptions {
  readonly seed: number
  /** Histograms with custom buckets, and late histograms. */
  readonly isNew: boolean
}

/** A load that is the same for the same options. */
export class DropInLoad {
  readonly #next: () => number
  readonly #isNew: boolean
  readonly #walks = new Float64Array(40)
  readonly #counts = new Map<string, number[]>()

  constructor({ seed, isNew }: LoadOptions) {
    const random = seededRandom(seed)
    this.#next = () => random.next()
    this.#isNew = isNew
  }

  /** Requests of all steps from `from` on, before `to`. */
  *requests(from = 0, to = STEPS): Iterable<readonly HandSeries[]> {
    for (let step = from; step < to; step += STEPS_A_REQUEST) {
      const bySeries = new Map<string, HandSeries>()
      for (let i = step; i < Math.min(to, step + STEPS_A_REQUEST); i++) {
        for (const series of this.#step(i)) {
          const key = JSON.stringify(series.labels)
          const known = bySeries.get(key)
          const samples = [...(known?.samples ?? []), ...(series.samples ?? [])]
          const histograms = [...(known?.histograms ?? []), ...(series.histograms ?? [])]
          bySeries.set(key, { labels: series.labels, samples, histograms })
        }
      }
      yield [...bySeries.values()]
      if (step % 40 === 30) yield this.#late(step)
    }
  }

  #below(limit: number): number {
    return Math.floor(this.#next() * limit)
  }

  #step(i: number): HandSeries[] {
    const t = START + i * STEP_MS + 17
    const all: HandSeries[] = []
    const float = (labels: Record<string, string>, v: number | 'stale') => {
      all.push({ labels: Object.entries(labels), samples: [[t, v]] })
    }
    for (let n = 0; n < 20; n++) {
      this.#walks[n] += this.#next() - 0.5
      if (n === 5 && i % 60 === 40) float({ __name__: 'load', n: '5' }, 'stale')
      else if (n !== 5 || i % 60 < 40) float({ __name__: 'load', n: String(n) }, n % 4 === 0 ? Math.round(this.#walks[n]) : this.#walks[n])
      this.#walks[20 + n] = this.#below(150) === 0 ? 0 : this.#walks[20 + n] + this.#below(10)
      float({ __name__: 'requests_total', n: String(n), zone: `z${n % 3}` }, this.#walks[20 + n])
    }
    // Series that come for a while; one of them comes again.
    float({ __name__: 'pod', name: `p${Math.floor(i / 50) % 9}` }, i)
    for (const kind of ['integer', 'float', 'gauge', ...(this.#isNew ? ['custom'] : [])]) {
      const labels: [string, string][] = [
        ['__name__', 'latency'],
        ['kind', kind],
      ]
      if (kind === 'integer' && i % 100 === 70) all.push({ labels, samples: [[t, 'stale']] })
      else if (kind !== 'integer' || i % 100 < 70) all.push({ labels, histograms: [this.#histogram(kind, t)] })
    }
    return all
  }

  /** Samples up to LATE_MS older than what has come. */
  #late(step: number): HandSeries[] {
    const newest = START + (step + STEPS_A_REQUEST - 1) * STEP_MS
    const all: HandSeries[] = []
    for (let n = 0; n < 8; n++) {
      const times = new Set<number>()
      while (times.size < 5) times.add(newest - 60_000 - this.#below(LATE_MS - 120_000))
      const samples = [...times].map((t) => [t, this.#below(1000)] as const)
      all.push({
        labels: [
          ['__name__', 'load'],
          ['n', String(n)],
        ],
        samples,
      })
    }
    if (!this.#isNew) return all
    const histograms = [3, 11, 19].map((minutes) => this.#histogram('late', newest - minutes * 60_000 + this.#below(1000)))
    all.push({
      labels: [
        ['__name__', 'latency'],
        ['kind', 'gauge'],
      ],
      histograms,
    })
    return all
  }

  #histogram(kind: string, t: number): HandHistogram {
    let counts = this.#counts.get(kind)
    if (counts === undefined || this.#below(120) === 0) this.#counts.set(kind, (counts = [1, 1, 1, 1]))
    const isFloat = kind === 'float'
    for (let i = 0; i < counts.length; i++) {
      if (kind === 'gauge' || kind === 'late') counts[i] = 1 + this.#below(20)
      else counts[i] += this.#below(4) * (isFloat ? 0.5 : 1)
    }
    if (kind === 'integer' && counts.length < 9 && this.#below(40) === 0) counts.push(1)
    const total = counts.reduce((a, b) => a + b, 0)
    return {
      t,
      isFloat,
      schema: kind === 'custom' ? -53 : 2,
      count: total,
      sum: total * 1.25 + this.#below(3),
      zeroThreshold: kind === 'custom' ? 0 : 0.001,
      positiveSpans: [[0, counts.length]],
      positive: isFloat ? [...counts] : counts.map((count, i) => count - (counts[i - 1] ?? 0)),
      hint: kind === 'gauge' || kind === 'late' ? 3 : 0,
      ...(kind === 'custom' ? { customValues: [0.1, 1, 10] } : {}),
    }
  }
}

/** Sends series by remote write; throws what the server says is wrong. */
export async function send(program: Program, series: readonly HandSeries[]): Promise<void> {
  const body = new Blob([Uint8Array.from(snappyBlock(messageV1(series)))])
  const headers = { 'content-type': V1, 'content-encoding': 'snappy' }
  const response = await fetch(`${program.url}/api/v1/write`, { method: 'POST', headers, body })
  const text = await response.text()
  if (response.status >= 300) throw new Error(`remote write is answered with ${response.status}: ${text}`)
}

/** Deletes series between two steps, both inclusive. */
export async function deleteSeries(program: Program, selector: string, from: number, to: number): Promise<void> {
  const search = new URLSearchParams({
    'match[]': selector,
    start: String((START + from * STEP_MS) / 1000),
    end: String((START + to * STEP_MS) / 1000),
  })
  const response = await fetch(`${program.url}/api/v1/admin/tsdb/delete_series?${search}`, { method: 'POST' })
  if (response.status !== 204) throw new Error(`deletion is answered with ${response.status}: ${await response.text()}`)
}
