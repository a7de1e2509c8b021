import { NhcbParser } from './nhcb-parser.ts'
import { OpenMetricsParser } from './open-metrics-parser.ts'
import type { PageParser } from './page-parser.ts'
import { ProtobufParser } from './protobuf-parser.ts'
import { TextParser } from './text-parser.ts'

/** How pages are written. */
export type PageFormat = 'text' | 'openmetrics' | 'protobuf'

/** What a scrape wants of a page. Source: Prometheus model/textparse/interface.go, ParserOptions. */
export interface PageParserOptions {
  /** Native histograms of the page are not looked at; their classic parts are kept. */
  readonly ignoreNativeHistograms: boolean
  /** Classic series stay beside the native histogram, the page's own or one that they are converted to. */
  readonly keepClassicHistograms: boolean
  /** Classic histograms become native ones with custom buckets. */
  readonly convertClassicHistograms: boolean
  /** `startTime` will be asked for: `_created` lines of OpenMetrics are no series then. */
  readonly startTimes: boolean
}

/** A parser for pages of a format. It can be used for one page after the other. */
export function pageParserFor(format: PageFormat, options: PageParserOptions): PageParser {
  const { ignoreNativeHistograms, keepClassicHistograms, convertClassicHistograms, startTimes } = options
  const parser = plainParserFor(format, {
    ignoreNative: ignoreNativeHistograms,
    keepClassic: keepClassicHistograms,
    skipCreated: startTimes,
  })
  return convertClassicHistograms ? new NhcbParser(parser, { keepClassic: keepClassicHistograms, startTimes }) : parser
}

function plainParserFor(
  format: PageFormat,
  options: { readonly ignoreNative: boolean; readonly keepClassic: boolean; readonly skipCreated: boolean },
): PageParser {
  switch (format) {
    case 'text':
      return new TextParser()
    case 'openmetrics':
      return new OpenMetricsParser(options)
    case 'protobuf':
      return new ProtobufParser(options)
  }
}
