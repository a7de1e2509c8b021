// In which format a page is written, by what the target says of it. Source: Prometheus model/textparse/interface.go, extractMediaType.

import { CodedError } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
import { parseMediaType } from '../base/media-type.ts'
import type { PageFormat } from '../exposition/page-formats.ts'
import { mediaTypeOf, type ScrapeProtocol } from './scrape-protocol.ts'

const FORMATS: ReadonlyMap<string, PageFormat> = new Map([
  ['text/plain', 'text'],
  ['application/openmetrics-text', 'openmetrics'],
  ['application/vnd.google.protobuf', 'protobuf'],
])

/**
 * The format of a page of this type; that of the fallback protocol where the type is missing, cannot be read or is of no format.
 * Without a fallback it throws, and the scrape fails.
 */
export function pageFormat(contentType: string, fallback: ScrapeProtocol | undefined): PageFormat {
  const mediaType = readable(contentType)
  const format = mediaType === undefined ? undefined : FORMATS.get(mediaType)
  if (format !== undefined) return format
  if (fallback !== undefined) return FORMATS.get(mediaTypeOf(fallback))!
  if (contentType === '') {
    throw new CodedError(
      'bad_data',
      'non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target',
    )
  }
  if (mediaType === undefined) {
    throw new CodedError('bad_data', `cannot parse Content-Type ${quote(contentType)} and no fallback_scrape_protocol for target`)
  }
  throw new CodedError(
    'bad_data',
    `received unsupported Content-Type ${quote(contentType)} and no fallback_scrape_protocol specified for target`,
  )
}

/** Undefined when the header cannot be read, its parameters included. */
function readable(contentType: string): string | undefined {
  try {
    return parseMediaType(contentType).type
  } catch {
    // What then counts is the fallback.
    return undefined
  }
}
