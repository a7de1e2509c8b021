// Texts in quotes as Go writes them. Source: Go strconv.Quote, unicode.IsPrint.

const PLAIN = /^[ !#-[\]-~]*$/
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\v': '\\v',
}

/** A Go-quoted string (strconv.Quote), as upstream prints label values: what Go does not think printable is escaped. */
export function quote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`
  let out = '"'
  for (const char of text) out += ESCAPES[char] ?? (char === ' ' || PRINTABLE.test(char) ? char : escapeCode(char.codePointAt(0)!))
  return `${out}"`
}

function escapeCode(code: number): string {
  const hex = code.toString(16)
  if (code < 0x20 || code === 0x7f) return `\\x${hex.padStart(2, '0')}`
  // A byte that was no UTF-8 (see model/go-text.ts, unquote).
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}
