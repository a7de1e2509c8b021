import type { PositionRange } from './ast.ts'
import { ParseError } from './parse-error.ts'

/** A place in a query that moves forward, with the start of the token at hand. Characters are code points, positions reported are bytes. */
export class Cursor {
  readonly text: string
  /** Index of the next character, in UTF-16 units. */
  position = 0
  /** Where the token at hand begins. */
  start = 0
  readonly #byteOffsets: Uint32Array | undefined

  constructor(text: string) {
    this.text = text
    this.#byteOffsets = byteOffsets(text)
  }

  /** The next character; undefined at the end. */
  peek(): string | undefined {
    const code = this.text.codePointAt(this.position)
    return code === undefined ? undefined : String.fromCodePoint(code)
  }

  /** Takes one character; undefined at the end. */
  advance(): string | undefined {
    const char = this.peek()
    if (char !== undefined) this.position += char.length
    return char
  }

  /** Takes the next character when it is one of `chars`. */
  accept(chars: string): boolean {
    const char = this.peek()
    if (char === undefined || !chars.includes(char)) return false
    this.position += char.length
    return true
  }

  /** Whether `test` holds for the next character. */
  is(test: (char: string) => boolean): boolean {
    const char = this.peek()
    return char !== undefined && test(char)
  }

  /** What the token at hand has so far. */
  taken(): string {
    return this.text.slice(this.start, this.position)
  }

  /** From where the token at hand begins to `end`, in bytes. */
  range(end = this.position): PositionRange {
    return { start: this.#byteOffset(this.start), end: this.#byteOffset(end) }
  }

  /** A mistake that begins at the token at hand and, as upstream has it, reaches to the end of the query. */
  error(what: string): ParseError {
    return new ParseError(this.text, this.range(this.text.length), what)
  }

  #byteOffset(index: number): number {
    return this.#byteOffsets === undefined ? index : this.#byteOffsets[index]
  }
}

/** Where each UTF-16 unit begins in the UTF-8 form; undefined for ASCII, where both are the same. */
function byteOffsets(text: string): Uint32Array | undefined {
  if (/^[\x00-\x7f]*$/.test(text)) return undefined
  const offsets = new Uint32Array(text.length + 1)
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    offsets[i] = bytes
    const code = text.codePointAt(i)!
    if (code > 0xffff) offsets[++i] = bytes
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  offsets[text.length] = bytes
  return offsets
}

export function isSpace(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\n' || char === '\r'
}

export function isDigit(char: string): boolean {
  return char >= '0' && char <= '9' && char.length === 1
}

export function isAlpha(char: string): boolean {
  return char.length === 1 && ((char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z') || char === '_')
}

export function isAlphaNumeric(char: string): boolean {
  return isAlpha(char) || isDigit(char)
}
