import { boolean, integer, map, section, text, url } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import type { HttpClientConfig } from '../../http-client/client-config.ts'
import { checkHttpClient, HTTP_CLIENT_PRINTED, httpClientFields, showHttpClient } from '../../http-client/client-schema.ts'
import { duration, labels } from '../../model/config-schema.ts'
import { Labels } from '../../model/labels.ts'
import { checkRemoteHeaders, REMOTE_AUTHORIZATION } from '../remote-headers.ts'
import type { RemoteReadConfig } from './remote-read-config.ts'

// Source: Prometheus config/config.go, RemoteReadConfig and DefaultRemoteReadConfig.

const TIMEOUT_MS = 60_000
const FRAME_BYTES_MAX = 50_000_000

export const remoteReadSchema = section(
  'remote_read',
  {
    url: url(),
    remote_timeout: duration(),
    chunked_read_limit: integer(),
    headers: map(text()),
    read_recent: boolean(),
    name: text(),
    ...httpClientFields(),
    required_matchers: labels(),
    filter_external_labels: boolean(),
  },
  {
    printed: { remote_timeout: '1m', chunked_read_limit: FRAME_BYTES_MAX, ...HTTP_CLIENT_PRINTED, filter_external_labels: true },
    shown: showHttpClient,
    check(remote, report) {
      if (!remote.url) report(['url'], 'url for remote_read is empty')
      checkRemoteHeaders(remote.headers, REMOTE_AUTHORIZATION, report)
      checkHttpClient(remote, report)
    },
  },
)

export type RemoteReadSection = Output<typeof remoteReadSchema>

export function toRemoteReadConfig(remote: RemoteReadSection, http: HttpClientConfig, externalLabels: Labels): RemoteReadConfig {
  return {
    name: remote.name || remote.url!,
    url: remote.url!,
    timeoutMs: remote.remote_timeout || TIMEOUT_MS,
    frameBytesMax: remote.chunked_read_limit || FRAME_BYTES_MAX,
    headers: Object.fromEntries(Object.entries(remote.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
    readRecent: remote.read_recent ?? false,
    requiredMatchers: remote.required_matchers ?? {},
    externalLabels: (remote.filter_external_labels ?? true) ? externalLabels : Labels.empty,
    http,
  }
}
