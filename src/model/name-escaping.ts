// Names outside of the old alphabet for readers that know no other, and back.
// Source: prometheus/common model/metric.go, EscapeName and UnescapeName.

import { isLegacyMetricName } from './labels.ts'

/** How such names are written: as they are, or in one of three ways that fit the old alphabet. */
export const ESCAPING_SCHEMES = ['allow-utf-8', 'underscores', 'dots', 'values'] as const
export type EscapingScheme = (typeof ESCAPING_SCHEMES)[number]

const PREFIX = 'U__'

/** A metric's or label's name in a scheme. Names of the old alphabet stay what they are. */
export function escapeName(name: string, scheme: EscapingScheme): string {
  if (scheme === 'allow-utf-8' || name === '' || isLegacyMetricName(name)) return name
  switch (scheme) {
    case 'underscores':
      return eachRune(name, (rune, isLegacy) => (isLegacy ? rune : '_'))
    case 'dots':
      return eachRune(name, (rune, isLegacy) => (rune === '_' ? '__' : rune === '.' ? '_dot_' : isLegacy ? rune : '__'))
    case 'values':
      return PREFIX + eachRune(name, (rune, isLegacy) => (rune === '_' ? '__' : isLegacy ? rune : `_${runeText(rune)}_`))
  }
}

function eachRune(name: string, written: (rune: string, isLegacy: boolean) => string): string {
  let out = ''
  for (const rune of name) out += written(rune, /^[a-zA-Z_:]$/.test(rune) || (out !== '' && /^[0-9]$/.test(rune)))
  return out
}

function runeText(rune: string): string {
  const code = rune.codePointAt(0)!
  return code >= 0xd800 && code <= 0xdfff ? 'FFFD' : code.toString(16)
}

/**
 * A name that was escaped to fit the old alphabet: `U__a_2e_b` is `a.b`, `__` is `_`. What is not escaped by these
 * rules is the name as it stands. Source: prometheus/common model/metric.go, UnescapeName with value encoding.
 */
export function unescapeName(name: string): string {
  if (!name.startsWith(PREFIX)) return name
  const escaped = name.slice(PREFIX.length)
  let out = ''
  for (let i = 0; i < escaped.length; i++) {
    if (escaped[i] !== '_') {
      out += escaped[i]
      continue
    }
    if (escaped[i + 1] === '_') {
      out += '_'
      i++
      continue
    }
    const close = escaped.indexOf('_', i + 1)
    const digits = close < 0 ? '' : escaped.slice(i + 1, close)
    if (!/^[0-9a-fA-F]{1,6}$/.test(digits)) return name
    const code = Number.parseInt(digits, 16)
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return name
    out += String.fromCodePoint(code)
    i = close
  }
  return out
}
