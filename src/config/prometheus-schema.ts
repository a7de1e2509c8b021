import { CodedError } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import { boolean, completePath, integer, list, type Report, scalar, section, text, unsupported } from '../base/schema.ts'
import type { Output } from '../base/schema-type.ts'
import { duration, labels } from '../model/config-schema.ts'
import { alertingSchema } from '../notifier/alerting-schema.ts'
import { otlpSchema } from '../remote/otlp/otlp-schema.ts'
import { remoteReadSchema } from '../remote/read/remote-read-schema.ts'
import { remoteWriteSchema } from '../remote/write/remote-write-schema.ts'
import { nameSchemeProblem, nameSchemes } from '../scrape/name-schemes.ts'
import {
  checkScrapeProtocols,
  histogramFields,
  nameSchemeFields,
  scrapeConfigSchema,
  scrapeLimitFields,
  scrapeProtocolsField,
} from '../scrape/scrape-config-schema.ts'
import { exemplarsSchema } from '../tsdb/exemplars/exemplars-schema.ts'
import { storageTsdbSchema } from '../tsdb/storage-schema.ts'
import { tracingSchema } from './unbuilt-schemas.ts'

// prometheus.yml, whole. Source of fields, order and rules: Prometheus config/config.go; docs/configuration/configuration.md.

/** The default of upstream where `global` says nothing. */
export const DEFAULT_INTERVAL_MS = 60_000
export const DEFAULT_TIMEOUT_MS = 10_000

export const globalSchema = section(
  'global',
  {
    scrape_interval: duration(),
    scrape_timeout: duration(),
    scrape_protocols: scrapeProtocolsField(),
    evaluation_interval: duration(),
    rule_query_offset: duration(),
    query_log_file: text(),
    scrape_failure_log_file: text(),
    external_labels: labels(),
    ...scrapeLimitFields(),
    keep_dropped_targets: integer(),
    ...nameSchemeFields('global'),
    ...histogramFields(),
    extra_scrape_metrics: boolean(),
  },
  {
    printed: { scrape_interval: '1m', scrape_timeout: '10s', evaluation_interval: '1m' },
    check(global, report) {
      const interval = global.scrape_interval || DEFAULT_INTERVAL_MS
      if (global.scrape_timeout && global.scrape_timeout > interval)
        report(['scrape_timeout'], 'global scrape timeout greater than scrape interval')
      checkScrapeProtocols(global.scrape_protocols, 'global config', report)
    },
  },
)

const patternPath = (what: string) =>
  scalar(
    'a path',
    ({ text }) => {
      if (/^[^*]*(\*[^/]*)?$/.test(text)) return text
      throw new CodedError('bad_data', `invalid ${what} path ${quote(text)}, want * only in the last part`)
    },
    completePath,
  )

const scrapeConfigs = list(scrapeConfigSchema, { empty: 'empty or null scrape config section' })

/** What `scrape_config_files` names. */
export const scrapeConfigFileSchema = section('scrape_config_file', { scrape_configs: scrapeConfigs })

export const prometheusSchema = section(
  'prometheus.yml',
  {
    global: globalSchema,
    runtime: unsupported(section('runtime', { gogc: integer(-1) })),
    alerting: alertingSchema,
    rule_files: list(patternPath('rule file')),
    scrape_config_files: list(patternPath('scrape config file')),
    scrape_configs: scrapeConfigs,
    storage: section('storage', { tsdb: storageTsdbSchema, exemplars: exemplarsSchema }),
    tracing: unsupported(tracingSchema),
    remote_write: list(remoteWriteSchema, { empty: 'empty or null remote write config section' }),
    remote_read: list(remoteReadSchema, { empty: 'empty or null remote read config section' }),
    otlp: otlpSchema,
  },
  {
    check(config, report) {
      checkNames(
        config.scrape_configs?.map(({ job_name }) => job_name),
        (index, name) => report(['scrape_configs', index, 'job_name'], `found multiple scrape configs with job name ${quote(name)}`),
      )
      checkNames(
        config.remote_write?.map(({ name }) => name),
        (index, name) => report(['remote_write', index, 'name'], `found multiple remote write configs with job name ${quote(name)}`),
      )
      checkNames(
        config.remote_read?.map(({ name }) => name),
        (index, name) => report(['remote_read', index, 'name'], `found multiple remote read configs with job name ${quote(name)}`),
      )
      checkJobs(config.scrape_configs, config.global ?? {}, report)
    },
  },
)

export type PrometheusSection = Output<typeof prometheusSchema>
export type GlobalSection = Output<typeof globalSchema>

function checkNames(names: readonly (string | undefined)[] | undefined, duplicate: (index: number, name: string) => void): void {
  const seen = new Set<string>()
  for (const [index, name] of (names ?? []).entries()) {
    if (!name) continue
    if (seen.has(name)) duplicate(index, name)
    seen.add(name)
  }
}

/** What is wrong with jobs below this `global`. Also for the files of `scrape_config_files`, which know no `global`. */
export function checkJobs(jobs: PrometheusSection['scrape_configs'], global: GlobalSection, report: Report): void {
  const globalIntervalMs = global.scrape_interval || DEFAULT_INTERVAL_MS
  for (const [index, job] of (jobs ?? []).entries()) {
    const interval = job.scrape_interval || globalIntervalMs
    if (job.scrape_timeout && job.scrape_timeout > interval) {
      report(
        ['scrape_configs', index, 'scrape_timeout'],
        `scrape timeout greater than scrape interval for scrape config with job name ${quote(job.job_name ?? '')}`,
      )
    }
    const problem = nameSchemeProblem(nameSchemes(job, global))
    if (problem !== undefined) report(['scrape_configs', index, 'metric_name_escaping_scheme'], problem)
  }
}
