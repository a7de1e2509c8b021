// What is in blocks, and what a Prometheus that serves them says of it, as texts that can be compared.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { histogramText } from '../../src/api/json/histogram-text.ts'
import { formatValue } from '../../src/api/json/number-bytes.ts'
import { realEnv } from '../../src/base/env-real.ts'
import { createLog } from '../../src/base/log-lines.ts'
import { seededRandom } from '../../src/base/virtual/random.ts'
import { CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type Histogram, NO_BUCKETS, NO_SPANS } from '../../src/model/histogram.ts'
import { Labels } from '../../src/model/labels.ts'
import { isStaleMarker, STALE_MARKER } from '../../src/model/staleness.ts'
import type { MemorySeries } from '../../src/storage/memory-source.ts'
import { readAll } from '../../src/storage/series-source.contract.ts'
import { TEST_CACHE_BYTES } from '../../src/tsdb/block/block.fixture.ts'
import { BlockCache } from '../../src/tsdb/block/block-cache.ts'
import { BlockSet } from '../../src/tsdb/block/block-set.ts'
import { verifyBlock } from '../../src/tsdb/block/verify-block.ts'
import { freePort, Program } from './program.ts'

export const START = 1_700_006_400_000
export const STEP_MS = 15_000

export const env = realEnv(createLog({ level: 'warn', format: 'logfmt', now: Date.now, write: (line) => void process.stderr.write(line) }))

export function run(command: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, timeout: 300_000 })
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${stderr}`)
  return stdout
}

function histogram(i: number, kind: 'integer' | 'float' | 'custom'): Histogram {
  const scale = kind === 'float' ? 1.25 : 1
  const age = i % 70
  const positiveBuckets = Float64Array.of(age * scale, 2 * age * scale, ...(age > 30 ? [age * scale] : []))
  const isCustom = kind === 'custom'
  const zeroCount = isCustom ? 0 : 3 * scale
  const negativeBuckets = isCustom ? NO_BUCKETS : Float64Array.of(age * scale)
  return {
    isFloat: kind === 'float',
    counterResetHint: CounterResetHint.unknown,
    schema: isCustom ? CUSTOM_BUCKETS_SCHEMA : 2,
    zeroThreshold: isCustom ? 0 : 0.001,
    zeroCount,
    count: positiveBuckets.reduce((a, b) => a + b, zeroCount) + (negativeBuckets[0] ?? 0),
    sum: age * 1.7,
    positiveSpans: isCustom ? Int32Array.of(0, positiveBuckets.length) : Int32Array.of(-2, 1, 3, positiveBuckets.length - 1),
    negativeSpans: isCustom ? NO_SPANS : Int32Array.of(0, 1),
    positiveBuckets,
    negativeBuckets,
    customValues: isCustom ? Float64Array.of(0.1, 0.5, 1, 10) : NO_BUCKETS,
  }
}

/** All kinds of series, `sampleCount` samples of each from START on: two hours of them where nothing is said. */
export function ourSeries(seed: number, hasCustomBuckets: boolean, sampleCount = 480): readonly MemorySeries[] {
  const random = seededRandom(seed)
  const timestamps = Float64Array.from({ length: sampleCount }, (_, i) => START + i * STEP_MS)
  const series: MemorySeries[] = []
  for (let n = 0; n < 300; n++) {
    const values = timestamps.map((_, i) => (n % 3 === 0 ? i * n : n % 3 === 1 ? random.next() * 1000 : Math.floor(random.next() * 5)))
    if (n % 5 === 0) values.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, STALE_MARKER, 1e300, 5e-324], 50)
    series.push({
      labels: Labels.of({ __name__: `metric_${n % 7}`, n: String(n), ...(n % 2 === 0 && { 'with.dots und Ümlaut': '日本\n"x"' }) }),
      timestamps: timestamps.subarray(n % 11, sampleCount - (n % 13)),
      values: values.subarray(n % 11, sampleCount - (n % 13)),
    })
  }
  for (const kind of ['integer', 'float', ...(hasCustomBuckets ? (['custom'] as const) : [])] as const) {
    const histograms = Array.from(timestamps, (_, i) => (i % 100 === 99 ? undefined : histogram(i, kind)))
    const values = Float64Array.from(timestamps, (_, i) => histograms[i]?.sum ?? 0)
    for (let i = 99; i < sampleCount; i += 100) values[i] = STALE_MARKER
    series.push({ labels: Labels.of({ __name__: `histogram_${kind}` }), timestamps, values, histograms })
  }
  return series
}

export interface Matrix {
  readonly result: readonly {
    readonly metric: Readonly<Record<string, string>>
    readonly values?: readonly (readonly [number, string])[]
    readonly histograms?: readonly (readonly [number, unknown])[]
  }[]
}

/** What a server answers, a text for each series. */
export function theirAnswer({ result }: Matrix): readonly string[] {
  return result
    .map(({ metric, values = [], histograms = [] }) =>
      [
        Labels.of(metric).toString(),
        ...values.map((one) => one.join(' ')),
        ...histograms.map(([t, one]) => `${t} ${JSON.stringify(one)}`),
      ].join('\n'),
    )
    .sort()
}

/** What is in blocks, in the same form. */
export async function ourAnswer(directory: string, minTime: number, maxTime: number): Promise<readonly string[]> {
  const set = await BlockSet.open(env, directory, new BlockCache(TEST_CACHE_BYTES))
  try {
    assert.deepEqual(set.listing.faulty, [])
    const texts: string[] = []
    for (const { labels, timestamps, values, histograms } of await readAll(set.source, minTime, maxTime, [])) {
      const [floats, native]: [string[], string[]] = [[], []]
      for (let i = 0; i < timestamps.length; i++) {
        if (isStaleMarker(values[i])) continue
        const one = histograms?.[i]
        if (one === undefined) floats.push(`${timestamps[i] / 1000} ${formatValue(values[i])}`)
        else native.push(`${timestamps[i] / 1000} ${histogramText(one)}`)
      }
      if (floats.length + native.length > 0) texts.push([labels.toString(), ...floats, ...native].join('\n'))
    }
    return texts.sort()
  } finally {
    await set.close()
  }
}

export async function faultsOf(directory: string): Promise<readonly string[]> {
  const faults: string[] = []
  for (const name of await env.fs.readDir(directory)) {
    if (!/^[0-9A-Z]{26}$/.test(name)) continue
    const cache = new BlockCache(TEST_CACHE_BYTES)
    for await (const fault of verifyBlock(env, join(directory, name), cache, new AbortController().signal)) faults.push(fault)
  }
  return faults
}

export async function startPrometheus(t: TestContext, command: string, directory: string, data: string): Promise<Program> {
  writeFileSync(join(directory, 'prometheus.yml'), '')
  const port = await freePort()
  const flags = ['--storage.tsdb.retention.time=100y', '--web.enable-admin-api', '--web.enable-remote-write-receiver']
  const server = new Program(
    command,
    [
      `--config.file=${join(directory, 'prometheus.yml')}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      ...flags,
      '--enable-feature=native-histograms',
      '--query.lookback-delta=1s',
    ],
    `http://127.0.0.1:${port}`,
  )
  t.after(() => server.stop('SIGKILL'))
  return server.ready()
}

/** All samples between the times. In 2.42 all histograms of a range vector are the last one of it; step by step they are right. */
export function askEverything(server: Program, version: string, start: number, end: number): Promise<Matrix> {
  if (version !== '2.42') return server.api<Matrix>('query', { query: `{__name__=~".+"}[${(end - start) / 1000 + 1}s]`, time: end / 1000 })
  return server.api<Matrix>('query_range', { query: '{__name__=~".+"}', start: start / 1000, end: end / 1000, step: STEP_MS / 1000 })
}

/** Fails with the first line that differs: what an assertion would say of megabytes takes all memory there is. */
export function assertSameTexts(got: readonly string[], want: readonly string[], what: string): void {
  assert.equal(got.length, want.length, what)
  for (let i = 0; i < got.length; i++) {
    if (got[i] === want[i]) continue
    const [gotLines, wantLines] = [got[i].split('\n'), want[i].split('\n')]
    const at = gotLines.findIndex((line, n) => line !== wantLines[n])
    const place = at < 0 ? gotLines.length : at
    assert.fail(
      `${what}: ${gotLines[0].slice(0, 200)}, line ${place}: got ${gotLines[place]?.slice(0, 500)}, want ${wantLines[place]?.slice(0, 500)}`,
    )
  }
}
