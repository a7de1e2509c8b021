import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { Labels } from '../../src/model/labels.ts'
import { SIGNATURES } from '../../src/promql/functions/signatures.ts'
import type { QueryEngine } from '../../src/promql/query-engine.ts'
import { almostEqual } from '../../src/promql/test-script/almost-equal.ts'
import type { MemorySeries } from '../../src/storage/memory-source.ts'
import { peer } from '../support/peers.ts'
import { freePort, Program } from '../support/program.ts'
import { engineOver } from '../support/promql-engine.ts'
import { expressions } from '../support/promql-generator.ts'

const START = 1_599_998_400
const INTERVAL = 15
const RANGE = { start: START + 1200, end: START + 1500, step: 30 }

/** Newer than the peer (2.42), or changed since, or with ties that each may break as it likes. */
const CHANGED_FUNCTIONS =
  /^(first_over_time|histogram_(avg|count|sum|stddev|stdvar|fraction)|increase|rate|delta|label_\w+|predict_linear|deriv)$/
const CHANGED =
  /:[\w.]*\]|\[(0\.5|90)\]|offset -?(0\.5|90)|atan2|topk|bottomk|count_values|std(var|dev)|1_\d|\{"|\b(5m|1h30m)\b(?!\])|quantile/

test('random queries are answered as Prometheus answers them', async (t) => {
  const binary = peer(t, 'debian prometheus')
  if (binary === undefined) return
  const directory = mkdtempSync(join(tmpdir(), 'promontory-answers-'))
  const series = someSeries()
  writeFileSync(join(directory, 'metrics.txt'), openMetrics(series))
  writeFileSync(join(directory, 'prometheus.yml'), 'global: {}\n')
  const data = join(directory, 'data')
  const blocks = ['tsdb', 'create-blocks-from', 'openmetrics', join(directory, 'metrics.txt'), data]
  const made = spawnSync(join(dirname(binary), 'promtool'), blocks, { encoding: 'utf8' })
  assert.equal(made.status, 0, made.stderr)
  const port = await freePort()
  const files = [`--config.file=${directory}/prometheus.yml`, `--storage.tsdb.path=${data}`, '--storage.tsdb.retention.time=100y']
  const prometheus = new Program(binary, [...files, `--web.listen-address=127.0.0.1:${port}`], `http://127.0.0.1:${port}`)
  try {
    await prometheus.ready()
    const engine = engineOver(series)
    const differences: string[] = []
    let [same, withSeries] = [0, 0]
    for (const query of queries()) {
      const theirs = await peerAnswer(prometheus.url, query)
      const ours = await answer(engine, query)
      const difference = differ(ours, theirs)
      if (difference === undefined) same++
      else differences.push(`${query}\n  ${difference}`)
      if (theirs instanceof Map && theirs.size > 0) withSeries++
    }
    t.diagnostic(`${same} equal answers, ${withSeries} of them with series`)
    assert.deepEqual(differences, [])
    assert.ok(withSeries > 200, `${withSeries} answers have series`)
  } finally {
    prometheus.child.kill('SIGKILL')
    await prometheus.exited
    rmSync(directory, { recursive: true, force: true })
  }
})

/** Series by their labels as one string; each a map from Unix seconds to the value. An error is its text. */
type Answer = ReadonlyMap<string, ReadonlyMap<number, number>> | string

async function answer(engine: QueryEngine, query: string): Promise<Answer> {
  try {
    const { value } = await engine.range(query, RANGE.start * 1000, RANGE.end * 1000, RANGE.step * 1000, {
      signal: new AbortController().signal,
    })
    assert.ok(value.type === 'matrix')
    return new Map(
      value.series.map(({ labels, timestamps, values, length }) => [
        labels.toString(),
        new Map(Array.from({ length }, (_, i) => [timestamps[i] / 1000, values[i]])),
      ]),
    )
  } catch (error) {
    return (error as Error).message
  }
}

async function peerAnswer(url: string, query: string): Promise<Answer> {
  const body = new URLSearchParams({ query, start: String(RANGE.start), end: String(RANGE.end), step: String(RANGE.step) })
  const got = (await (await fetch(`${url}/api/v1/query_range`, { method: 'POST', body })).json()) as {
    error?: string
    data: { result: { metric: Record<string, string>; values: [number, string][] }[] }
  }
  if (got.error !== undefined) return got.error
  return new Map(
    got.data.result.map(({ metric, values }) => [
      Labels.of(metric).toString(),
      new Map(values.map(([time, value]) => [time, Number(value.replace('Inf', 'Infinity'))])),
    ]),
  )
}

function differ(ours: Answer, theirs: Answer): string | undefined {
  if (typeof ours === 'string' || typeof theirs === 'string') {
    // Which of several clashing series an error names is not said.
    return typeof ours === typeof theirs ? undefined : `ours: ${short(ours)}, theirs: ${short(theirs)}`
  }
  for (const labels of new Set([...ours.keys(), ...theirs.keys()])) {
    const [mine, other] = [ours.get(labels), theirs.get(labels)]
    if (mine === undefined || other === undefined) return `${labels} is only in ${mine === undefined ? 'theirs' : 'ours'}`
    for (const time of new Set([...mine.keys(), ...other.keys()])) {
      const [a, b] = [mine.get(time), other.get(time)]
      if (a === undefined || b === undefined) return `${labels} at ${time}: ${a} and ${b}`
      if (!almostEqual(a, b) && Math.abs(a - b) > 1e-9) return `${labels} at ${time}: ${a} and ${b}`
    }
  }
  return undefined
}

function short(got: Answer): string {
  return typeof got === 'string' ? got : `${got.size} series`
}

function queries(): readonly string[] {
  const functions = [...SIGNATURES.values()].map(({ name }) => name).filter((name) => !CHANGED_FUNCTIONS.test(name))
  const { vector, scalar } = expressions({
    depthMax: 3,
    metrics: ['a', 'b_total', 'sum', 'h_bucket'],
    labels: { job: ['x', 'y'], inst: ['0', '1'], le: ['0.1', '+Inf'] },
    functions: [...functions, 'irate', 'idelta'],
  })
  const sample = fc.sample(fc.oneof(vector, vector, vector, scalar), { numRuns: 2500, seed: 1 })
  return sample.filter((query) => !CHANGED.test(query) && query.length < 400)
}

/** Samples seven seconds off the steps: whether a range includes its left end, which has changed, then does not show. */
function someSeries(): readonly MemorySeries[] {
  let state = 12345
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const series: MemorySeries[] = []
  const add = (labels: Record<string, string>, next: (before: number) => number) => {
    const timestamps: number[] = []
    const values: number[] = []
    for (let i = 0, value = 0; i < 160; i++) {
      value = next(value)
      if (random(15) === 0) continue
      timestamps.push((START + i * INTERVAL + 7) * 1000)
      values.push(value)
    }
    series.push({ labels: Labels.of(labels), timestamps, values })
  }
  for (const job of ['x', 'y']) {
    for (const inst of ['0', '1', '2']) {
      add({ __name__: 'a', job, inst }, () => [0, 1, -1, 2.5, 100, Number.NaN, random(1000) / 7 - 50][random(7)])
      add({ __name__: 'b_total', job, inst }, (before) => (random(50) === 0 ? random(5) : before + random(20)))
      add({ __name__: 'sum', job, inst }, () => random(1000) / 8)
    }
    for (const [i, le] of ['0.1', '1', '10', '+Inf'].entries()) add({ __name__: 'h_bucket', job, le }, (before) => before + 3 * i + 1)
  }
  return series
}

function openMetrics(series: readonly MemorySeries[]): string {
  const lines = series.flatMap(({ labels, timestamps, values }) =>
    Array.from(timestamps, (time, i) => {
      const name = labels.get('__name__')
      const pairs = [...labels.without('__name__')].map(([label, value]) => `${label}="${value}"`)
      return { name, line: `${name}{${pairs.join(',')}} ${values[i]} ${time / 1000}` }
    }),
  )
  const names = [...new Set(lines.map(({ name }) => name))]
  return `${names.map((name) => [`# TYPE ${name} unknown`, ...lines.filter((line) => line.name === name).map(({ line }) => line)].join('\n')).join('\n')}\n# EOF\n`
}
