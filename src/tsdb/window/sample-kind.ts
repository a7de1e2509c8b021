import { ChunkEncoding } from '../../chunkenc/codec.ts'

/** What a sample is. */
export const SampleKind = { float: 0, histogram: 1, floatHistogram: 2 } as const
export type SampleKind = (typeof SampleKind)[keyof typeof SampleKind]

export function histogramKind(isFloat: boolean): SampleKind {
  return isFloat ? SampleKind.floatHistogram : SampleKind.histogram
}

/** What the samples of a chunk are. */
export function kindOf(encoding: ChunkEncoding): SampleKind {
  switch (encoding) {
    case ChunkEncoding.histogram:
    case ChunkEncoding.histogramSt:
      return SampleKind.histogram
    case ChunkEncoding.floatHistogram:
    case ChunkEncoding.floatHistogramSt:
      return SampleKind.floatHistogram
    default:
      return SampleKind.float
  }
}
