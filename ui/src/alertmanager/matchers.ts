import type { MatcherJson } from '../../../src/api/types/alertmanager.ts'

// The language of upstream's matchers, as far as one types it: `{a="b", "c d"!~'e'}`. The server has the last word, so what is sent is always quoted.
// Source: Alertmanager documentation, "Alertmanager matchers".

export const OPERATORS = ['=', '!=', '=~', '!~'] as const

export interface Matcher {
  readonly name: string
  readonly operator: (typeof OPERATORS)[number]
  readonly value: string
}

const QUOTED = String.raw`"(?:[^"\\]|\\[\s\S])*"`
const MATCHER = new RegExp(String.raw`\s*(${QUOTED}|[^\s{}!=~,"\\]+)\s*(=~|!~|!=|=)\s*(${QUOTED}|[^{},"]*?)\s*(?=,|\}|$)`, 'y')

/** The matchers of a text, braces as one likes. Throws an Error that says where it stops to be one. */
export function parseMatchers(text: string): readonly Matcher[] {
  const opened = /^\s*\{/.exec(text)
  let position = opened?.[0].length ?? 0
  const matchers: Matcher[] = []
  const rest = () => text.slice(position).trim()
  while (rest() !== '' && rest() !== '}') {
    MATCHER.lastIndex = position
    const found = MATCHER.exec(text)
    if (found === null) throw new Error(`found ${quote(rest())}, want a matcher such as severity="page" or instance=~"web-.+"`)
    matchers.push({ name: unquote(found[1]), operator: found[2] as Matcher['operator'], value: unquote(found[3]) })
    position = MATCHER.lastIndex
    if (text[position] === ',') position++
  }
  if ((rest() === '}') !== (opened !== null)) throw new Error(opened === null ? 'found }, but no { before it' : 'the closing } is missing')
  return matchers
}

/** What one types in a field: as above, a word alone is the name of an alert. */
export function parseTyped(text: string): readonly Matcher[] {
  return /^\s*[\w:.-]+\s*$/.test(text) ? [{ name: 'alertname', operator: '=', value: text.trim() }] : parseMatchers(text)
}

export function formatMatcher({ name, operator, value }: Matcher): string {
  return `${/^[a-zA-Z_:][\w:]*$/.test(name) ? name : quote(name)}${operator}${quote(value)}`
}

/** As it stands in addresses; empty when there are none. */
export function formatMatchers(matchers: readonly Matcher[]): string {
  return matchers.length === 0 ? '' : `{${matchers.map(formatMatcher).join(', ')}}`
}

/** Those that labels equal. */
export function matchersOfLabels(labels: Readonly<Record<string, string>>): readonly Matcher[] {
  return Object.entries(labels).map(([name, value]) => ({ name, operator: '=', value }))
}

/** With one more, unless it is there. */
export function withMatcher(matchers: readonly Matcher[], added: Matcher): readonly Matcher[] {
  return matchers.some((matcher) => formatMatcher(matcher) === formatMatcher(added)) ? matchers : [...matchers, added]
}

export function matcherOfJson({ name, value, isEqual, isRegex }: MatcherJson): Matcher {
  return { name, operator: isRegex ? (isEqual ? '=~' : '!~') : isEqual ? '=' : '!=', value }
}

export function matcherJson({ name, operator, value }: Matcher): MatcherJson {
  return { name, value, isEqual: operator === '=' || operator === '=~', isRegex: operator === '=~' || operator === '!~' }
}

function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`
}

/** `\n`, `\"` and `\\`; any other backslash is itself, as in regular expressions. */
function unquote(raw: string): string {
  if (!raw.startsWith('"')) return raw
  return raw.slice(1, -1).replace(/\\(["\\n])/g, (_, char: string) => (char === 'n' ? '\n' : char))
}
