/** What the numbers of an expression measure, as far as its metric names tell. */
export type Unit = 'none' | 'bytes' | 'bytes/s' | 'seconds'

// Words of the language that stand where a metric name could.
const keywords = new Set(
  'by without on ignoring group_left group_right bool offset and or unless atan2 inf nan start end fill fill_left fill_right'.split(' '),
)

/**
 * Guesses the unit from the names in an expression. Prometheus' naming rules put the base unit last (before `_total`
 * and the histogram suffixes). Guessing wrong is worse than not guessing: products, quotients, several metrics and
 * counts give 'none'.
 * Source: Prometheus documentation, practices/naming.
 */
export function guessUnit(expr: string): Unit {
  const bare = expr
    .replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, '')
    .replace(/#.*$/gm, '')
    .replace(/\{[^}]*\}|\[[^\]]*\]/g, ' ')
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/gi, ' ')
  if (/[*/%^]|[<>]=?\s*bool|\b(count|count_values|count_over_time|absent|changes|resets|timestamp|group|rank)\b\s*\(/i.test(bare))
    return 'none'
  const names = [...bare.matchAll(/[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])/g)].map((match) => match[0]).filter((name) => !isWord(name))
  if (names.length === 0 || names.some((name) => name !== names[0])) return 'none'
  const stem = names[0].replace(/_(total|sum|bucket)$/, '')
  if (names[0].endsWith('_count') || stem.endsWith('_timestamp_seconds')) return 'none'
  const perSecond = /\b(rate|irate|deriv|idelta_per_second)\s*\(/.test(bare)
  if (stem.endsWith('_bytes')) return perSecond ? 'bytes/s' : 'bytes'
  if (!stem.endsWith('_seconds')) return 'none'
  // Seconds per second is a ratio, but a quantile of rated buckets is in seconds again.
  return perSecond && !/\bhistogram_quantiles?\s*\(/.test(bare) ? 'none' : 'seconds'
}

function isWord(name: string): boolean {
  return keywords.has(name.toLowerCase()) || /^(\d|e\d*$)/i.test(name)
}
