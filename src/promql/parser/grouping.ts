import { quote } from '../../base/go-quote.ts'
import { unquote } from '../../model/go-text.ts'
import type { VectorMatching } from './ast.ts'
import { isLabelName } from './token.ts'
import type { TokenStream } from './token-stream.ts'

export interface Grouping {
  readonly without: boolean
  readonly labels: readonly string[]
  /** Where the parenthesis closes, in bytes. */
  readonly end: number
}

/** `by (…)` or `without (…)`; undefined when the next token is neither word. */
export function parseGrouping(tokens: TokenStream): Grouping | undefined {
  const word = tokens.accept('by') ?? tokens.accept('without')
  return word === undefined ? undefined : { ...parseLabelList(tokens), without: word.kind === 'without' }
}

/** `on (…)` or `ignoring (…)`, then perhaps `group_left (…)` or `group_right (…)`, all optional. */
export function parseMatching(tokens: TokenStream): VectorMatching {
  const word = tokens.accept('on') ?? tokens.accept('ignoring')
  if (word === undefined) return { ...UNFILLED, cardinality: 'one-to-one', on: false, labels: [], include: [] }
  const on = word.kind === 'on'
  const { labels } = parseLabelList(tokens)
  const group = tokens.accept('group_left') ?? tokens.accept('group_right')
  if (group === undefined) return { ...UNFILLED, cardinality: 'one-to-one', on, labels, include: [] }
  const include = tokens.peek().kind === '(' ? parseLabelList(tokens).labels : []
  return { ...UNFILLED, cardinality: group.kind === 'group_left' ? 'many-to-one' : 'one-to-many', on, labels, include }
}

const UNFILLED = { fillLeft: undefined, fillRight: undefined }

function parseLabelList(tokens: TokenStream): { labels: readonly string[]; end: number } {
  if (tokens.accept('(') === undefined) throw tokens.unexpected('grouping opts', '"("')
  const labels: string[] = []
  while (tokens.peek().kind !== ')') {
    const token = tokens.peek()
    if (token.kind !== 'string' && !isLabelName(token.kind)) throw tokens.unexpected('grouping opts', 'label')
    tokens.take()
    const label = token.kind === 'string' ? unquote(token.text) : token.text
    if (label === '' || !label.isWellFormed()) throw tokens.error(token, `invalid label name for grouping: ${quote(label)}`)
    labels.push(label)
    if (tokens.accept(',') !== undefined) continue
    if (tokens.peek().kind !== ')') throw tokens.unexpected('grouping opts', '"," or ")"')
  }
  return { labels, end: tokens.take().end }
}
