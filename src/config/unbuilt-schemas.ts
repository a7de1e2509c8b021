import type { z } from 'zod'
import { boolean, float, integer, list, map, oneOf, type Report, secret, section, text, url } from '../base/schema.ts'
import { fileSdConfigsSchema } from '../discovery/file.ts'
import { checkHttpClient, type HttpClient, httpClientFields, tlsConfigSchema } from '../discovery/http-client-schema.ts'
import { staticConfigsSchema } from '../discovery/static.ts'
import { unbuiltDiscoveryFields } from '../discovery/unbuilt-schemas.ts'
import { duration, labels } from '../model/config-schema.ts'
import { relabelSteps } from '../model/relabel-schema.ts'

// Sections of prometheus.yml that upstream has and we have not built: checked, then ignored with a warning.
// Source: Prometheus config/config.go; docs/configuration/configuration.md.

/** Here nothing inside is marked: the whole section is. */
const asIs = <S extends z.ZodType>(schema: S): S => schema

const sigv4 = () =>
  section('sigv4', {
    region: text(),
    access_key: text(),
    secret_key: secret(),
    profile: text(),
    role_arn: text(),
    external_id: text(),
    use_fips_sts_endpoint: boolean(),
    service_name: text(),
  })

const alertmanager = section(
  'alertmanager_config',
  {
    ...httpClientFields(),
    sigv4: sigv4(),
    scheme: text(),
    path_prefix: text(),
    timeout: duration(),
    api_version: oneOf(['v2'], (found) => `expected Alertmanager api version to be one of [v2] but got ${found}`),
    relabel_configs: relabelSteps('empty or null Alertmanager target relabeling rule'),
    alert_relabel_configs: relabelSteps('empty or null Alertmanager alert relabeling rule'),
    ...unbuiltDiscoveryFields(asIs),
    file_sd_configs: fileSdConfigsSchema,
    static_configs: staticConfigsSchema,
  },
  {
    printed: { scheme: 'http', timeout: '10s', api_version: 'v2' },
    check: (value, report) => checkHttpClient(value as HttpClient, report),
  },
)

export const alertingSchema = section('alerting', {
  alert_relabel_configs: relabelSteps('empty or null alert relabeling rule'),
  alertmanagers: list(alertmanager, { empty: 'empty or null alertmanager config section' }),
})

const RESERVED_HEADERS = [
  'host',
  'content-encoding',
  'content-length',
  'content-type',
  'user-agent',
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'www-authenticate',
  'accept-encoding',
  'x-prometheus-remote-write-version',
  'x-prometheus-remote-read-version',
  'x-amz-date',
  'x-amz-security-token',
  'x-amz-content-sha256',
]

function checkHeaders(headers: Readonly<Record<string, string>> | undefined, authorization: string, report: Report): void {
  for (const header of Object.keys(headers ?? {})) {
    const name = header.toLowerCase()
    if (name === 'authorization') report(['headers', header], authorization)
    if (RESERVED_HEADERS.includes(name)) report(['headers', header], `${header} is a reserved header. It must not be changed`)
  }
}

const REMOTE_AUTHORIZATION =
  'authorization header must be changed via the basic_auth, authorization, oauth2, sigv4, azuread or google_iam parameter'
const REMOTE_AUTHS = ['basic_auth', 'authorization', 'oauth2', 'sigv4', 'azuread', 'google_iam'] as const

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
    queue_config: section('queue_config', {
      capacity: integer(),
      max_shards: integer(),
      min_shards: integer(),
      max_samples_per_send: integer(),
      batch_send_deadline: duration(),
      min_backoff: duration(),
      max_backoff: duration(),
      retry_on_http_429: boolean(),
      sample_age_limit: duration(),
    }),
    metadata_config: section('metadata_config', { send: boolean(), send_interval: duration(), max_samples_per_send: integer() }),
    sigv4: sigv4(),
    azuread: section('azuread', {
      cloud: text(),
      managed_identity: section('managed_identity', { client_id: text() }),
      workload_identity: section('workload_identity', { client_id: text(), tenant_id: text(), token_file_path: text() }),
      oauth: section('oauth', { client_id: text(), client_secret: secret(), tenant_id: text() }),
      certificate: section('certificate', {
        client_id: text(),
        tenant_id: text(),
        certificate_path: text(),
        certificate_key_path: text(),
        certificate_password: secret(),
        send_certificate_chain: boolean(),
      }),
      sdk: section('sdk', { tenant_id: text() }),
      scope: text(),
    }),
    google_iam: section('google_iam', { credentials_file: text() }),
  },
  {
    check(remote, report) {
      if (!remote.url) report(['url'], 'url for remote_write is empty')
      checkHeaders(remote.headers, REMOTE_AUTHORIZATION, report)
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
    check(remote, report) {
      if (!remote.url) report(['url'], 'url for remote_read is empty')
      checkHeaders(remote.headers, REMOTE_AUTHORIZATION, report)
      checkHttpClient(remote, report)
    },
  },
)

export const tracingSchema = section(
  'tracing_config',
  {
    client_type: oneOf(['http', 'grpc'], (found) => `expected tracing client type to be http or grpc, but got ${found}`),
    endpoint: text(),
    sampling_fraction: float(),
    insecure: boolean(),
    tls_config: tlsConfigSchema,
    headers: map(text()),
    compression: oneOf(['gzip', ''], (found) => `invalid compression type ${found} provided, valid options: gzip`),
    timeout: duration(),
  },
  {
    check(tracing, report) {
      if (!tracing.endpoint) report(['endpoint'], 'tracing endpoint must be set')
      checkHeaders(tracing.headers, 'custom authorization header configuration is not yet supported', report)
    },
  },
)

const TRANSLATION_STRATEGIES = [
  'UnderscoreEscapingWithSuffixes',
  'UnderscoreEscapingWithoutSuffixes',
  'NoUTF8EscapingWithSuffixes',
  'NoTranslation',
  '',
] as const

export const otlpSchema = section(
  'otlp',
  {
    promote_all_resource_attributes: boolean(),
    promote_resource_attributes: list(text()),
    ignore_resource_attributes: list(text()),
    translation_strategy: oneOf(
      TRANSLATION_STRATEGIES,
      (found) => `unsupported OTLP translation strategy ${JSON.stringify(found)}, want ${TRANSLATION_STRATEGIES.slice(0, -1).join(', ')}`,
    ),
    keep_identifying_resource_attributes: boolean(),
    convert_histograms_to_nhcb: boolean(),
    promote_scope_metadata: boolean(),
    label_name_underscore_sanitization: boolean(),
    label_name_preserve_multiple_underscores: boolean(),
  },
  {
    check(otlp, report) {
      const { promote_all_resource_attributes: all, promote_resource_attributes: promoted, ignore_resource_attributes: ignored } = otlp
      if (all && promoted?.length)
        report(
          ['promote_resource_attributes'],
          "'promote_all_resource_attributes' and 'promote_resource_attributes' cannot be configured simultaneously",
        )
      if (!all && ignored?.length)
        report(
          ['ignore_resource_attributes'],
          "'ignore_resource_attributes' cannot be configured unless 'promote_all_resource_attributes' is true",
        )
    },
  },
)
