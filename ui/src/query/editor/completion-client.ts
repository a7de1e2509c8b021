import type { PrometheusClient } from '@prometheus-io/codemirror-promql/dist/esm/client/prometheus'
import type { Matcher } from '@prometheus-io/codemirror-promql/dist/esm/types'
import { EqlSingle, Neq } from '@prometheus-io/lezer-promql'
import type { MetadataJson } from '../../../../src/api/types/metadata.ts'
import type { Answer } from '../../api/client.ts'
import { queryClient } from '../../app/query-client.ts'
import { server } from '../../app/server.ts'

// What completion may suggest, from this server's API through the console's one cache: all editors of a page share it.

const lookbackMs = 3_600_000
const fresh = { staleTime: 60_000, gcTime: 300_000, retry: false }

/** Asks, unless asked within a minute; nothing when the server does not say: an editor without suggestions still edits. */
async function ask<Data>(key: readonly unknown[], call: (signal: AbortSignal) => Promise<Answer<Data>>, none: Data): Promise<Data> {
  try {
    const queryKey = ['completion', ...key]
    return await queryClient.fetchQuery({ queryKey, queryFn: async ({ signal }) => (await call(signal)).data, ...fresh })
  } catch {
    // The page shows by itself when the server is unreachable; a second message per key press helps no one.
    return none
  }
}

const operators: ReadonlyMap<number, string> = new Map([
  [EqlSingle, '='],
  [Neq, '!='],
])

/** `{__name__="up",job="x"}` from what completion knows of the selector being typed. A half-typed pattern is an error: left out. */
function selector(metricName: string, matchers: readonly Matcher[], except: string): string | undefined {
  const parts = metricName === '' ? [] : [`__name__=${JSON.stringify(metricName)}`]
  for (const { name, type, value } of matchers) {
    const operator = operators.get(type)
    // The value is the source text between its quotes: its escapes are written already.
    if (operator !== undefined && name !== except && value !== '') parts.push(`${name}${operator}"${value}"`)
  }
  return parts.length === 0 ? undefined : `{${parts.join(',')}}`
}

function matching(metricName = '', matchers: readonly Matcher[] = [], except = ''): readonly string[] {
  const match = selector(metricName, matchers, except)
  return match === undefined ? [] : [match]
}

const since = () => Date.now() - lookbackMs

export const completionClient: PrometheusClient = {
  labelNames(metricName) {
    const match = matching(metricName)
    return ask(['labels', match], (signal) => server.labelNames(match, since(), signal), [])
  },
  labelValues(labelName, metricName, matchers) {
    const match = matching(metricName, matchers, labelName)
    return ask(['values', labelName, match], (signal) => server.labelValues(labelName, match, since(), signal), [])
  },
  async metricMetadata() {
    const metadata = await ask(['metadata'], (signal) => server.metadata(signal), {})
    // Completion shows type and help of a metric; its unit goes along with the help.
    const withUnit = (said: MetadataJson) => (said.unit === '' ? said : { ...said, help: `${said.help} (${said.unit})` })
    return Object.fromEntries(Object.entries(metadata).map(([name, said]) => [name, said.map(withUnit)]))
  },
  async series(metricName, matchers, labelName = '') {
    const match = matching(metricName, matchers, labelName)
    if (match.length === 0) return []
    const series = await ask(['series', match], (signal) => server.series(match, since(), signal), [])
    return series.map((labels) => new Map(Object.entries(labels)))
  },
  metricNames() {
    return ask(['values', '__name__', []], (signal) => server.labelValues('__name__', [], since(), signal), [])
  },
  flags() {
    return ask(['flags'], (signal) => server.flags(signal), {})
  },
}
