import { CodedError } from '../base/errors.ts'
import { float, oneOf, scalar, section } from '../base/schema.ts'
import type { Output } from '../base/schema-type.ts'
import { byteSize, duration } from '../model/config-schema.ts'
import type { BlockEncodings } from './block-encodings.ts'
import type { Retention } from './retention.ts'

// `storage.tsdb` of prometheus.yml. Source: Prometheus config/config.go, TSDBConfig; docs/configuration/configuration.md.

/** How late samples may be at most where the file does not say. Upstream takes none then. */
const LATE_SPAN_MS_DEFAULT = 10 * 60_000

const percentage = () =>
  scalar(
    'a percentage from 0 to 100',
    ({ text }) => {
      const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
      if (!(value <= 100)) throw new CodedError('bad_data', `found ${JSON.stringify(text)}, want a percentage from 0 to 100`)
      return value
    },
    Number,
  )

const retentionSchema = section('retention', { time: duration(), size: byteSize(), percentage: percentage() })

export const storageTsdbSchema = section('tsdb', {
  out_of_order_time_window: duration(),
  // Windows have what it is for: docs/decisions/0015-series-that-end.md.
  stale_series_compaction_threshold: float(),
  chunk_encoding: section('chunk_encoding', { floats: oneOf(['xor', 'xor2', '']) }),
  retention: retentionSchema,
})

/** What a configuration says of the store. */
export interface StorageConfig {
  /** How far behind the newest sample a sample may be that its series has gone past; 0: no such sample is taken. undefined where it says nothing. */
  readonly lateSpanMs: number | undefined
  /** undefined where it says nothing. */
  readonly floatEncoding: BlockEncodings['floats'] | undefined
  /** 0 where it says nothing. */
  readonly retention: Retention
}

export function toStorageConfig(given: Output<typeof storageTsdbSchema> | undefined): StorageConfig {
  const { time = 0, size = 0, percentage = 0 } = given?.retention ?? {}
  return {
    lateSpanMs: given?.out_of_order_time_window,
    floatEncoding: given?.chunk_encoding?.floats || undefined,
    retention: { timeMs: time, sizeBytes: size, percentage },
  }
}

/** How late samples may be. Who does not say it has no windows that stay open longer for it. */
export function lateSpanMs({ lateSpanMs: said }: StorageConfig, blockRangeMs: number): number {
  return said ?? Math.min(LATE_SPAN_MS_DEFAULT, blockRangeMs / 2)
}

/**
 * What blocks are encoded in. Where the file says nothing, the feature flags count.
 * Source: Prometheus docs/feature_flags.md, xor2-encoding, histograms-st-encoding.
 */
export function blockEncodings({ floatEncoding }: StorageConfig, features: ReadonlySet<string>): BlockEncodings {
  return {
    floats: floatEncoding ?? (features.has('xor2-encoding') ? 'xor2' : 'xor'),
    histogramStartTimes: features.has('histograms-st-encoding'),
  }
}
