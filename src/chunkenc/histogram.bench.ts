// What a chunk of histograms costs: node src/chunkenc/histogram.bench.ts
import type { Histogram } from '../model/histogram.ts'
import { SampleColumns } from './codec.ts'
import { decodeChunk } from './decode-chunk.ts'
import { encodeChunks } from './encode-chunks.ts'
import { HistogramFit } from './histogram-fit.ts'
import { HistogramSampleEncoder } from './histogram-sample.ts'
import { histogram } from './samples.fixture.ts'

const SAMPLES = 120
const times = Array.from({ length: SAMPLES }, (_, i) => 1.7e12 + i * 15000 + (i % 7 === 0 ? 3 : 0))

/** Counters whose buckets grow at different rates, a tenth of them not at all. */
function grow(buckets: number, isFloat: boolean): Histogram[] {
  const rates = Array.from({ length: buckets }, (_, k) =>
    k % 10 === 9 ? 0 : Math.round(40 * Math.exp(-(((k - buckets / 2) / (buckets / 5)) ** 2))),
  )
  return times.map((_, i) =>
    histogram({
      isFloat,
      schema: 3,
      zeroThreshold: 2 ** -128,
      zeroCount: i,
      sum: i * 123.4,
      spans: [-10, buckets],
      buckets: rates.map((rate, k) => (rate * i + Math.floor((i * (k % 7)) / 3)) * (isFloat ? 1.1 : 1)),
    }),
  )
}

function measure(what: string, run: () => void): void {
  for (let i = 0; i < 200; i++) run()
  const rounds = 500
  const start = process.cpuUsage()
  for (let i = 0; i < rounds; i++) run()
  const { user, system } = process.cpuUsage(start)
  console.log(`${what}: ${(((user + system) * 1e3) / rounds / SAMPLES).toFixed(0)} ns of CPU a sample`)
}

for (const isFloat of [false, true]) {
  for (const buckets of [20, 160]) {
    const name = `${isFloat ? 'floats' : 'integers'}, ${buckets} buckets`
    const histograms = grow(buckets, isFloat)
    const values = histograms.map(({ sum }) => sum)
    const chunks = encodeChunks({ timestamps: times, values, histograms })
    const bytes = chunks.reduce((sum, { data }) => sum + data.length, 0)
    console.log(`${name}: ${(bytes / SAMPLES).toFixed(1)} bytes a sample, ${chunks.length} chunks`)
    const encoder = new HistogramSampleEncoder()
    const kept = new Uint32Array(4096)
    measure('  append, state loaded and kept', () => {
      encoder.clear()
      kept.set(encoder.state.subarray(0, encoder.stateLength))
      for (let i = 0; i < SAMPLES; i++) {
        encoder.load(kept, 0)
        if (encoder.fit(histograms[i]) !== HistogramFit.append) encoder.begin(histograms[i], false)
        encoder.encode(times[i], histograms[i], 0, 0, i & 7)
        kept.set(encoder.state.subarray(0, encoder.stateLength))
      }
    })
    const out = new SampleColumns(SAMPLES)
    measure('  decode', () => {
      out.clear()
      for (const chunk of chunks) decodeChunk(chunk, 0, 2e12, out)
    })
  }
}
