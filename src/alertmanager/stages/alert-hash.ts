import { xxHash64 } from '../../model/label-hash.ts'
import type { Labels } from '../../model/labels.ts'

const SEPARATOR = Buffer.of(0xff)

const known = new WeakMap<Labels, bigint>()

/**
 * What an alert is called in the notification log, which members share: the hash of its names and values, each followed by a byte 0xff.
 * Source: Alertmanager notify/notify.go, hashAlert.
 */
export function alertHash(labels: Labels): bigint {
  let hash = known.get(labels)
  if (hash === undefined) {
    hash = xxHash64(Buffer.concat(labels.pairs.flatMap((text) => [Buffer.from(text), SEPARATOR])))
    known.set(labels, hash)
  }
  return hash
}
