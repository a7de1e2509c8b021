import { quote } from '../base/go-quote.ts'

// Go's ways of writing and reading text that upstream's language and messages rest on.

/** Go's `%q` of one character; undefined is the end of the input, which Go shows as the replacement character. */
export function quoteRune(char: string | undefined): string {
  if (char === undefined) return "'\ufffd'"
  if (char === "'") return "'\\''"
  if (char === '"') return "'\"'"
  return `'${quote(char).slice(1, -1)}'`
}

/** Go's `%#U`: `U+0078 'x'`. */
export function nameRune(char: string): string {
  const code = char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')
  const printable = quote(char).length === char.length + 2 || char === '"' || char === '\\'
  return printable ? `U+${code} '${char}'` : `U+${code}`
}

/** Go's strconv.FormatFloat(value, 'f', -1, 64): shortest digits, never an exponent. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  const text = Object.is(value, -0) ? '-0' : String(value)
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text)
  if (match === null) return text
  const [, sign, whole, fraction = '', exponentText] = match
  const exponent = Number(exponentText)
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${whole}${fraction}`
  return `${sign}${whole}${fraction}${'0'.repeat(exponent - fraction.length)}`
}

/**
 * A number token: integers as Go reads them (`0x1f`, `0755` is octal, `1_000`), else a float. Answers a string
 * where Go refuses, the reason. Source: Prometheus promql/parser/parse.go, number; Go strconv.ParseInt and ParseFloat.
 */
export function parseNumber(text: string): number | string {
  if (/^inf$/i.test(text)) return Infinity
  if (/^nan$/i.test(text)) return NaN
  const integer = parseInteger(text)
  if (integer !== undefined) return integer
  const invalid = `strconv.ParseFloat: parsing ${quote(text)}: invalid syntax`
  if (!/^(\d+(_\d+)*)?\.?(\d+(_\d+)*)?([eE][+-]?\d+(_\d+)*)?$/.test(text)) return invalid
  const plain = text.replaceAll('_', '')
  const value = Number(plain)
  if (!/\d/.test(plain) || Number.isNaN(value)) return invalid
  return Number.isFinite(value) ? value : `strconv.ParseFloat: parsing ${quote(text)}: value out of range`
}

function parseInteger(text: string): number | undefined {
  const octal = /^0_?[0-7]+(_[0-7]+)*$/.test(text)
  const decimal = /^(0|[1-9]\d*(_\d+)*)$/.test(text)
  const hex = /^0[xX]_?[\da-fA-F]+(_[\da-fA-F]+)*$/.test(text)
  if (!octal && !decimal && !hex) return undefined
  const plain = text.replaceAll('_', '')
  const value = BigInt(octal ? `0o${plain.slice(1)}` : plain)
  return value < 1n << 63n ? Number(value) : undefined
}

/**
 * The value of a string token, quotes and escapes resolved. `\x` and octal escapes are bytes, joined as UTF-8.
 * The lexer has checked the escapes. Source: Prometheus util/strutil/quote.go.
 */
export function unquote(text: string): string {
  const body = text.slice(1, -1)
  if (text[0] === '`' || !body.includes('\\')) return body
  const bytes: number[] = []
  const parts = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.))|[^\\]+/gsu
  for (const [whole, x, u, U, octal, letter] of body.matchAll(parts)) {
    if (x !== undefined) bytes.push(Number.parseInt(x, 16))
    else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8))
    else {
      const plain = letter !== undefined ? (LETTERS[letter] ?? letter) : u || U ? String.fromCodePoint(Number.parseInt(u ?? U, 16)) : whole
      for (const byte of Buffer.from(plain)) bytes.push(byte)
    }
  }
  return decodeBytes(Buffer.from(bytes))
}

/**
 * UTF-8 to text. A byte that belongs to no character becomes the lone surrogate U+DC00 + byte, so that it stays what it is:
 * such text is not well-formed, equals no label and is printed back as `\\xNN`.
 */
function decodeBytes(bytes: Buffer): string {
  const text = bytes.toString()
  if (!text.includes('\ufffd')) return text
  let out = ''
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i]
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4
    const char = bytes.subarray(i, i + length).toString()
    const valid =
      char.length === (length === 4 ? 2 : 1) &&
      Buffer.byteLength(char) === length &&
      Buffer.from(char).equals(bytes.subarray(i, i + length))
    out += valid ? char : String.fromCharCode(0xdc00 + lead)
    i += valid ? length : 1
  }
  return out
}

const LETTERS: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }
