// Text of mail as it travels. Source: Go mime/quotedprintable, mime/encodedword.go; RFC 2045, section 6.7; RFC 2047.

const LINE_MAX = 76

/** Lines end with CRLF; one that is too long is broken softly. */
export function quotedPrintable(text: string): string {
  const out: string[] = []
  let line = ''
  let afterReturn = false
  const soft = () => {
    out.push(`${line}=\r\n`)
    line = ''
  }
  const encode = (byte: number) => {
    if (LINE_MAX - 1 - line.length < 3) soft()
    line += hexByte(byte)
  }
  // A space at the end of a line would be lost.
  const protectLast = () => {
    if (!/[ \t]$/.test(line)) return
    const byte = line.charCodeAt(line.length - 1)
    line = line.slice(0, -1)
    encode(byte)
  }
  for (const byte of Buffer.from(text)) {
    if (byte === 0x0a || byte === 0x0d) {
      const isSecond = afterReturn && byte === 0x0a
      afterReturn = byte === 0x0d
      if (isSecond) continue
      protectLast()
      out.push(`${line}\r\n`)
      line = ''
      continue
    }
    const isPlain = (byte >= 0x21 && byte <= 0x7e && byte !== 0x3d) || byte === 0x20 || byte === 0x09
    if (!isPlain) encode(byte)
    else {
      if (line.length === LINE_MAX - 1) soft()
      line += String.fromCharCode(byte)
    }
    afterReturn = false
  }
  protectLast()
  return out.join('') + line
}

const hexByte = (byte: number) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`

const WORD_MAX = 75
const WORD_START = '=?utf-8?q?'
const WORD_END = '?='
const CONTENT_MAX = WORD_MAX - WORD_START.length - WORD_END.length

/** The value of a header: as it is, or as encoded words where it is more than printable ASCII. No code point is in two words. */
export function headerText(text: string): string {
  if (/^[\t\x20-\x7e]*$/.test(text)) return text
  let out = WORD_START
  let length = 0
  for (const char of text) {
    const isPlain = /[!-~ ]/.test(char) && !'=?_'.includes(char)
    const encoded = isPlain ? (char === ' ' ? '_' : char) : [...Buffer.from(char)].map(hexByte).join('')
    if (length + encoded.length > CONTENT_MAX) {
      out += `${WORD_END} ${WORD_START}`
      length = 0
    }
    out += encoded
    length += encoded.length
  }
  return out + WORD_END
}
