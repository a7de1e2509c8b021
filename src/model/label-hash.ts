import type { Labels } from './labels.ts'
import { xxHash64 } from './xx-hash.ts'

/**
 * The hash of a label set, as upstream's default build finds it: of each name and value behind its length. Slow: for what must
 * choose the same series as upstream, once a series. Source: Prometheus model/labels/labels_stringlabels.go, Hash.
 */
export function labelHash({ pairs }: Labels): bigint {
  const parts: Buffer[] = []
  for (const text of pairs) {
    const bytes = Buffer.from(text)
    const { length } = bytes
    parts.push(length < 0xff ? Buffer.of(length) : Buffer.of(0xff, length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff), bytes)
  }
  return xxHash64(Buffer.concat(parts))
}
