import type { z } from 'zod'
import { CodedError } from '../base/errors.ts'
import { float, scalar, section, text, unsupported } from '../base/schema.ts'
import { byteSize, duration } from '../model/config-schema.ts'
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
  stale_series_compaction_threshold: unsupported(float(), 0),
  chunk_encoding: unsupported(section('chunk_encoding', { floats: text() }), {}),
  retention: retentionSchema,
})

/** What a configuration says of the store. */
export interface StorageConfig {
  /** How far behind the newest sample a sample may be that its series has gone past; 0: no such sample is taken. undefined where it says nothing. */
  readonly lateSpanMs: number | undefined
  /** 0 where it says nothing. */
  readonly retention: Retention
}

export function toStorageConfig(given: z.output<typeof storageTsdbSchema> | undefined): StorageConfig {
  const { time = 0, size = 0, percentage = 0 } = given?.retention ?? {}
  return {
    lateSpanMs: given?.out_of_order_time_window,
    retention: { timeMs: time, sizeBytes: size, percentage },
  }
}

/** How late samples may be. Who does not say it has no windows that stay open longer for it. */
export function lateSpanMs({ lateSpanMs: said }: StorageConfig, blockRangeMs: number): number {
  return said ?? Math.min(LATE_SPAN_MS_DEFAULT, blockRangeMs / 2)
}
