import { printable } from '../base/schema.ts'
import type { Resolve } from '../base/schema-type.ts'
import { type ScrapeSection, scrapeConfigSchema } from '../scrape/scrape-config-schema.ts'
import { type PrometheusSection, prometheusSchema } from './prometheus-schema.ts'
import { renderYaml } from './render-yaml.ts'

/** One job, in the same way, for /api/v1/scrape_pools/config. */
export function renderJob(job: ScrapeSection, resolve: Resolve): string {
  return renderYaml(printable(scrapeConfigSchema, job, resolve))
}

/** The configuration with defaults filled in and secrets hidden, in upstream's order and style, for /api/v1/status/config. */
export function renderConfig(config: PrometheusSection, resolve: Resolve): string {
  return renderYaml(printable(prometheusSchema, config, resolve))
}
