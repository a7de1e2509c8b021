// A target that exposes a counter with exemplars, a gauge that comes and goes, and native histograms, in the protobuf format; each scrape finds
// more than the one before. Source of the format: prometheus/client_model io/prometheus/client/metrics.proto.
import { createServer } from 'node:http'
import { type LocalServer, listenLocally } from './local-server.ts'
import { doubleField, field, varint, varintField } from './write-requests.ts'

const CONTENT_TYPE = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'

const COUNTER = 0
const GAUGE = 1
const HISTOGRAM = 4

function family(name: string, help: string, type: number, metrics: readonly Buffer[]): Buffer {
  const body = Buffer.concat([field(1, name), field(2, help), varintField(3, type), ...metrics.map((metric) => field(4, metric))])
  return Buffer.concat([varint(body.length), body])
}

function label(name: string, value: string): Buffer {
  return field(1, Buffer.concat([field(1, name), field(2, value)]))
}

function timestamp(ms: number): Buffer {
  return Buffer.concat([varintField(1, Math.floor(ms / 1000)), varintField(2, (ms % 1000) * 1_000_000)])
}

const zigzag = (value: number) => (value >= 0 ? value * 2 : -value * 2 - 1)

/** A native histogram of `round` observations in each of two buckets and twice as many in a third, one zero; every fifth round it begins anew. */
function histogram(round: number): Buffer {
  const n = (round % 5) + 1
  return Buffer.concat([
    varintField(1, n * 4 + 1),
    doubleField(2, n * 9.5),
    varintField(5, zigzag(1)),
    doubleField(6, 0.001),
    varintField(7, 1),
    ...[
      [-2, 2],
      [3, 1],
    ].map(([offset, length]) => field(12, Buffer.concat([varintField(1, zigzag(offset)), varintField(2, length)]))),
    ...[n, 0, n].map((delta) => varintField(13, zigzag(delta))),
  ])
}

/** What the scrape of a round finds, at a time. */
export function protobufPage(round: number, nowMs: number): Buffer {
  const exemplar = Buffer.concat([label('trace_id', `t${round}`), doubleField(2, round + 0.5), field(3, timestamp(nowMs - 1))])
  const counters = ['a', 'b'].map((name, i) =>
    Buffer.concat([
      label('name', name),
      field(3, Buffer.concat([doubleField(1, round * (i + 1)), ...(i === 0 ? [field(2, exemplar)] : [])])),
    ]),
  )
  const gauge = Buffer.concat([label('name', 'c'), field(2, doubleField(1, Math.sin(round)))])
  return Buffer.concat([
    family('requests_total', 'Requests.', COUNTER, counters),
    family('temperature', 'How warm it is.', GAUGE, round % 4 === 3 ? [] : [gauge]),
    family('sizes', 'Sizes.', HISTOGRAM, [Buffer.concat([label('name', 'd'), field(7, histogram(round))])]),
  ])
}

export interface ProtobufTarget extends LocalServer {
  readonly rounds: number
}

export async function startProtobufTarget(): Promise<ProtobufTarget> {
  let rounds = 0
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': CONTENT_TYPE })
    response.end(protobufPage(rounds++, Date.now()))
  })
  const { port, close } = await listenLocally(server)
  return {
    port,
    get rounds() {
      return rounds
    },
    close,
  }
}
