/** Every line after the first with `prefix` before it. */
export function indent(text: string, prefix: string): string {
  return text.replaceAll('\n', `\n${prefix}`)
}

/** Go's strconv.FormatFloat(value, 'E', -1, 64): 1E+00. */
export function formatExponent(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return value
    .toExponential()
    .toUpperCase()
    .replace(/E([+-])(\d)$/, 'E$10$2')
}
