// In which format a page is written, by what the target says of it. Source: Prometheus model/textparse/interface.go, extractMediaType.

import { CodedError } from '../base/errors.ts'
import { quote } from '../base/go-quote.ts'
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
  const mediaType = parseMediaType(contentType)
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

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const MEDIA_TYPE = new RegExp(`^\\s*(${TOKEN}(?:/${TOKEN})?)\\s*(?=;|$)`)
const PARAMETER = new RegExp(`\\s*;\\s*(${TOKEN})\\s*=\\s*(${TOKEN}|"(?:[^"\\\\]|\\\\.)*")`, 'y')

/** In lower case; undefined when the header cannot be read, its parameters included. Source: Go mime, ParseMediaType. */
function parseMediaType(contentType: string): string | undefined {
  const head = MEDIA_TYPE.exec(contentType)
  if (head === null) return undefined
  const names = new Set<string>()
  let end = head[0].length
  for (;;) {
    PARAMETER.lastIndex = end
    const parameter = PARAMETER.exec(contentType)
    if (parameter === null) break
    const name = parameter[1].toLowerCase()
    if (names.has(name)) return undefined
    names.add(name)
    end = PARAMETER.lastIndex
  }
  return /^\s*;?\s*$/.test(contentType.slice(end)) ? head[1].toLowerCase() : undefined
}
