import { CodedError } from '../base/errors.ts'
import { quote } from '../model/labels.ts'

/** What a body may be when the configuration sets no limit, so that a target that sends without end costs one scrape. */
export const BODY_BYTES_MAX = 256 * 1024 * 1024
/** What the bodies of all running scrapes may take together. */
export const BODIES_BYTES_MAX = 512 * 1024 * 1024

/** More samples than sample_limit. Source of the text: Prometheus scrape/target.go, errSampleLimit. */
export class SampleLimitError extends CodedError {
  constructor() {
    super('limit', 'sample limit exceeded')
    this.name = 'SampleLimitError'
  }
}

/** Source of the text: Prometheus scrape/scrape.go, refreshTargetLimitErr. */
export function targetLimitMessage(targetCount: number, limit: number): string | undefined {
  if (limit === 0 || targetCount <= limit) return undefined
  return `target_limit exceeded (number of targets: ${targetCount}, limit: ${limit})`
}

/** Throws when a page of this type cannot be read. Source of the texts: Prometheus model/textparse/interface.go, extractMediaType. */
export function checkContentType(contentType: string): void {
  if (contentType === '') {
    throw new CodedError(
      'bad_data',
      'non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified for target',
    )
  }
  const mediaType = mediaTypeOf(contentType)
  if (mediaType === undefined) {
    throw new CodedError('bad_data', `cannot parse Content-Type ${quote(contentType)} and no fallback_scrape_protocol for target`)
  }
  if (mediaType !== 'text/plain') {
    throw new CodedError(
      'bad_data',
      `received unsupported Content-Type ${quote(contentType)} and no fallback_scrape_protocol specified for target`,
    )
  }
}

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const MEDIA_TYPE = new RegExp(`^\\s*(${TOKEN}(?:/${TOKEN})?)\\s*(?=;|$)`)
const PARAMETER = new RegExp(`\\s*;\\s*(${TOKEN})\\s*=\\s*(${TOKEN}|"(?:[^"\\\\]|\\\\.)*")`, 'y')

/** In lower case; undefined when the header cannot be read, its parameters included. Source: Go mime, ParseMediaType. */
function mediaTypeOf(contentType: string): string | undefined {
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
