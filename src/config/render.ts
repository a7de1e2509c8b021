import { Document, isScalar, isSeq, visit } from 'yaml'
import { printable, type Resolve } from '../base/schema.ts'
import { type ScrapeSection, scrapeConfigSchema } from '../scrape/scrape-config-schema.ts'
import { type PrometheusSection, prometheusSchema } from './prometheus-schema.ts'

/** One job, in the same way, for /api/v1/scrape_pools/config. */
export function renderJob(job: ScrapeSection, resolve: Resolve): string {
  return renderYaml(printable(scrapeConfigSchema, job, resolve))
}

/** The configuration with defaults filled in and secrets hidden, in upstream's order and style, for /api/v1/status/config. */
export function renderConfig(config: PrometheusSection, resolve: Resolve): string {
  return renderYaml(printable(prometheusSchema, config, resolve))
}

/** Printed values of a schema in upstream's style. */
export function renderYaml(content: unknown): string {
  // YAML 1.1 decides which texts need quotes, so that upstream's reader takes `no` and `017` for the texts they are.
  const document = new Document(content, { version: '1.1' })
  visit(document, {
    Pair(_, pair) {
      if (isScalar(pair.key) && pair.key.value === 'source_labels' && isSeq(pair.value)) pair.value.flow = true
    },
  })
  return document.toString({ indentSeq: false, lineWidth: 0, flowCollectionPadding: false, directives: false })
}
