import type { Labels } from './labels.ts'
import type { Timestamp } from './time.ts'

/** An example of what a sample counts, usually with the id of a trace. Source: OpenMetrics 1.0, "Exemplars". */
export interface Exemplar {
  /** Of the exemplar itself, not of its series. */
  readonly labels: Labels
  readonly value: number
  /** Unix ms. Where none was given it is the sample's, and `hasTimestamp` is false. */
  readonly timestamp: Timestamp
  readonly hasTimestamp: boolean
}

/** Names and values of an exemplar's labels may have this many characters together. Source: OpenMetrics 1.0; Prometheus model/exemplar, ExemplarMaxLabelSetLength. */
export const EXEMPLAR_LABELS_LENGTH_MAX = 128
