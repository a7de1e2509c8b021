// Which format a page is answered in. Source: prometheus/common expfmt/encode.go, Negotiate and NegotiateIncludingOpenMetrics, and its
// reader of Accept headers, goautoneg.

import { ESCAPING_SCHEMES, type EscapingScheme } from '../model/name-escaping.ts'

export interface NegotiatedFormat {
  readonly kind: 'text' | 'openmetrics' | 'protobuf'
  readonly escaping: EscapingScheme
  /** For the header of the answer. */
  readonly contentType: string
}

export interface NegotiateOptions {
  /** Answer in OpenMetrics too. Upstream's own pages do not. */
  readonly openMetrics: boolean
}

const TEXT = 'text/plain; version=0.0.4; charset=utf-8'
const TEXT_1_0_0 = 'text/plain; version=1.0.0; charset=utf-8'
const OPEN_METRICS = 'application/openmetrics-text; version=0.0.1; charset=utf-8'
const OPEN_METRICS_1_0_0 = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
const PROTOBUF = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'

/** Parts of an Accept header that are looked at. */
const PARTS_MAX = 100

/** The first format that is wanted and known; text, where there is none. Protobuf comes delimited only, not as text. */
export function negotiate(accept: string | undefined, { openMetrics }: NegotiateOptions): NegotiatedFormat {
  let escaping: EscapingScheme = 'underscores'
  const answer = (kind: NegotiatedFormat['kind'], type: string) => ({ kind, escaping, contentType: `${type}; escaping=${escaping}` })
  for (const { type, parameters } of parseAccept(accept ?? '')) {
    const scheme = ESCAPING_SCHEMES.find((known) => known === parameters.get('escaping'))
    if (scheme !== undefined) escaping = scheme
    const version = parameters.get('version') ?? ''
    switch (type) {
      case 'application/vnd.google.protobuf':
        if (parameters.get('proto') !== 'io.prometheus.client.MetricFamily' || parameters.get('encoding') !== 'delimited') continue
        return answer('protobuf', PROTOBUF)
      case 'application/openmetrics-text':
        if (!openMetrics || !['', '0.0.1', '1.0.0'].includes(version)) continue
        return answer('openmetrics', version === '1.0.0' ? OPEN_METRICS_1_0_0 : OPEN_METRICS)
      case 'text/plain':
        if (!['', '0.0.4', '1.0.0'].includes(version)) continue
        return answer('text', version === '1.0.0' ? TEXT_1_0_0 : TEXT)
    }
  }
  return answer('text', TEXT)
}

interface Accepted {
  readonly type: string
  readonly weight: number
  readonly parameters: ReadonlyMap<string, string>
}

/** What a client takes, what it wants most first. */
function parseAccept(header: string): Accepted[] {
  const accepted: Accepted[] = []
  for (const part of header.split(',').slice(0, PARTS_MAX)) {
    const [range, ...rest] = part.split(';')
    const type = range
      .split('/')
      .map((piece) => piece.trim())
      .join('/')
    if (type === '') continue
    let weight = 1
    const parameters = new Map<string, string>()
    for (const text of rest) {
      const equals = text.indexOf('=')
      if (equals < 0) continue
      const name = text.slice(0, equals).trim()
      const value = text.slice(equals + 1).trim()
      if (name === 'q') weight = Number.parseFloat(value) || 0
      else parameters.set(name, value)
    }
    accepted.push({ type, weight, parameters })
  }
  return accepted.sort((a, b) => b.weight - a.weight)
}
