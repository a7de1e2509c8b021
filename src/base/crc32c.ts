import { crc32c as nativeCrc32c } from '@node-rs/crc32'
import { tableCrc32c } from './crc32c-tables.ts'

/** Calling into native code costs as much as this many bytes here (crc32c.bench.ts). */
const NATIVE_BYTES_MIN = 128

/** CRC32C of `data` from `start` up to, not including, `end`; `seed` is the checksum of what came before it. */
export function crc32c(data: Uint8Array, start = 0, end = data.length, seed = 0): number {
  if (end - start >= NATIVE_BYTES_MIN) return nativeCrc32c(data.subarray(start, end), seed)
  return tableCrc32c(data, start, end, seed)
}
