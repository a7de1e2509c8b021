import { CodedError } from '../../base/errors.ts'
import type { MatchOperator } from '../../model/matcher.ts'
import { LabelMatcher } from '../label-matcher.ts'

// Matchers as Alertmanager read them before label names could be any text. Source: Alertmanager pkg/labels/parse.go.

const SPACE = String.raw`[\t\n\f\r ]*`
const MATCHER = new RegExp(`^${SPACE}([a-zA-Z_:][a-zA-Z0-9_:]*)${SPACE}(=~|=|!=|!~)${SPACE}(.*?)${SPACE}$`, 's')

/** `{a="b", c=~d}`, braces and quotes as one likes. Throws `bad_data`. */
export function parseClassicMatchers(text: string): readonly LabelMatcher[] {
  return splitMatchers(text.replace(/^\{/, '').replace(/\}$/, '')).map(parseClassicMatcher)
}

/** At commas outside of double quotes. */
function splitMatchers(text: string): readonly string[] {
  const parts: string[] = []
  let part = ''
  let isQuoted = false
  let isEscaped = false
  for (const char of text) {
    if (char === ',' && !isQuoted) {
      parts.push(part)
      part = ''
      continue
    }
    if (char === '"' && !isEscaped) isQuoted = !isQuoted
    // A comma inside of quotes leaves it as it is.
    if (char !== ',') isEscaped = char === '\\' && !isEscaped
    part += char
  }
  const last = part.trim()
  return last === '' ? parts : [...parts, last]
}

/** One of them. Throws `bad_data`. */
export function parseClassicMatcher(text: string): LabelMatcher {
  const found = MATCHER.exec(text)
  if (found === null) throw new CodedError('bad_data', `bad matcher format: ${text}`)
  const [, name, operator, value] = found
  return new LabelMatcher(operator as MatchOperator, name, unescapeValue(value))
}

/** `\n`, `\"` and `\\`; any other backslash is itself. */
function unescapeValue(raw: string): string {
  const isQuoted = raw.startsWith('"')
  const body = isQuoted ? raw.slice(1) : raw
  let hasEnd = !isQuoted
  let value = ''
  for (let i = 0; i < body.length; i++) {
    const char = body[i]
    const isLast = i === body.length - 1
    if (char === '\\' && !isLast) {
      const escaped = body[++i]
      if (escaped === 'n') value += '\n'
      else value += escaped === '"' || escaped === '\\' ? escaped : `\\${escaped}`
    } else if (char === '"') {
      if (!isQuoted || !isLast) throw unescapedQuote(raw)
      hasEnd = true
    } else value += char
  }
  if (!hasEnd) throw unescapedQuote(raw)
  return value
}

function unescapedQuote(raw: string): CodedError {
  return new CodedError('bad_data', `matcher value contains unescaped double quote: ${raw}`)
}
