// Text of mail as it travels. Source: Go mime/quotedprintable, mime/encodedword.go; RFC 2045, section 6.7; RFC 2047.

const LINE_MAX = 76

/** What is made is handed over in pieces of this size. */
const PIECE_BYTES = 64 * 1024
/** A line, its end and what a line before it may leave: a piece with less than this to go is full. */
const LINE_ROOM = 2 * LINE_MAX
const HEX = Buffer.from('0123456789ABCDEF')
const [TAB, LF, CR, SPACE, EQUALS] = [0x09, 0x0a, 0x0d, 0x20, 0x3d]

/** Lines end with CRLF; one that is too long is broken softly. A mail of thousands of alerts has megabytes: byte by byte, in pieces that are used again. */
export function quotedPrintable(text: string): string {
  const out: string[] = []
  const piece = Buffer.allocUnsafe(PIECE_BYTES)
  let at = 0
  let lineStart = 0
  let afterReturn = false
  const endLine = () => {
    piece[at++] = CR
    piece[at++] = LF
    if (at > PIECE_BYTES - LINE_ROOM) {
      out.push(piece.toString('latin1', 0, at))
      at = 0
    }
    lineStart = at
  }
  const soft = () => {
    piece[at++] = EQUALS
    endLine()
  }
  const encode = (byte: number) => {
    if (LINE_MAX - 1 - (at - lineStart) < 3) soft()
    piece[at++] = EQUALS
    piece[at++] = HEX[byte >> 4]!
    piece[at++] = HEX[byte & 15]!
  }
  // A space at the end of a line would be lost.
  const protectLast = () => {
    const last = at > lineStart ? piece[at - 1] : undefined
    if (last !== SPACE && last !== TAB) return
    at--
    encode(last)
  }
  for (const byte of Buffer.from(text)) {
    if (byte === LF || byte === CR) {
      const isSecond = afterReturn && byte === LF
      afterReturn = byte === CR
      if (isSecond) continue
      protectLast()
      endLine()
      continue
    }
    afterReturn = false
    const isPlain = (byte > SPACE && byte <= 0x7e && byte !== EQUALS) || byte === SPACE || byte === TAB
    if (!isPlain) encode(byte)
    else {
      if (at - lineStart === LINE_MAX - 1) soft()
      piece[at++] = byte
    }
  }
  protectLast()
  out.push(piece.toString('latin1', 0, at))
  return out.join('')
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
