import { quote } from '../base/go-quote.ts'
import { boolean, float, integer, list, map, oneOf, type Report, section, text, unsupported } from '../base/schema.ts'
import type { Output } from '../base/schema-type.ts'
import { consulSdConfigsSchema } from '../discovery/consul/schema.ts'
import { dnsSdConfigsSchema } from '../discovery/dns.ts'
import { dockerSdConfigsSchema } from '../discovery/docker.ts'
import { ec2SdConfigsSchema } from '../discovery/ec2/ec2.ts'
import { fileSdConfigsSchema } from '../discovery/file.ts'
import { httpSdConfigsSchema } from '../discovery/http.ts'
import { kubernetesSdConfigsSchema } from '../discovery/kubernetes/schema.ts'
import { staticConfigsSchema } from '../discovery/static.ts'
import { unbuiltDiscoveryFields } from '../discovery/unbuilt-schemas.ts'
import { checkHttpClient, HTTP_CLIENT_PRINTED, httpClientFields, showHttpClient } from '../http-client/client-schema.ts'
import { byteSize, duration } from '../model/config-schema.ts'
import { ESCAPING_SCHEMES } from '../model/name-escaping.ts'
import { relabelSteps } from '../model/relabel-schema.ts'
import { NAME_VALIDATION_SCHEMES, unknownEscaping, unknownValidation } from './name-schemes.ts'
import { SCRAPE_PROTOCOLS } from './scrape-protocol.ts'

// Source of fields, order and rules: Prometheus config/config.go, ScrapeConfig; docs/configuration/configuration.md, scrape_config.

const unknownProtocol = (found: string) => `unknown scrape protocol ${found}, supported: [${[...SCRAPE_PROTOCOLS].sort().join(' ')}]`

/** Limits that a job takes from `global` where it sets none itself; 0 is no limit. */
export const scrapeLimitFields = () => ({
  body_size_limit: byteSize(),
  sample_limit: integer(),
  target_limit: integer(),
  label_limit: integer(),
  label_name_length_limit: integer(),
  label_value_length_limit: integer(),
})

export const scrapeProtocolsField = () => list(oneOf(SCRAPE_PROTOCOLS, unknownProtocol))

/** Whether a list of protocols can be asked for. `where` ends the message. */
export function checkScrapeProtocols(protocols: readonly string[] | undefined, where: string, report: Report): void {
  if (protocols === undefined) return
  if (protocols.length === 0) report(['scrape_protocols'], `scrape_protocols cannot be empty for ${where}`)
  if (new Set(protocols).size < protocols.length) {
    report(['scrape_protocols'], `duplicated protocol in scrape_protocols, got [${protocols.join(' ')}] for ${where}`)
  }
}

/** How names are taken in; `section` is what the messages call the place. */
export const nameSchemeFields = (section: 'global' | 'scrape config') => ({
  metric_name_validation_scheme: oneOf([...NAME_VALIDATION_SCHEMES, ''], unknownValidation(section)),
  metric_name_escaping_scheme: oneOf([...ESCAPING_SCHEMES, ''], unknownEscaping(section)),
})
export const histogramFields = () => ({
  scrape_native_histograms: boolean(),
  always_scrape_classic_histograms: boolean(),
  convert_classic_histograms_to_nhcb: boolean(),
})

export const scrapeConfigSchema = section(
  'scrape_config',
  {
    job_name: text(),
    honor_labels: boolean(),
    honor_timestamps: boolean(),
    track_timestamps_staleness: boolean(),
    params: map(list(text())),
    scrape_interval: duration(),
    scrape_timeout: duration(),
    scrape_protocols: scrapeProtocolsField(),
    fallback_scrape_protocol: oneOf([...SCRAPE_PROTOCOLS, ''], unknownProtocol),
    ...histogramFields(),
    scrape_failure_log_file: text(),
    metrics_path: text(),
    scheme: oneOf(['http', 'https']),
    enable_compression: boolean(),
    ...scrapeLimitFields(),
    native_histogram_bucket_limit: integer(),
    native_histogram_min_bucket_factor: float(),
    keep_dropped_targets: integer(),
    ...nameSchemeFields('scrape config'),
    extra_scrape_metrics: boolean(),
    ...httpClientFields(),
    relabel_configs: relabelSteps('empty or null target relabeling rule in scrape config'),
    metric_relabel_configs: relabelSteps('empty or null metric relabeling rule in scrape config'),
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
    printed: {
      honor_timestamps: true,
      track_timestamps_staleness: false,
      metrics_path: '/metrics',
      scheme: 'http',
      enable_compression: true,
      ...HTTP_CLIENT_PRINTED,
    },
    shown: showHttpClient,
    check(job, report) {
      if (!job.job_name) report(['job_name'], 'job_name is empty')
      checkHttpClient(job, report)
      checkScrapeProtocols(job.scrape_protocols, `scrape config with job name ${quote(job.job_name ?? '')}`, report)
      if (job.relabel_configs?.length) return
      for (const [index, group] of (job.static_configs ?? []).entries()) {
        for (const [target, address] of (group.targets ?? []).entries()) {
          if (address.includes('/')) report(['static_configs', index, 'targets', target], `${quote(address)} is not a valid hostname`)
        }
      }
    },
  },
)

export type ScrapeSection = Output<typeof scrapeConfigSchema>
