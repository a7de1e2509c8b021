// What formats a scrape asks for, and in which order. Source: docs/protocols/scraping.md; Prometheus config/config.go,
// ScrapeProtocolsHeaders, and scrape/scrape.go, acceptHeader.

import type { EscapingScheme } from '../model/name-escaping.ts'

/** The protocols that a configuration can name, with what asks for each. */
const ACCEPTED = {
  'OpenMetricsText0.0.1': 'application/openmetrics-text;version=0.0.1',
  'OpenMetricsText1.0.0': 'application/openmetrics-text;version=1.0.0',
  PrometheusProto: 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
  'PrometheusText0.0.4': 'text/plain;version=0.0.4',
  'PrometheusText1.0.0': 'text/plain;version=1.0.0',
} as const

export type ScrapeProtocol = keyof typeof ACCEPTED
export const SCRAPE_PROTOCOLS = Object.keys(ACCEPTED) as readonly ScrapeProtocol[]

/** What is asked for where nothing is configured. */
export const DEFAULT_SCRAPE_PROTOCOLS: readonly ScrapeProtocol[] = [
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
]
/** The same where protobuf is better: native histograms and start times come by it. */
export const PROTOBUF_FIRST_SCRAPE_PROTOCOLS: readonly ScrapeProtocol[] = ['PrometheusProto', ...DEFAULT_SCRAPE_PROTOCOLS]

/** The `Accept` header: the first protocol is wanted most. Versions 1.0.0 of the text formats are told how names shall be escaped. */
export function acceptHeader(protocols: readonly ScrapeProtocol[], escaping: EscapingScheme): string {
  let weight = SCRAPE_PROTOCOLS.length + 1
  const parts = protocols.map((protocol) => {
    const escapes = protocol === 'PrometheusText1.0.0' || protocol === 'OpenMetricsText1.0.0'
    return `${ACCEPTED[protocol]}${escapes ? `;escaping=${escaping}` : ''};q=0.${weight--}`
  })
  return [...parts, `*/*;q=0.${weight}`].join(',')
}

/** The media type by which a target says that it sends this protocol. */
export function mediaTypeOf(protocol: ScrapeProtocol): string {
  return ACCEPTED[protocol].split(';')[0]
}
