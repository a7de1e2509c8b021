import type { Matcher } from '../../model/matcher.ts'
import type { Expr } from './ast.ts'
import { Checker } from './check.ts'
import { ExpressionParser } from './expression-parser.ts'
import { parseSelector } from './selector.ts'
import { TokenStream } from './token-stream.ts'

export interface ParseOptions {
  /** Flags of upstream that are on, as `--enable-feature` names them: what stands behind others is refused. Default: none. */
  readonly features?: ReadonlySet<string>
}

const NO_FEATURES: ReadonlySet<string> = new Set()

/**
 * A PromQL expression, type-checked. Throws a ParseError (`bad_data`) with upstream's text and position; a FeatureError
 * where the expression needs a feature that is not enabled. Nests at most `EXPRESSION_DEPTH_MAX` levels.
 */
export function parseExpr(text: string, options: ParseOptions = {}): Expr {
  const tokens = new TokenStream(text)
  if (tokens.peek().kind === 'eof') throw tokens.error({ start: 0, end: 0 }, 'no expression found in input')
  const expr = new ExpressionParser(tokens, options.features ?? NO_FEATURES).parse()
  if (tokens.peek().kind !== 'eof') throw tokens.unexpected('', '')
  new Checker(text).check(expr)
  return expr
}

/**
 * The matchers of a series selector, as `match[]` takes it; that of a name before the braces comes last. Throws as `parseExpr`.
 * As upstream, a selector that matches everything is not refused here.
 */
export function parseMetricSelector(text: string): readonly Matcher[] {
  const tokens = new TokenStream(text)
  const selector = parseSelector(tokens)
  if (selector === undefined || tokens.peek().kind !== 'eof') throw tokens.unexpected('', '')
  return selector.matchers
}
