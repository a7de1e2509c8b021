import { isUtf8 } from 'node:buffer'
import { quote } from '../base/go-quote.ts'

/** Of a page that is quoted in an error, at most this much: the error is kept and shown, and who sends the page chooses its size. */
const QUOTED_BYTES_MAX = 1000

/** Bytes as text. Those that are no UTF-8 become the lone surrogates by which `quote` knows them. */
export function textOfBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  let out = ''
  for (let i = 0; i < bytes.length; ) {
    const length = bytes[i] < 0x80 ? 1 : bytes[i] >= 0xf0 ? 4 : bytes[i] >= 0xe0 ? 3 : 2
    const part = bytes.subarray(i, i + length)
    const whole = part.length === length && isUtf8(part)
    out += whole ? part.toString('utf8') : String.fromCharCode(0xdc00 + bytes[i])
    i += whole ? length : 1
  }
  return out
}

/** Go's %q of a part of a page. */
export function quotedBytes(bytes: Uint8Array, start: number, end: number): string {
  const stop = Math.min(end, start + QUOTED_BYTES_MAX)
  return quote(textOfBytes(Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.max(0, stop - start))))
}
