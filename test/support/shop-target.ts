// A target as a web shop would be: native histograms of one and of both signs, a classic one, exemplars with traces. Each scrape finds
// more than the one before; the same numbers of scrapes find the same.
import { createServer } from 'node:http'
import { seededRandom } from '../../src/base/virtual/random.ts'
import type { ExposedExemplar, ExposedFamily, ExposedHistogram } from '../../src/exposition/exposed-family.ts'
import { protobufFamily } from '../../src/exposition/protobuf-writer.ts'
import { CounterResetHint, NO_SPANS } from '../../src/model/histogram.ts'
import { EXPOSITION_CONTENT_TYPES } from './exposition-page-generator.ts'
import { type LocalServer, listenLocally } from './local-server.ts'

/** Two buckets for each doubling. */
const SCHEMA = 1
const ZERO_THRESHOLD = 0.001
const HANDLERS = ['/cart', '/checkout']
const PAYLOAD_BOUNDS = [100, 1000, 10_000, 100_000]

/** Counts of a native histogram by the index of their bucket. */
class Observations {
  readonly #counts = new Map<number, number>()
  readonly #negative = new Map<number, number>()
  #zeros = 0
  #count = 0
  #sum = 0

  observe(value: number): void {
    this.#count++
    this.#sum += value
    if (Math.abs(value) <= ZERO_THRESHOLD) {
      this.#zeros++
      return
    }
    const counts = value > 0 ? this.#counts : this.#negative
    const index = Math.ceil(Math.log2(Math.abs(value)) * 2 ** SCHEMA)
    counts.set(index, (counts.get(index) ?? 0) + 1)
  }

  exposed(labels: ExposedHistogram['labels'], exemplars: readonly ExposedExemplar[]): ExposedHistogram {
    const positive = dense(this.#counts)
    const negative = dense(this.#negative)
    return {
      kind: 'histogram',
      labels,
      count: this.#count,
      sum: this.#sum,
      buckets: [],
      exemplars,
      native: {
        isFloat: false,
        counterResetHint: CounterResetHint.unknown,
        schema: SCHEMA,
        zeroThreshold: ZERO_THRESHOLD,
        zeroCount: this.#zeros,
        count: this.#count,
        sum: this.#sum,
        positiveSpans: positive.spans,
        negativeSpans: negative.spans,
        positiveBuckets: positive.buckets,
        negativeBuckets: negative.buckets,
        customValues: new Float64Array(0),
      },
    }
  }
}

/** One span from the first bucket to the last. */
function dense(counts: ReadonlyMap<number, number>) {
  if (counts.size === 0) return { spans: NO_SPANS, buckets: new Float64Array(0) }
  const first = Math.min(...counts.keys())
  const length = Math.max(...counts.keys()) - first + 1
  return {
    spans: Int32Array.of(first, length),
    buckets: Float64Array.from({ length }, (_, index) => counts.get(first + index) ?? 0),
  }
}

/** Serves the shop's page on a free port of 127.0.0.1. */
export async function startShopTarget(): Promise<LocalServer> {
  const random = seededRandom(7)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
  const durations = HANDLERS.map(() => new Observations())
  const changes = new Observations()
  const payloads: number[] = []
  let traces = 0

  const page = (now: number): Buffer => {
    const exemplars = HANDLERS.map((_, handler): ExposedExemplar[] => {
      let slowest = 0
      for (let request = 0; request < 40; request++) {
        const seconds = 0.02 * (1 + 4 * handler) * Math.exp(normal() * 0.7)
        slowest = Math.max(slowest, seconds)
        durations[handler].observe(seconds)
      }
      const trace = (++traces).toString(16).padStart(16, '4bf92f3577b34da6')
      return [{ labels: [['trace_id', trace]], value: slowest, timestamp: now - 5 }]
    })
    for (let change = 0; change < 20; change++) {
      changes.observe(change === 0 ? 0 : normal() * 40 + 12)
      payloads.push(Math.exp(7 + normal() * 2))
    }
    const families: readonly ExposedFamily[] = [
      {
        name: 'shop_request_duration_seconds',
        type: 'histogram',
        help: 'How long requests took.',
        unit: 'seconds',
        metrics: HANDLERS.map((name, handler) => durations[handler].exposed([['handler', name]], exemplars[handler])),
      },
      {
        name: 'shop_balance_change_euros',
        type: 'histogram',
        help: 'What bookings added to an account, or took.',
        unit: 'euros',
        metrics: [changes.exposed([], [])],
      },
      {
        name: 'shop_payload_bytes',
        type: 'histogram',
        help: 'Sizes of what was sent.',
        unit: 'bytes',
        metrics: [
          {
            kind: 'histogram',
            labels: [],
            count: payloads.length,
            sum: payloads.reduce((sum, size) => sum + size, 0),
            buckets: [...PAYLOAD_BOUNDS, Number.POSITIVE_INFINITY].map((upperBound) => ({
              upperBound,
              count: payloads.filter((size) => size <= upperBound).length,
              exemplar: undefined,
            })),
          },
        ],
      },
    ]
    return Buffer.concat(families.map(protobufFamily))
  }

  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': EXPOSITION_CONTENT_TYPES.protobuf })
    response.end(page(Date.now()))
  })
  return listenLocally(server)
}
