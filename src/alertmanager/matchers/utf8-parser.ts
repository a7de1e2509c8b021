import { CodedError, errorMessage } from '../../base/errors.ts'
import type { MatchOperator } from '../../model/matcher.ts'
import { unquoteGo } from '../../template/quote.ts'
import { LabelMatcher } from '../label-matcher.ts'
import { type Token, type TokenKind, Utf8Lexer } from './utf8-lexer.ts'

// Matchers whose label names are any text. Source of the grammar and the errors: Alertmanager matcher/parse/parse.go.

const END = 'end of input'
const OPERATORS: readonly TokenKind[] = ['=', '!=', '=~', '!~']

/** `{a="b", "c d"=~e}`, with both braces or with none. Throws `bad_data`. */
export function parseUtf8Matchers(text: string): readonly LabelMatcher[] {
  const lexer = new Utf8Lexer(text)
  const matchers: LabelMatcher[] = []
  const isBraced = lexer.peek().kind === '{'
  if (isBraced) lexer.next()
  let kind = lexer.peek().kind
  if (kind === 'end' && !isBraced) return matchers
  while (kind !== '}' && kind !== 'end') {
    matchers.push(parseMatcher(lexer))
    kind = peekOf(lexer, 'expected a comma or close brace', [',', '}', 'end']).kind
    if (kind !== ',') break
    lexer.next()
    kind = peekOf(lexer, 'expected a matcher or close brace after comma', ['}', 'unquoted', 'quoted', 'end']).kind
  }
  closeBrace(lexer, isBraced)
  const rest = chained('expected end of input', () => lexer.next())
  if (rest.kind !== 'end') throw new CodedError('bad_data', `${rest.start}:${rest.end}: ${rest.text}: expected end of input`)
  return matchers
}

/** One of them. Throws `bad_data`. */
export function parseUtf8Matcher(text: string): LabelMatcher {
  const matchers = parseUtf8Matchers(text)
  if (matchers.length === 0) throw new CodedError('bad_data', 'no matchers')
  if (matchers.length > 1) throw new CodedError('bad_data', `expected 1 matcher, found ${matchers.length}`)
  return matchers[0]
}

function parseMatcher(lexer: Utf8Lexer): LabelMatcher {
  const name = unquote(nextOf(lexer, 'expected label name', ['quoted', 'unquoted']))
  const operator = nextOf(lexer, "expected an operator such as '=', '!=', '=~' or '!~'", OPERATORS).kind as MatchOperator
  const value = unquote(nextOf(lexer, 'expected label value', ['unquoted', 'quoted']))
  try {
    return new LabelMatcher(operator, name, value)
  } catch (cause) {
    throw new CodedError('bad_data', `failed to create matcher: ${errorMessage(cause)}`, { cause })
  }
}

function closeBrace(lexer: Utf8Lexer, isBraced: boolean): void {
  const isClose = lexer.peek().kind === '}'
  if (isClose) lexer.next()
  if (isBraced && !isClose) throw new CodedError('bad_data', `0:${lexer.position}: ${END}: expected close brace`)
  if (!isBraced && isClose) throw new CodedError('bad_data', `0:${lexer.position}: }: expected opening brace`)
}

function unquote(token: Token): string {
  if (token.kind !== 'quoted') return token.text
  const text = unquoteGo(token.text)
  // A byte that is no part of a character.
  if (text === null || !text.isWellFormed()) throw new CodedError('bad_data', `${token.start}:${token.end}: ${token.text}: invalid input`)
  return text
}

function nextOf(lexer: Utf8Lexer, expected: string, kinds: readonly TokenKind[]): Token {
  const token = peekOf(lexer, expected, kinds)
  lexer.next()
  return token
}

function peekOf(lexer: Utf8Lexer, expected: string, kinds: readonly TokenKind[]): Token {
  const token = chained(expected, () => lexer.peek())
  if (kinds.includes(token.kind)) return token
  const found = token.kind === 'end' ? END : `${token.start}:${token.end}: unexpected ${token.text}`
  throw new CodedError('bad_data', `${found}: ${expected}`)
}

function chained(expected: string, scan: () => Token): Token {
  try {
    return scan()
  } catch (cause) {
    throw new CodedError('bad_data', `${errorMessage(cause)}: ${expected}`, { cause })
  }
}
