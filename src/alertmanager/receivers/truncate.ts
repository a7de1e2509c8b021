// How upstream shortens what is too long for a receiver. Source: Alertmanager notify/util.go, TruncateInRunes, TruncateInBytes.

const ELLIPSIS = '…'
const ELLIPSIS_BYTES = 3

/** At most so many code points, the last an ellipsis where some are left out. */
export function truncateRunes(text: string, runesMax: number): string {
  // No text has more code points than units.
  if (text.length <= runesMax) return text
  const kept = runesMax <= 3 ? runesMax : runesMax - 1
  const cut = runesEnd(text, 0, kept)
  if (runesEnd(text, cut, runesMax - kept) === text.length) return text
  return text.slice(0, cut) + (runesMax <= 3 ? '' : ELLIPSIS)
}

/** Where so many code points after `start` end, or the text does. The rest of it, which may be millions, is not looked at. */
function runesEnd(text: string, start: number, runes: number): number {
  let end = start
  for (let i = 0; i < runes && end < text.length; i++) end += text.codePointAt(end)! > 0xffff ? 2 : 1
  return end
}

/** At most so many bytes of UTF-8, no code point cut. */
export function truncateBytes(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= bytesMax) return text
  if (bytesMax <= ELLIPSIS_BYTES) return bytesMax === ELLIPSIS_BYTES ? ELLIPSIS : '.'.repeat(bytesMax)
  return cutBytes(text, bytesMax - ELLIPSIS_BYTES) + ELLIPSIS
}

/** Its first bytes of UTF-8, no code point cut. */
export function cutBytes(text: string, bytesMax: number): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= bytesMax) return text
  let end = bytesMax
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.subarray(0, end).toString()
}
