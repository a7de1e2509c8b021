import { SampleColumns } from '../../chunkenc/codec.ts'
import { decodeChunk } from '../../chunkenc/decode-chunk.ts'
import type { Timestamp } from '../../model/time.ts'
import { isDeletedAt } from '../block/tombstones.ts'
import { digest, digestHistogram } from '../histogram-digest.ts'
import { ChunkPlaces } from './chunk-places.ts'
import { copyChunk } from './copy-chunk.ts'
import type { SampleBits } from './same-sample.ts'
import { kindOf, SampleKind } from './sample-kind.ts'
import type { Window } from './window.ts'

const columns = new SampleColumns()

/** The sample that a series has at a time; undefined: none. Decodes the chunks that reach over it: about a microsecond each. */
export function sampleAt(window: Window, series: number, t: Timestamp): SampleBits | undefined {
  if (isDeletedAt(window.tombstones.of(series) ?? [], t)) return undefined
  const chunks = new ChunkPlaces()
  chunks.collect(window, series, t, t)
  if (chunks.places.length === 0) return undefined
  const bytes = new Uint8Array(chunks.byteCount)
  for (const place of chunks.places) {
    const chunk = copyChunk(place, bytes, 0)
    columns.clear()
    decodeChunk(chunk, t, t, columns)
    if (columns.length === 0) continue
    const kind = kindOf(chunk.encoding)
    if (kind === SampleKind.float) return { kind, high: columns.valueWords[1], low: columns.valueWords[0] }
    digestHistogram(columns.histograms?.[0])
    return { kind, high: digest.high, low: digest.low }
  }
  return undefined
}
