import type { Labels } from '../../model/labels.ts'
import { xxHash64 } from '../../model/xx-hash.ts'

const SEPARATOR = 0xff

const known = new WeakMap<Labels, bigint>()

/** Where texts are written for a hash. */
let place = Buffer.allocUnsafeSlow(1024)

/**
 * What an alert is called in the notification log, which members share: the hash of its names and values, each followed by a byte 0xff.
 * Source: Alertmanager notify/notify.go, hashAlert.
 */
export function alertHash(labels: Labels): bigint {
  let hash = known.get(labels)
  if (hash === undefined) {
    hash = xxHash64(separated(labels))
    known.set(labels, hash)
  }
  return hash
}

/** Valid until the next call. */
function separated({ pairs }: Labels): Uint8Array {
  let most = 0
  // A unit of a text is three bytes at most.
  for (const text of pairs) most += text.length * 3 + 1
  if (place.length < most) place = Buffer.allocUnsafeSlow(2 * most)
  let at = 0
  for (const text of pairs) {
    at += place.write(text, at)
    place[at++] = SEPARATOR
  }
  return place.subarray(0, at)
}
