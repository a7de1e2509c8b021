import { quote } from '../../base/go-quote.ts'

// biome-ignore format: a table
export const BINARY_OPERATORS = ['+', '-', '*', '/', '%', '^', '==', '!=', '<', '>', '<=', '>=', '</', '>/', 'and', 'or', 'unless', 'atan2'] as const
const OPERATORS = [...BINARY_OPERATORS, '=~', '!~', '@'] as const
// biome-ignore format: a table
export const AGGREGATORS = ['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar', 'topk', 'bottomk', 'count_values', 'quantile', 'limitk', 'limit_ratio'] as const
// biome-ignore format: a table
const KEYWORDS = ['offset', 'smoothed', 'anchored', 'by', 'without', 'on', 'ignoring', 'group_left', 'group_right', 'fill', 'fill_left', 'fill_right', 'bool'] as const
const PREPROCESSORS = ['start', 'end', 'step', 'range', 'min_of', 'max_of'] as const

/** What a token is: its own text for punctuation, operators and keywords, a word for the rest. */
export type TokenKind =
  | 'eof'
  | 'identifier'
  | 'metric identifier'
  | 'string'
  | 'number'
  | 'duration'
  | '('
  | ')'
  | '{'
  | '}'
  | '['
  | ']'
  | ','
  | ':'
  | '='
  | (typeof OPERATORS)[number]
  | (typeof AGGREGATORS)[number]
  | (typeof KEYWORDS)[number]
  | (typeof PREPROCESSORS)[number]

/** One token. Positions are bytes of UTF-8, `start` inclusive, `end` exclusive; `text` is as written. */
export interface Token {
  readonly kind: TokenKind
  readonly start: number
  readonly end: number
  readonly text: string
}

const operators: ReadonlySet<TokenKind> = new Set(OPERATORS)
const aggregators: ReadonlySet<TokenKind> = new Set(AGGREGATORS)
const keywords: ReadonlySet<TokenKind> = new Set(KEYWORDS)
const preprocessors: ReadonlySet<TokenKind> = new Set(PREPROCESSORS)

const WORDS: ReadonlyMap<string, TokenKind> = new Map<string, TokenKind>([
  ...[...OPERATORS.filter((text) => /^[a-z]/.test(text)), ...AGGREGATORS, ...KEYWORDS, ...PREPROCESSORS].map(
    (text) => [text, text] as const,
  ),
  ['inf', 'number'],
  ['nan', 'number'],
])

/** The kind of a word outside braces, whatever its case; undefined when it is a plain identifier. */
export function keywordKind(word: string): TokenKind | undefined {
  return WORDS.get(word.toLowerCase())
}

export function isAggregator(kind: TokenKind): boolean {
  return aggregators.has(kind)
}

/** Words that may also name a metric. Source: Prometheus generated_parser.y, metric_identifier. */
export function isMetricName(kind: TokenKind): boolean {
  if (kind === 'identifier' || kind === 'metric identifier' || aggregators.has(kind) || preprocessors.has(kind)) return true
  return METRIC_WORDS.has(kind)
}
const METRIC_WORDS: ReadonlySet<TokenKind> = new Set(['and', 'or', 'unless', 'by', 'without', 'offset', 'anchored', 'smoothed'])

/** Words that may also name a label in `by (…)` and its like. `without` may not. Source: the same, maybe_label. */
export function isLabelName(kind: TokenKind): boolean {
  if (kind === 'identifier' || kind === 'metric identifier' || aggregators.has(kind) || preprocessors.has(kind)) return true
  if (kind === 'without') return false
  return keywords.has(kind) || kind === 'and' || kind === 'or' || kind === 'unless' || kind === 'atan2'
}

/** A token as upstream names it in `unexpected …`. Source: Prometheus promql/parser/lex.go, Item.desc and Item.String. */
export function describeToken({ kind, text }: Token): string {
  if (kind === 'eof') return 'end of input'
  if (kind === 'identifier' || kind === 'metric identifier') return `${kind} ${quote(text)}`
  if (keywords.has(kind)) return `<${text}>`
  if (operators.has(kind)) return `<op:${text}>`
  if (aggregators.has(kind)) return `<aggr:${text}>`
  const quoted = shorten(text)
  return kind === 'string' || kind === 'number' || kind === 'duration' ? `${kind} ${quoted}` : quoted
}

/** Go's `%.10q...` for what is longer than ten bytes. */
function shorten(text: string): string {
  if (Buffer.byteLength(text) <= 10) return quote(text)
  return `${quote([...text].slice(0, 10).join(''))}...`
}
