import { CodedError } from '../../base/errors.ts'
import { unquote } from '../../model/go-text.ts'
import { METRIC_NAME } from '../../model/labels.ts'
import type { MatchOperator } from '../../model/matcher.ts'
import { Matcher } from '../../model/matcher.ts'
import type { VectorSelector } from './ast.ts'
import type { Token, TokenKind } from './token.ts'
import { isMetricName } from './token.ts'
import type { TokenStream } from './token-stream.ts'

const MATCH_OPERATORS: ReadonlySet<TokenKind> = new Set(['=', '!=', '=~', '!~'])

/** A selector without modifiers: `name`, `name{…}` or `{…}`; undefined when the next token begins none. */
export function parseSelector(tokens: TokenStream): VectorSelector | undefined {
  const first = tokens.peek()
  if (first.kind === '{') return bracesSelector(tokens, undefined)
  if (!isMetricName(first.kind)) return undefined
  return selectorOfName(tokens, tokens.take())
}

/** The same, behind a name that has been taken. */
export function selectorOfName(tokens: TokenStream, name: Token): VectorSelector {
  if (tokens.peek().kind === '{') return bracesSelector(tokens, name)
  return selector(name.text, [], name.start, name.end)
}

function bracesSelector(tokens: TokenStream, name: Token | undefined): VectorSelector {
  const open = tokens.take()
  const matchers: Matcher[] = []
  while (tokens.peek().kind !== '}') {
    matchers.push(parseMatcher(tokens))
    if (tokens.accept(',') !== undefined) continue
    if (tokens.peek().kind !== '}') throw tokens.unexpected('label matching', '"," or "}"')
  }
  const close = tokens.take()
  return selector(name?.text ?? '', matchers, (name ?? open).start, close.end)
}

function selector(name: string, matchers: Matcher[], start: number, end: number): VectorSelector {
  if (name !== '') matchers.push(new Matcher('=', METRIC_NAME, name))
  return { kind: 'vectorSelector', name, matchers, offsetMs: 0, at: undefined, range: { start, end } }
}

function parseMatcher(tokens: TokenStream): Matcher {
  const label = tokens.peek()
  if (label.kind !== 'identifier' && label.kind !== 'string') throw tokens.unexpected('label matching', 'identifier or "}"')
  tokens.take()
  const labelName = label.kind === 'string' ? unquote(label.text) : label.text
  if (!MATCH_OPERATORS.has(tokens.peek().kind)) {
    if (label.kind === 'string') return new Matcher('=', METRIC_NAME, labelName)
    throw tokens.unexpected('label matching', 'label matching operator')
  }
  const operator = tokens.take().kind as MatchOperator
  if (tokens.peek().kind !== 'string') throw tokens.unexpected('label matching', 'string')
  const value = tokens.take()
  try {
    return new Matcher(operator, labelName, unquote(value.text))
  } catch (cause) {
    if (!(cause instanceof CodedError)) throw cause
    throw tokens.error({ start: label.start, end: value.end }, cause.message, { cause })
  }
}
