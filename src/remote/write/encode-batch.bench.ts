// What a sample costs on its way out: into a batch, into a message, compressed.
//   node src/remote/write/encode-batch.bench.ts
import { SnappyEncoder } from '../../base/snappy-encoder.ts'
import { Labels } from '../../model/labels.ts'
import { BatchEncoder, type MessageVersion } from './encode-batch.ts'
import { OutgoingSeries } from './outgoing-series.ts'
import { SendBatch } from './send-batch.ts'

const SERIES = 100_000
const BATCH = 2000
const BATCHES = 500
const snappy = new SnappyEncoder()

const relabeling = { externalLabels: Labels.of({ region: 'eu' }), steps: [] }
const labelsOf = (i: number) =>
  Labels.of({
    __name__: `http_requests_total_${i % 50}`,
    instance: `10.0.${(i >> 8) & 255}.${i & 255}:9100`,
    job: `job-${i % 20}`,
    handler: `/api/v1/items/${i % 100}`,
    method: i % 2 === 0 ? 'GET' : 'POST',
    code: String(200 + (i % 5)),
    zone: `zone-${i % 3}`,
    pod: `pod-${i >> 6}`,
  })

const before = process.memoryUsage()
let start = process.cpuUsage()
const table = new OutgoingSeries(1, relabeling)
for (let i = 0; i < SERIES; i++) table.add(i, labelsOf(i))
const addMs = spent(start)
const memory = table.symbols.sizeBytes + table.refs.byteLength + table.fates.byteLength + 8 * table.hashes.byteLength
console.log(
  `${SERIES} series: ${((addMs * 1000) / SERIES).toFixed(2)} us each, with making their labels; ${(memory / SERIES).toFixed(0)} B each, resident +${mib(process.memoryUsage().rss - before.rss)} MiB`,
)

function check(version: MessageVersion, samplesASeries: number): void {
  const encoder = new BatchEncoder()
  const batch = new SendBatch(BATCH)
  let bytes = 0
  let compressed = 0
  let fillMs = 0
  let encodeMs = 0
  let compressMs = 0
  let next = 0
  for (let n = 0; n < BATCHES; n++) {
    start = process.cpuUsage()
    batch.open(table, n, 0)
    for (let i = 0; i < BATCH; i++)
      batch.push((next + (i % (BATCH / samplesASeries))) % SERIES, 1_700_000_000_000 + n * 15_000 + i, n * i * 0.37, 0)
    next += BATCH / samplesASeries
    fillMs += spent(start)
    start = process.cpuUsage()
    const message = encoder.encode(batch, version)
    encodeMs += spent(start)
    start = process.cpuUsage()
    compressed += snappy.encode(message).length
    compressMs += spent(start)
    bytes += message.length
  }
  const samples = BATCH * BATCHES
  const ns = (ms: number) => ((ms * 1e6) / samples).toFixed(0)
  console.log(
    `${version}.0, ${samplesASeries} samples a series: fill ${ns(fillMs)} ns, encode ${ns(encodeMs)} ns, snappy ${ns(compressMs)} ns a sample; ` +
      `${(bytes / samples).toFixed(1)} B a sample, ${(compressed / samples).toFixed(1)} B compressed`,
  )
}

for (const version of [1, 2] as const) for (const samplesASeries of [1, 20]) check(version, samplesASeries)

function spent(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1000
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1)
}
