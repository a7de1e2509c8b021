// Looks at the bytes of a line.

const NEWLINE = 10

export function startsWith(bytes: Uint8Array, p: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[p + i] !== text.charCodeAt(i)) return false
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
