// What is asked of a server before and after its directory changed hands.
import { Labels } from '../../src/model/labels.ts'
import { START, STEP_MS, STEPS } from './drop-in-load.ts'
import type { Program } from './program.ts'

/** What is stored, sample by sample. */
const RAW = [
  'load',
  'requests_total',
  'pod',
  'latency',
  'load{n="5"}',
  'load{n=~"1.*"}',
  'load{n!~"1.*|2"}',
  'requests_total{zone="z1"}',
  'requests_total{n=~"3|4|17"}',
  'latency{kind="integer"}',
  'latency{kind="float"}',
  'latency{kind="gauge"}',
  'pod{name=~"p[0-4]"}',
  '{__name__=~"load|pod",n=""}',
  '{kind!="",kind!="float"}',
]

/** What is computed of it: versions of Prometheus differ in the last digits. */
const COMPUTED = [
  'sum(load)',
  'avg by (zone) (requests_total)',
  'count({__name__=~".+"})',
  'sum by (zone) (irate(requests_total[5m1s]))',
  'idelta(requests_total{n="7"}[17m1s])',
  'resets(requests_total[60m3s])',
  'changes(load[30m1s])',
  'max_over_time(load[20m7s])',
  'min_over_time(load[20m7s])',
  'avg_over_time(load{n=~"0|1|2"}[45m1s])',
  'count_over_time(load[31m1s])',
  'last_over_time(pod[10m1s])',
  'stddev_over_time(load{n="9"}[31m1s])',
  'quantile_over_time(0.9, load[31m1s])',
  'delta(load{n="3"}[9m1s])',
  'deriv(load{n="4"}[9m1s])',
  'topk(3, load{n=~"1|3|9|11|13"})',
  'bottomk(2, load{n=~"1|3|9|11|13"})',
  'load{n="1"} + on (n) requests_total',
  'sum without (n) (requests_total) > 100',
  'histogram_count(latency{kind=~"integer|float"})',
  'histogram_sum(latency)',
  'sum(histogram_count(rate(latency{kind="integer"}[7m1s])))',
  'histogram_sum(latency{kind="integer"}) > 200',
  'histogram_sum(rate(latency{kind="float"}[11m1s]))',
  'histogram_count(latency{kind="gauge"}) / 2',
  'absent(load{n="5"})',
  'count by (name) (pod)',
  'label_replace(pod, "x", "$1", "name", "p(.*)")',
  'present_over_time(pod{name="p3"}[30m1s])',
  'sum(count_over_time(requests_total[2h1s]))',
  'timestamp(load{n="2"})',
  'abs(load) * 2',
  'load offset 1h',
  'irate(requests_total{n="1"}[5m1s] offset 33m)',
]

export const QUERY_COUNT = RAW.length + COMPUTED.length

/** Whether an answer is nothing but what is stored. */
export function isRaw(query: string): boolean {
  return !COMPUTED.includes(query)
}

interface Matrix {
  readonly result: readonly {
    readonly metric: Readonly<Record<string, string>>
    readonly values?: unknown
    readonly histograms?: unknown
  }[]
}

export interface Answer {
  readonly query: string
  readonly lines: readonly string[]
}

/** The answers to all queries over the whole load, and which series and label values there are. */
export async function answersOf(server: Program, { only }: { readonly only?: 'raw' } = {}): Promise<readonly Answer[]> {
  const start = START / 1000
  const end = (START + STEPS * STEP_MS) / 1000
  const rounded = (_: string, value: unknown) => (typeof value === 'string' ? Number(value).toPrecision(11) : value)
  const answers: Answer[] = []
  for (const query of only === 'raw' ? RAW : [...RAW, ...COMPUTED]) {
    // Steps are not those of the samples: which of them are found depends on their exact times.
    const { result } = await server.api<Matrix>('query_range', { query, start, end, step: 61 })
    const lines = result.map(
      ({ metric, values, histograms }) =>
        `${Labels.of(metric)} ${JSON.stringify([values ?? [], histograms ?? []], RAW.includes(query) ? undefined : rounded)}`,
    )
    answers.push({ query, lines: lines.sort() })
  }
  for (const name of ['__name__', 'n', 'name', 'kind']) {
    answers.push({ query: `label ${name}`, lines: await server.api<string[]>(`label/${name}/values`, { start, end }) })
  }
  for (const selector of ['load', 'pod', 'latency', 'requests_total{zone="z2"}']) {
    const found = await server.api<Record<string, string>[]>('series', { 'match[]': selector, start, end })
    answers.push({ query: `series ${selector}`, lines: found.map((labels) => String(Labels.of(labels))).sort() })
  }
  // Every sample as it is stored, with its own time. Of histograms Prometheus 2.42 mixes up the buckets then.
  for (const selector of ['load', 'requests_total', 'pod']) {
    const { result } = await server.api<Matrix>('query', { query: `${selector}[${STEPS + 10}m]`, time: end })
    const lines = result.map(({ metric, values }) => `${Labels.of(metric)} ${JSON.stringify(values)}`)
    answers.push({ query: `${selector}[]`, lines: lines.sort() })
  }
  return answers
}
