import { CodedError, errorMessage } from '../../base/errors.ts'
import { isLegacyLabelName } from '../../model/labels.ts'
import type { LabelMatcher } from '../label-matcher.ts'
import { parseClassicMatcher, parseClassicMatchers } from './classic-parser.ts'
import type { MatcherMode } from './matcher-mode.ts'
import { parseUtf8Matcher, parseUtf8Matchers } from './utf8-parser.ts'

// Two languages for one thing: that of old, and that in which label names are any text. By default both read, the new one is followed where
// they agree, and the old one where only it can read, or both can and differ. Source: Alertmanager matcher/compat/parse.go.

/** Hears of a text that should be written differently. */
export type WarnOfMatchers = (message: string) => void

/** The matchers of a text such as `{a="b",c!~"d"}`; braces may be left out. Throws `bad_data` with upstream's texts. */
export function parseMatchers(text: string, mode: MatcherMode, warn: WarnOfMatchers): readonly LabelMatcher[] {
  if (mode === 'classic') return parseClassicMatchers(text)
  if (mode === 'utf8-strict') return parseUtf8Matchers(text)
  return withFallback(
    text,
    { classic: () => parseClassicMatchers(text), utf8: () => parseUtf8Matchers(text), show: (matchers) => matchers.join(',') },
    warn,
  )
}

/** One matcher, without braces. Throws `bad_data` with upstream's texts. */
export function parseMatcher(text: string, mode: MatcherMode, warn: WarnOfMatchers): LabelMatcher {
  if (mode === 'classic') return parseClassicMatcher(text)
  if (text.startsWith('{') || text.endsWith('}')) throw new CodedError('bad_data', `unexpected open or close brace: ${text}`)
  if (mode === 'utf8-strict') return parseUtf8Matcher(text)
  return withFallback(text, { classic: () => parseClassicMatcher(text), utf8: () => parseUtf8Matcher(text), show: String }, warn)
}

/** Whether a text may name a label, where one groups by it or compares it. */
export function isLabelNameIn(mode: MatcherMode, name: string): boolean {
  return mode === 'classic' ? isLegacyLabelName(name) : name !== '' && name.isWellFormed()
}

interface Readings<T> {
  classic(): T
  utf8(): T
  show(value: T): string
}

function withFallback<T>(text: string, { classic, utf8, show }: Readings<T>, warn: WarnOfMatchers): T {
  const old = attempt(classic)
  const current = attempt(utf8)
  if ('error' in current) {
    if ('error' in old) throw old.error
    warn(
      `${JSON.stringify(text)} cannot be read as a matcher of today (${errorMessage(current.error)}) and is read as one of old; write ${show(old.value)}`,
    )
    return old.value
  }
  if ('error' in old || show(old.value) === show(current.value)) return current.value
  warn(
    `${JSON.stringify(text)} means ${show(old.value)} as a matcher of old, which is what counts, and ${show(current.value)} as one of today`,
  )
  return old.value
}

function attempt<T>(read: () => T): { readonly value: T } | { readonly error: unknown } {
  try {
    return { value: read() }
  } catch (error) {
    return { error }
  }
}
