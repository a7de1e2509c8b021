// Text of a Go template → tokens. Source: Go text/template, "Text and spaces", "Actions"; its lexer's error texts are matched.
// 1. Positions are offsets into the JavaScript string; the caller turns them into Go's byte columns when an error is written.
// 2. Spaces between tokens of an action are tokens: `.a .b` are two operands, `.a.b` is one.

export type TokenKind =
  | 'text'
  | 'open'
  | 'close'
  | 'space'
  | 'identifier'
  | 'keyword'
  | 'field'
  | 'variable'
  | 'dot'
  | 'bool'
  | 'nil'
  | 'number'
  | 'char'
  | 'string'
  | 'rawString'
  | 'pipe'
  | 'declare'
  | 'assign'
  | 'leftParen'
  | 'rightParen'
  | 'comma'
  | 'other'
  | 'end'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  readonly offset: number
}

/** What the lexer found wrong, at an offset of the text. */
export class LexError extends Error {
  readonly offset: number
  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

const KEYWORDS = new Set(['block', 'break', 'continue', 'define', 'else', 'end', 'if', 'range', 'template', 'with'])

const SPACE = /[ \t\r\n]/
const ALPHANUMERIC = /[_\p{L}\p{Nd}]/u
const WORD = /[_\p{L}\p{Nd}]+/uy
// Wider than a number is, so that `1k` is a bad number and not the number 1 and a word.
const NUMBER =
  /[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*|0[bB][01_]*|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?/y

/** All tokens of a template, the last of kind `end`. Throws a LexError. */
export function lexTemplate(text: string): Token[] {
  const tokens: Token[] = []
  let offset = 0
  let trimStart = false
  for (;;) {
    const open = text.indexOf('{{', offset)
    const end = open < 0 ? text.length : open
    const trimEnd = open >= 0 && text[open + 2] === '-' && SPACE.test(text[open + 3] ?? '')
    pushText(tokens, text, offset, end, trimStart, trimEnd)
    if (open < 0) {
      tokens.push({ kind: 'end', text: '', offset: text.length })
      return tokens
    }
    const inside = open + 2 + (trimEnd ? 2 : 0)
    if (text.startsWith('/*', inside)) {
      const close = closeOfComment(text, inside)
      offset = close.offset
      trimStart = close.trim
      continue
    }
    tokens.push({ kind: 'open', text: '{{', offset: open })
    const close = lexAction(tokens, text, inside)
    offset = close.offset
    trimStart = close.trim
  }
}

interface Close {
  /** Where the text after the action begins. */
  readonly offset: number
  readonly trim: boolean
}

function pushText(tokens: Token[], text: string, from: number, to: number, trimStart: boolean, trimEnd: boolean): void {
  let start = from
  let end = to
  if (trimStart) while (start < end && SPACE.test(text[start] as string)) start++
  if (trimEnd) while (end > start && SPACE.test(text[end - 1] as string)) end--
  if (end > start) tokens.push({ kind: 'text', text: text.slice(start, end), offset: start })
}

function closeOfComment(text: string, inside: number): Close {
  const end = text.indexOf('*/', inside + 2)
  if (end < 0) throw new LexError('unclosed comment', inside)
  const close = closeAt(text, end + 2)
  if (close === undefined) throw new LexError('comment ends before closing delimiter', inside)
  return close
}

/** The `}}` or ` -}}` at an offset. */
function closeAt(text: string, offset: number): Close | undefined {
  if (SPACE.test(text[offset] ?? '') && text.startsWith('-}}', offset + 1)) return { offset: offset + 4, trim: true }
  if (text.startsWith('}}', offset)) return { offset: offset + 2, trim: false }
  return undefined
}

/** The tokens of one action and its end. */
function lexAction(tokens: Token[], text: string, inside: number): Close {
  let offset = inside
  let depth = 0
  const push = (kind: TokenKind, end: number): void => {
    tokens.push({ kind, text: text.slice(offset, end), offset })
    offset = end
  }
  for (;;) {
    const close = closeAt(text, offset)
    if (close !== undefined) {
      if (depth > 0) throw new LexError('unclosed left paren', offset)
      tokens.push({ kind: 'close', text: '}}', offset })
      return close
    }
    const char = text[offset]
    if (char === undefined) throw new LexError('unclosed action', offset)
    if (SPACE.test(char)) push('space', endOfSpace(text, offset))
    else if (char === '=') push('assign', offset + 1)
    else if (char === ':') {
      if (text[offset + 1] !== '=') throw new LexError('expected :=', offset)
      push('declare', offset + 2)
    } else if (char === '|') push('pipe', offset + 1)
    else if (char === '"') push('string', endOfQuoted(text, offset, '"', 'unterminated quoted string'))
    else if (char === '`') {
      const end = text.indexOf('`', offset + 1)
      if (end < 0) throw new LexError('unterminated raw quoted string', offset)
      push('rawString', end + 1)
    } else if (char === '$') push('variable', endOfWord(text, offset + 1))
    else if (char === "'") push('char', endOfQuoted(text, offset, "'", 'unterminated character constant'))
    else if (char === '.' && !/[0-9]/.test(text[offset + 1] ?? '')) {
      const end = endOfWord(text, offset + 1)
      push(end === offset + 1 ? 'dot' : 'field', end)
    } else if (/[-+0-9.]/.test(char)) push('number', endOfNumber(text, offset))
    else if (ALPHANUMERIC.test(characterAt(text, offset))) {
      const end = endOfWord(text, offset)
      push(kindOfWord(text.slice(offset, end)), end)
    } else if (char === '(') {
      depth++
      push('leftParen', offset + 1)
    } else if (char === ')') {
      depth--
      if (depth < 0) throw new LexError('unexpected right paren', offset)
      push('rightParen', offset + 1)
    } else if (char === ',') push('comma', offset + 1)
    else if (char >= ' ' && char <= '~') push('other', offset + 1)
    else throw new LexError(`unrecognized character in action: ${codePoint(text, offset)}`, offset)
  }
}

function kindOfWord(word: string): TokenKind {
  if (KEYWORDS.has(word)) return 'keyword'
  if (word === 'true' || word === 'false') return 'bool'
  return word === 'nil' ? 'nil' : 'identifier'
}

/** The space before ` -}}` belongs to the delimiter. */
function endOfSpace(text: string, offset: number): number {
  let end = offset
  while (SPACE.test(text[end] ?? '') && !(end > offset && text.startsWith('-}}', end + 1))) end++
  return end
}

function endOfQuoted(text: string, offset: number, quote: string, unterminated: string): number {
  for (let end = offset + 1; end < text.length; end++) {
    const char = text[end]
    if (char === '\\' && text[end + 1] !== undefined && text[end + 1] !== '\n') end++
    else if (char === '\n' || char === '\\') break
    else if (char === quote) return end + 1
  }
  throw new LexError(unterminated, offset)
}

function endOfWord(text: string, offset: number): number {
  WORD.lastIndex = offset
  const end = WORD.test(text) ? WORD.lastIndex : offset
  const next = characterAt(text, end)
  if (next !== '' && !/[\s.,|:()=}]/.test(next)) throw new LexError(`bad character ${codePoint(text, end)}`, offset)
  return end
}

function endOfNumber(text: string, offset: number): number {
  NUMBER.lastIndex = offset
  NUMBER.test(text)
  const end = NUMBER.lastIndex
  if (ALPHANUMERIC.test(characterAt(text, end))) {
    throw new LexError(`bad number syntax: ${JSON.stringify(text.slice(offset, end + characterAt(text, end).length))}`, offset)
  }
  return end
}

function characterAt(text: string, offset: number): string {
  const point = text.codePointAt(offset)
  return point === undefined ? '' : String.fromCodePoint(point)
}

/** As Go prints a rune with %#U: U+0021 '!'. */
function codePoint(text: string, offset: number): string {
  const character = characterAt(text, offset)
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return /\p{C}/u.test(character) ? `U+${hex}` : `U+${hex} '${character}'`
}
