// Looks at the bytes of a line.

const NEWLINE = 10

export function startsWith(bytes: Uint8Array, p: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[p + i] !== text.charCodeAt(i)) return false
  return true
}

/** Whether a[start..end) and b[from..to) are the same. Looks from behind: neighbours share their beginnings. */
export function isEqual(a: Uint8Array, start: number, end: number, b: Uint8Array, from: number, to: number): boolean {
  if (end - start !== to - from) return false
  for (let i = end - 1, j = to - 1; i >= start; i--, j--) if (a[i] !== b[j]) return false
  return true
}

export function hasHighBit(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] >= 128) return true
  return false
}

/** Up to the end of the line, for an error message. */
export function linePart(bytes: Uint8Array, start: number, end: number): string {
  const newline = bytes.indexOf(NEWLINE, start)
  const stop = newline > start && newline < end ? newline : end
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, stop - start).toString('latin1')
}
