import type { z } from 'zod'
import { boolean, float, integer, list, map, oneOf, section, text, unsupported } from '../base/schema.ts'
import { consulSdConfigsSchema } from '../discovery/consul/schema.ts'
import { dnsSdConfigsSchema } from '../discovery/dns.ts'
import { fileSdConfigsSchema } from '../discovery/file.ts'
import { httpSdConfigsSchema } from '../discovery/http.ts'
import { checkHttpClient, HTTP_CLIENT_PRINTED, httpClientFields } from '../discovery/http-client-schema.ts'
import { kubernetesSdConfigsSchema } from '../discovery/kubernetes/schema.ts'
import { staticConfigsSchema } from '../discovery/static.ts'
import { unbuiltDiscoveryFields } from '../discovery/unbuilt-schemas.ts'
import { byteSize, duration } from '../model/config-schema.ts'
import { quote } from '../model/labels.ts'
import { relabelSteps } from '../model/relabel-schema.ts'

// Source of fields, order and rules: Prometheus config/config.go, ScrapeConfig; docs/configuration/configuration.md, scrape_config.

export const SCRAPE_PROTOCOLS = [
  'OpenMetricsText0.0.1',
  'OpenMetricsText1.0.0',
  'PrometheusProto',
  'PrometheusText0.0.4',
  'PrometheusText1.0.0',
] as const
const protocol = () => oneOf(SCRAPE_PROTOCOLS, (found) => `unknown scrape protocol ${found}, supported: ${SCRAPE_PROTOCOLS.join(', ')}`)
/** What a scrape asks for. */
const TEXT_ONLY = ['PrometheusText0.0.4']

/** Limits that a job takes from `global` where it sets none itself; 0 is no limit. */
export const scrapeLimitFields = () => ({
  body_size_limit: byteSize(),
  sample_limit: integer(),
  target_limit: integer(),
  label_limit: integer(),
  label_name_length_limit: integer(),
  label_value_length_limit: integer(),
})

export const scrapeProtocolsField = () => unsupported(list(protocol()), TEXT_ONLY)

/** Choices of how names and histograms are taken in; those that upstream makes by default ask for nothing here. */
export const nameSchemeFields = () => ({
  metric_name_validation_scheme: unsupported(oneOf(['utf8', 'legacy', '']), 'utf8', ''),
  metric_name_escaping_scheme: unsupported(oneOf(['allow-utf-8', 'underscores', 'dots', 'values', '']), 'allow-utf-8', ''),
})
export const histogramFields = () => ({
  scrape_native_histograms: unsupported(boolean(), false),
  always_scrape_classic_histograms: unsupported(boolean(), false),
  convert_classic_histograms_to_nhcb: unsupported(boolean(), false),
})

export const scrapeConfigSchema = section(
  'scrape_config',
  {
    job_name: text(),
    honor_labels: boolean(),
    honor_timestamps: boolean(),
    track_timestamps_staleness: unsupported(boolean(), false),
    params: map(list(text())),
    scrape_interval: duration(),
    scrape_timeout: duration(),
    scrape_protocols: scrapeProtocolsField(),
    fallback_scrape_protocol: unsupported(protocol(), ...TEXT_ONLY),
    ...histogramFields(),
    scrape_failure_log_file: unsupported(text()),
    metrics_path: text(),
    scheme: oneOf(['http', 'https']),
    enable_compression: boolean(),
    ...scrapeLimitFields(),
    native_histogram_bucket_limit: unsupported(integer(), 0),
    native_histogram_min_bucket_factor: unsupported(float(), 0),
    keep_dropped_targets: integer(),
    ...nameSchemeFields(),
    extra_scrape_metrics: unsupported(boolean(), false),
    ...httpClientFields(),
    relabel_configs: relabelSteps('empty or null target relabeling rule in scrape config'),
    metric_relabel_configs: relabelSteps('empty or null metric relabeling rule in scrape config'),
    ...unbuiltDiscoveryFields(unsupported),
    consul_sd_configs: consulSdConfigsSchema,
    dns_sd_configs: dnsSdConfigsSchema,
    file_sd_configs: fileSdConfigsSchema,
    http_sd_configs: httpSdConfigsSchema,
    kubernetes_sd_configs: kubernetesSdConfigsSchema,
    static_configs: staticConfigsSchema,
  },
  {
    printed: {
      honor_timestamps: true,
      track_timestamps_staleness: false,
      metrics_path: '/metrics',
      scheme: 'http',
      enable_compression: true,
      ...HTTP_CLIENT_PRINTED,
    },
    check(job, report) {
      if (!job.job_name) report(['job_name'], 'job_name is empty')
      checkHttpClient(job, report)
      if (job.relabel_configs?.length) return
      for (const [index, group] of (job.static_configs ?? []).entries()) {
        for (const [target, address] of (group.targets ?? []).entries()) {
          if (address.includes('/')) report(['static_configs', index, 'targets', target], `${quote(address)} is not a valid hostname`)
        }
      }
    },
  },
)

export type ScrapeSection = z.output<typeof scrapeConfigSchema>
