import { nameRune } from '../../model/go-text.ts'
import type { Cursor } from './cursor.ts'

/** Takes a string up to its closing quote; the opening one, `open`, has been taken. */
export function scanString(cursor: Cursor, open: string): void {
  for (;;) {
    const char = cursor.advance()
    if (char === '\ufffd' || (char !== undefined && /^[\ud800-\udfff]$/.test(char))) throw cursor.error('invalid UTF-8 rune')
    if (char === undefined) throw cursor.error(open === '`' ? 'unterminated raw string' : 'unterminated quoted string')
    if (char === open) return
    if (open === '`') continue
    if (char === '\n') throw cursor.error('unterminated quoted string')
    if (char === '\\') scanEscape(cursor, open)
  }
}

/** Behind a backslash. */
function scanEscape(cursor: Cursor, open: string): void {
  const char = cursor.advance()
  if (char === undefined) throw cursor.error('escape sequence not terminated')
  if ('abfnrtv\\'.includes(char) || char === open) return
  let digits: [count: number, base: number, max: number]
  if (/[0-7]/.test(char)) {
    digits = [3, 8, 255]
    cursor.position--
  } else if (char === 'x') digits = [2, 16, 255]
  else if (char === 'u') digits = [4, 16, 0x10ffff]
  else if (char === 'U') digits = [8, 16, 0x10ffff]
  else throw cursor.error(`unknown escape sequence ${nameRune(char)}`)
  const [count, base, max] = digits
  let code = 0
  for (let i = 0; i < count; i++) {
    const digit = cursor.advance()
    if (digit === undefined) throw cursor.error('escape sequence not terminated')
    const value = /^[\da-fA-F]$/.test(digit) ? Number.parseInt(digit, 16) : 16
    if (value >= base) throw cursor.error(`illegal character ${nameRune(digit)} in escape sequence`)
    code = code * base + value
  }
  if (code > max || (code >= 0xd800 && code < 0xe000)) throw cursor.error('escape sequence is an invalid Unicode code point')
}
