import { boolean, integer, map, oneOf, section, text, url } from '../../base/schema.ts'
import type { Output } from '../../base/schema-type.ts'
import type { HttpClientConfig } from '../../http-client/client-config.ts'
import { checkHttpClient, HTTP_CLIENT_PRINTED, httpClientFields, showHttpClient } from '../../http-client/client-schema.ts'
import { environmentProxy } from '../../http-client/proxy.ts'
import { sigv4Schema, toSigV4 } from '../../http-client/sigv4-config.ts'
import { duration } from '../../model/config-schema.ts'
import type { Labels } from '../../model/labels.ts'
import { relabelSteps, toRelabelConfigs } from '../../model/relabel-schema.ts'
import { azureAdSchema, toAzureAdConfig } from '../cloud-auth/azure-schema.ts'
import { toGoogleIamConfig } from '../cloud-auth/google-token.ts'
import { checkRemoteHeaders, REMOTE_AUTHORIZATION } from '../remote-headers.ts'
import type { QueueConfig, RemoteWriteConfig } from './remote-write-config.ts'

// Source: Prometheus config/config.go, RemoteWriteConfig; docs/configuration/configuration.md, remote_write.

const REMOTE_AUTHS = ['basic_auth', 'authorization', 'oauth2', 'sigv4', 'azuread', 'google_iam'] as const

/** Source: Prometheus config/config.go, DefaultQueueConfig, DefaultMetadataConfig, DefaultRemoteWriteConfig. */
const QUEUE: QueueConfig = {
  capacity: 10_000,
  minShards: 1,
  maxShards: 50,
  maxSamplesPerSend: 2000,
  batchSendDeadlineMs: 5000,
  minBackoffMs: 30,
  maxBackoffMs: 5000,
  retryOnHttp429: false,
  sampleAgeLimitMs: 0,
}
const REMOTE_TIMEOUT_MS = 30_000
const METADATA_INTERVAL_MS = 60_000

const queueSchema = section(
  'queue_config',
  {
    capacity: integer(),
    max_shards: integer(),
    min_shards: integer(),
    max_samples_per_send: integer(),
    batch_send_deadline: duration(),
    min_backoff: duration(),
    max_backoff: duration(),
    retry_on_http_429: boolean(),
    sample_age_limit: duration(),
  },
  {
    printed: {
      capacity: QUEUE.capacity,
      max_shards: QUEUE.maxShards,
      min_shards: QUEUE.minShards,
      max_samples_per_send: QUEUE.maxSamplesPerSend,
      batch_send_deadline: '5s',
      min_backoff: '30ms',
      max_backoff: '5s',
    },
  },
)

const metadataSchema = section(
  'metadata_config',
  { send: boolean(), send_interval: duration(), max_samples_per_send: integer() },
  { printed: { send: true, send_interval: '1m', max_samples_per_send: QUEUE.maxSamplesPerSend } },
)

export const remoteWriteSchema = section(
  'remote_write',
  {
    url: url(),
    remote_timeout: duration(),
    headers: map(text()),
    write_relabel_configs: relabelSteps('empty or null relabeling rule in remote write config'),
    name: text(),
    send_exemplars: boolean(),
    send_native_histograms: boolean(),
    round_robin_dns: boolean(),
    protobuf_message: oneOf(['prometheus.WriteRequest', 'io.prometheus.write.v2.Request']),
    ...httpClientFields(),
    queue_config: queueSchema,
    metadata_config: metadataSchema,
    sigv4: sigv4Schema(),
    azuread: azureAdSchema,
    google_iam: section('google_iam', { credentials_file: text() }),
  },
  {
    printed: {
      remote_timeout: '30s',
      protobuf_message: 'prometheus.WriteRequest',
      ...HTTP_CLIENT_PRINTED,
      enable_http2: false,
      queue_config: {
        capacity: QUEUE.capacity,
        max_shards: QUEUE.maxShards,
        min_shards: QUEUE.minShards,
        max_samples_per_send: QUEUE.maxSamplesPerSend,
        batch_send_deadline: '5s',
        min_backoff: '30ms',
        max_backoff: '5s',
      },
      metadata_config: { send: true, send_interval: '1m', max_samples_per_send: QUEUE.maxSamplesPerSend },
    },
    shown: showHttpClient,
    check(remote, report) {
      if (!remote.url) report(['url'], 'url for remote_write is empty')
      checkRemoteHeaders(remote.headers, REMOTE_AUTHORIZATION, report)
      checkHttpClient(remote, report)
      const given = REMOTE_AUTHS.filter((name) => remote[name] !== undefined)
      if (given.length > 1)
        report(
          [given[1]],
          `at most one of ${REMOTE_AUTHS.slice(0, -1).join(', ')} or google_iam must be configured. Currently configured: [${given.join(' ')}]`,
        )
    },
  },
)

export type RemoteWriteSection = Output<typeof remoteWriteSchema>

export interface RemoteWriteContext {
  readonly http: HttpClientConfig
  readonly externalLabels: Labels
  /** Of the environment. */
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly name: string
  readonly key: string
  readonly fingerprint: string
  /** A path of the section, complete. */
  path(name: string): string
}

/** What a section means, its defaults filled in. */
export function toRemoteWriteConfig(remote: RemoteWriteSection, context: RemoteWriteContext): RemoteWriteConfig {
  const version = remote.protobuf_message === 'io.prometheus.write.v2.Request' ? 2 : 1
  const metadata = remote.metadata_config ?? {}
  return {
    name: context.name,
    key: context.key,
    url: remote.url!,
    version,
    remoteTimeoutMs: remote.remote_timeout || REMOTE_TIMEOUT_MS,
    headers: Object.fromEntries(Object.entries(remote.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
    relabeling: { externalLabels: context.externalLabels, steps: toRelabelConfigs(remote.write_relabel_configs) },
    // 2.0 has them always, as upstream.
    sendExemplars: version === 2 || (remote.send_exemplars ?? false),
    sendNativeHistograms: version === 2 || (remote.send_native_histograms ?? false),
    roundRobinDns: remote.round_robin_dns ?? false,
    http: { ...context.http, http2: remote.enable_http2 ?? false },
    sigv4: toSigV4(remote.sigv4, context.variables),
    azureAd: remote.azuread && toAzureAdConfig(remote.azuread, context.variables, context.path),
    googleIam: remote.google_iam && toGoogleIamConfig(remote.google_iam.credentials_file, context.variables, context.path),
    tokenProxy: environmentProxy(context.variables, []),
    queue: toQueue(remote.queue_config ?? {}),
    metadata: {
      send: metadata.send ?? true,
      sendIntervalMs: metadata.send_interval || METADATA_INTERVAL_MS,
      maxSamplesPerSend: metadata.max_samples_per_send || QUEUE.maxSamplesPerSend,
    },
    fingerprint: context.fingerprint,
  }
}

function toQueue(queue: NonNullable<RemoteWriteSection['queue_config']>): QueueConfig {
  const minShards = Math.max(1, queue.min_shards ?? QUEUE.minShards)
  const maxSamplesPerSend = queue.max_samples_per_send || QUEUE.maxSamplesPerSend
  return {
    capacity: Math.max(queue.capacity || QUEUE.capacity, maxSamplesPerSend),
    minShards,
    maxShards: Math.max(queue.max_shards || QUEUE.maxShards, minShards),
    maxSamplesPerSend,
    batchSendDeadlineMs: queue.batch_send_deadline || QUEUE.batchSendDeadlineMs,
    minBackoffMs: queue.min_backoff || QUEUE.minBackoffMs,
    maxBackoffMs: Math.max(queue.max_backoff || QUEUE.maxBackoffMs, queue.min_backoff ?? 0),
    retryOnHttp429: queue.retry_on_http_429 ?? false,
    sampleAgeLimitMs: queue.sample_age_limit ?? 0,
  }
}
