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
  const mediaType = contentType.split(';', 1)[0].trim().toLowerCase()
  if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+(\/[!#$%&'*+\-.^_`|~0-9a-z]+)?$/.test(mediaType)) {
    throw new CodedError('bad_data', `cannot parse Content-Type ${quote(contentType)} and no fallback_scrape_protocol for target`)
  }
  if (mediaType !== 'text/plain') {
    throw new CodedError(
      'bad_data',
      `received unsupported Content-Type ${quote(contentType)} and no fallback_scrape_protocol specified for target`,
    )
  }
}
