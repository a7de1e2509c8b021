const PREFIX = 'U__'

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
