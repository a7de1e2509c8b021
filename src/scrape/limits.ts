import { CodedError } from '../base/errors.ts'

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

/** A histogram with more buckets than native_histogram_bucket_limit. Source of the text: Prometheus scrape/target.go, errBucketLimit. */
export class BucketLimitError extends CodedError {
  constructor() {
    super('limit', 'histogram bucket limit exceeded')
    this.name = 'BucketLimitError'
  }
}

/** Source of the text: Prometheus scrape/scrape.go, refreshTargetLimitErr. */
export function targetLimitMessage(targetCount: number, limit: number): string | undefined {
  if (limit === 0 || targetCount <= limit) return undefined
  return `target_limit exceeded (number of targets: ${targetCount}, limit: ${limit})`
}
