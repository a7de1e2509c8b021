import type { z } from 'zod'
import { boolean, float, list, map, oneOf, section, text } from '../base/schema.ts'
import { consulSdConfigsSchema } from '../discovery/consul/schema.ts'
import { dnsSdConfigsSchema } from '../discovery/dns.ts'
import { dockerSdConfigsSchema } from '../discovery/docker.ts'
import { ec2SdConfigsSchema } from '../discovery/ec2/ec2.ts'
import { fileSdConfigsSchema } from '../discovery/file.ts'
import { httpSdConfigsSchema } from '../discovery/http.ts'
import { kubernetesSdConfigsSchema } from '../discovery/kubernetes/schema.ts'
import { staticConfigsSchema } from '../discovery/static.ts'
import { unbuiltDiscoveryFields } from '../discovery/unbuilt-schemas.ts'
import { checkHttpClient, type HttpClient, httpClientFields, tlsConfigSchema } from '../http-client/client-schema.ts'
import { sigv4Schema } from '../http-client/sigv4-config.ts'
import { duration } from '../model/config-schema.ts'
import { relabelSteps } from '../model/relabel-schema.ts'
import { checkRemoteHeaders } from '../remote/remote-headers.ts'

// Sections of prometheus.yml that upstream has and we have not built: checked, then ignored with a warning.
// Source: Prometheus config/config.go; docs/configuration/configuration.md.

/** Here nothing inside is marked: the whole section is. */
const asIs = <S extends z.ZodType>(schema: S): S => schema

const alertmanager = section(
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
    ...unbuiltDiscoveryFields(asIs),
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
    printed: { scheme: 'http', timeout: '10s', api_version: 'v2' },
    check: (value, report) => checkHttpClient(value as HttpClient, report),
  },
)

export const alertingSchema = section('alerting', {
  alert_relabel_configs: relabelSteps('empty or null alert relabeling rule'),
  alertmanagers: list(alertmanager, { empty: 'empty or null alertmanager config section' }),
})

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
      checkRemoteHeaders(tracing.headers, 'custom authorization header configuration is not yet supported', report)
    },
  },
)
