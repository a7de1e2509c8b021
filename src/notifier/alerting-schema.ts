import { quote } from '../base/go-quote.ts'
import { list, oneOf, section, text, unsupported } from '../base/schema.ts'
import type { Output } from '../base/schema-type.ts'
import { consulSdConfigsSchema } from '../discovery/consul/schema.ts'
import type { DiscovererConfig } from '../discovery/discoverer.ts'
import { dnsSdConfigsSchema } from '../discovery/dns.ts'
import { dockerSdConfigsSchema } from '../discovery/docker.ts'
import { ec2SdConfigsSchema } from '../discovery/ec2/ec2.ts'
import { fileSdConfigsSchema } from '../discovery/file.ts'
import { httpSdConfigsSchema } from '../discovery/http.ts'
import { kubernetesSdConfigsSchema } from '../discovery/kubernetes/schema.ts'
import { staticConfigsSchema } from '../discovery/static.ts'
import { unbuiltDiscoveryFields } from '../discovery/unbuilt-schemas.ts'
import type { HttpClientConfig } from '../http-client/client-config.ts'
import { checkHttpClient, HTTP_CLIENT_PRINTED, httpClientFields, showHttpClient } from '../http-client/client-schema.ts'
import { sigv4Schema, toSigV4 } from '../http-client/sigv4-config.ts'
import { duration } from '../model/config-schema.ts'
import { relabelSteps, toRelabelConfigs } from '../model/relabel-schema.ts'
import type { AlertmanagerConfig } from './alerting-config.ts'

// Source: Prometheus config/config.go, AlertingConfig; docs/configuration/configuration.md, alertmanager_config.

const DEFAULT_TIMEOUT_MS = 10_000

export const alertmanagerSchema = section(
  'alertmanager_config',
  {
    ...httpClientFields(),
    sigv4: sigv4Schema(),
    scheme: text(),
    path_prefix: text(),
    timeout: duration(),
    api_version: oneOf(['v2'], (found) => `expected Alertmanager api version to be one of [v2] but got ${found}`),
    relabel_configs: relabelSteps('empty or null Alertmanager target relabeling rule'),
    alert_relabel_configs: relabelSteps('empty or null Alertmanager alert relabeling rule'),
    ...unbuiltDiscoveryFields(unsupported),
    consul_sd_configs: consulSdConfigsSchema,
    dns_sd_configs: dnsSdConfigsSchema,
    docker_sd_configs: dockerSdConfigsSchema,
    ec2_sd_configs: ec2SdConfigsSchema,
    file_sd_configs: fileSdConfigsSchema,
    http_sd_configs: httpSdConfigsSchema,
    kubernetes_sd_configs: kubernetesSdConfigsSchema,
    static_configs: staticConfigsSchema,
  },
  {
    printed: { ...HTTP_CLIENT_PRINTED, scheme: 'http', timeout: '10s', api_version: 'v2' },
    shown: showHttpClient,
    check(value, report) {
      checkHttpClient(value, report)
      if (value.sigv4 && (value.basic_auth || value.authorization || value.oauth2))
        report(['sigv4'], 'at most one of basic_auth, authorization, oauth2, & sigv4 must be configured')
      if (value.relabel_configs?.length) return
      for (const [index, group] of (value.static_configs ?? []).entries()) {
        for (const [target, address] of (group.targets ?? []).entries()) {
          if (address.includes('/')) report(['static_configs', index, 'targets', target], `${quote(address)} is not a valid hostname`)
        }
      }
    },
  },
)

export const alertingSchema = section('alerting', {
  alert_relabel_configs: relabelSteps('empty or null alert relabeling rule'),
  alertmanagers: list(alertmanagerSchema, { empty: 'empty or null alertmanager config section' }),
})

export type AlertmanagerSection = Output<typeof alertmanagerSchema>

export interface AlertmanagerContext {
  readonly name: string
  readonly http: HttpClientConfig
  readonly discoverers: readonly DiscovererConfig[]
  /** Of the environment. */
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly fingerprint: string
}

/** What a section means, its defaults filled in. */
export function toAlertmanagerConfig(section: AlertmanagerSection, context: AlertmanagerContext): AlertmanagerConfig {
  const { name, http, discoverers, variables, fingerprint } = context
  return {
    name,
    scheme: section.scheme || 'http',
    pathPrefix: section.path_prefix ?? '',
    timeoutMs: section.timeout || DEFAULT_TIMEOUT_MS,
    http,
    sigv4: toSigV4(section.sigv4, variables),
    relabelConfigs: toRelabelConfigs(section.relabel_configs),
    alertRelabelConfigs: toRelabelConfigs(section.alert_relabel_configs),
    discoverers,
    fingerprint,
  }
}
