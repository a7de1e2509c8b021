import type { PageParser } from '../exposition/page-parser.ts'
import { TextParser } from '../exposition/text-parser.ts'
import type { PageFormat } from './content-type.ts'
import type { ScrapeConfig } from './scrape-config.ts'
import type { ScrapeFeatures } from './scrape-features.ts'
import type { ScrapeProtocol } from './scrape-protocol.ts'

export function makePageParser(_format: PageFormat, _config: ScrapeConfig, _features: ScrapeFeatures): PageParser {
  return new TextParser()
}

/** Interim: what can be read already. */
export function readable(protocols: readonly ScrapeProtocol[]): readonly ScrapeProtocol[] {
  const text = protocols.filter((protocol) => protocol.startsWith('PrometheusText'))
  return text.length > 0 ? text : ['PrometheusText0.0.4']
}
