import type { Labels } from '../../model/labels.ts'
import { xxHash64 } from '../../model/xx-hash.ts'

const SEPARATOR = 0xff

const known = new WeakMap<Labels, bigint>()

/** Where texts are written for a hash. Labels that need more have a place of their own: it would stay as large as the largest ever. */
const PLACE_BYTES = 16 * 1024
const place = Buffer.allocUnsafeSlow(PLACE_BYTES)

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
  // By index: an iterator makes an object a step.
  for (let i = 0; i < pairs.length; i++) most += pairs[i].length * 3 + 1
  const into = most <= PLACE_BYTES ? place : Buffer.allocUnsafeSlow(most)
  let at = 0
  for (let i = 0; i < pairs.length; i++) {
    at += into.write(pairs[i], at)
    into[at++] = SEPARATOR
  }
  return into.subarray(0, at)
}
