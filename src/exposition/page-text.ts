import { isUtf8 } from 'node:buffer'
import { hasHighBit } from './line-bytes.ts'

/** Bytes of a page as text; undefined where they are no UTF-8. */
export function pageText(page: Buffer, start: number, end: number): string | undefined {
  if (!hasHighBit(page, start, end)) return page.toString('latin1', start, end)
  return isUtf8(page.subarray(start, end)) ? page.toString('utf8', start, end) : undefined
}

/** What stands in quotes in text formats, without its escapes: a quote, a backslash, a line break. */
export function unescaped(text: string): string {
  return text.includes('\\') ? text.replace(/\\(["\\n])/g, (_, char: string) => (char === 'n' ? '\n' : char)) : text
}
