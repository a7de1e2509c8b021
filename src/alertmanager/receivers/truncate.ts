// How upstream shortens what is too long for a receiver. Source: Alertmanager notify/util.go, TruncateInRunes, TruncateInBytes.

const ELLIPSIS = '…'
const ELLIPSIS_BYTES = 3

/** At most so many code points, the last an ellipsis where some are left out. */
export function truncateRunes(text: string, runesMax: number): string {
  // No text has more code points than units.
  if (text.length <= runesMax) return text
  const runes = [...text]
  if (runes.length <= runesMax) return text
  return runesMax <= 3 ? runes.slice(0, runesMax).join('') : runes.slice(0, runesMax - 1).join('') + ELLIPSIS
}

/** At most so many bytes of UTF-8, no code point cut. */
export function truncateBytes(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= bytesMax) return text
  if (bytesMax <= ELLIPSIS_BYTES) return bytesMax === ELLIPSIS_BYTES ? ELLIPSIS : '.'.repeat(bytesMax)
  return bytes.subarray(0, codePointEnd(bytes, bytesMax - ELLIPSIS_BYTES)).toString() + ELLIPSIS
}

/** The last end of a code point at or before a byte. */
function codePointEnd(bytes: Uint8Array, at: number): number {
  let end = at
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return end
}
