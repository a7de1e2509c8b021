import { STATUS_CODES } from 'node:http'
import { Counter } from 'prom-client'
import type { Env } from '../base/env.ts'
import { quote } from '../base/go-quote.ts'
import { redactUrl } from '../base/redact-url.ts'
import { list, section, urlText } from '../base/schema.ts'
import type { Output } from '../base/schema-type.ts'
import { HttpClient, readBody } from '../http-client/client.ts'
import type { HttpClientConfig } from '../http-client/client-config.ts'
import { checkHttpClient, HTTP_CLIENT_PRINTED, httpClientFields, showHttpClient } from '../http-client/client-schema.ts'
import { duration } from '../model/config-schema.ts'
import type { Discoverer, TargetGroup } from './discoverer.ts'
import { parseJsonGroups } from './json-groups.ts'
import { knownMetric } from './known-metric.ts'
import { refreshDiscoverer } from './refresh.ts'

// Source: Prometheus discovery/http/http.go; docs/http_sd.md; docs/configuration/configuration.md, http_sd_config.

const CONTENT_TYPE = /^application\/json(;\s*charset=("utf-8"|utf-8))?$/i
const URL_LABEL = '__meta_url'
const REFRESH_INTERVAL_MS = 60_000
/** Room for some hundred thousand targets; upstream has no limit. */
const BODY_BYTES_MAX = 256 * 1024 * 1024

const httpSdConfigSchema = section(
  'http_sd_config',
  { url: urlText(), refresh_interval: duration(), ...httpClientFields() },
  {
    printed: { refresh_interval: '1m', ...HTTP_CLIENT_PRINTED },
    shown: showHttpClient,
    check(config, report) {
      const problem = urlProblem(config.url)
      if (problem !== undefined) report(['url'], problem)
      checkHttpClient(config, report)
    },
  },
)

function urlProblem(text: string | undefined): string | undefined {
  if (!text) return 'URL is missing'
  if (!/^https?:/i.test(text)) return "URL scheme must be 'http' or 'https'"
  if (!/^https?:\/\/[^/?#]/i.test(text)) return 'host is missing in URL'
  return URL.canParse(text) ? undefined : `found ${quote(redactUrl(text))}, want a URL such as http://host:9090/path`
}

export const httpSdConfigsSchema = list(httpSdConfigSchema, { empty: 'empty or null section in http_sd_configs' })

export interface HttpSdConfig {
  readonly url: string
  readonly refreshIntervalMs: number
  readonly client: HttpClientConfig
}

export function toHttpSdConfig(config: Output<typeof httpSdConfigSchema>, client: HttpClientConfig): HttpSdConfig {
  return { url: config.url!, refreshIntervalMs: config.refresh_interval || REFRESH_INTERVAL_MS, client }
}

/** Target groups that a server lists as JSON. A bad answer keeps what the last good one said. */
export function httpDiscoverer(env: Env, { url, refreshIntervalMs, client: config }: HttpSdConfig, jobName: string): Discoverer {
  const client = new HttpClient(env, config)
  const shownUrl = redactUrl(url)
  const failures = knownMetric(
    env.metrics,
    'prometheus_sd_http_failures_total',
    (base) => new Counter({ ...base, help: 'Number of HTTP service discovery refresh failures.' }),
  )
  const headers = { accept: 'application/json', 'x-prometheus-refresh-interval-seconds': String(refreshIntervalMs / 1000) }
  const fetchGroups = async (signal: AbortSignal): Promise<readonly TargetGroup[]> => {
    // Bounds each wait for bytes; a list that comes slowly but steadily may take longer than one interval.
    const response = await client.send({ url, headers, signal, timeoutMs: refreshIntervalMs })
    const body = await readBody(response, BODY_BYTES_MAX)
    if (response.status !== 200)
      throw new Error(`server returned HTTP status ${response.status} ${STATUS_CODES[response.status] ?? ''}`.trimEnd())
    const contentType = response.headers['content-type'] ?? ''
    if (!CONTENT_TYPE.test(contentType.trim())) throw new Error(`unsupported content type ${quote(contentType)}`)
    return parseJsonGroups(env.clock, shownUrl, new TextDecoder().decode(body), { [URL_LABEL]: shownUrl })
  }
  return refreshDiscoverer(env, {
    mechanism: 'http',
    jobName,
    intervalMs: refreshIntervalMs,
    async refresh(signal) {
      try {
        return { groups: await fetchGroups(signal), complete: true }
      } catch (error) {
        if (!signal.aborted) failures.inc()
        throw error
      }
    },
  })
}
