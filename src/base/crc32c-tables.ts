/** Castagnoli's polynomial, bits reversed. Source: RFC 3720, B.4. */
const POLYNOMIAL = 0x82f63b78

const tables = Array.from({ length: 8 }, () => new Int32Array(256))
for (let byte = 0; byte < 256; byte++) {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  tables[0][byte] = crc
}
for (let byte = 0; byte < 256; byte++) {
  for (let k = 1; k < 8; k++) tables[k][byte] = (tables[k - 1][byte] >>> 8) ^ tables[0][tables[k - 1][byte] & 0xff]
}
const [t0, t1, t2, t3, t4, t5, t6, t7] = tables

/**
 * CRC32C as `crc32c` has it, eight bytes a step, without native code: who has little to check at a time does without the 3 MB that
 * loading that takes.
 */
export function tableCrc32c(data: Uint8Array, start = 0, end = data.length, seed = 0): number {
  let crc = ~seed
  let at = start
  for (; at + 8 <= end; at += 8) {
    crc ^= data[at] | (data[at + 1] << 8) | (data[at + 2] << 16) | (data[at + 3] << 24)
    crc =
      t7[crc & 0xff] ^
      t6[(crc >>> 8) & 0xff] ^
      t5[(crc >>> 16) & 0xff] ^
      t4[crc >>> 24] ^
      t3[data[at + 4]] ^
      t2[data[at + 5]] ^
      t1[data[at + 6]] ^
      t0[data[at + 7]]
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ t0[(crc ^ data[at]) & 0xff]
  return ~crc >>> 0
}
