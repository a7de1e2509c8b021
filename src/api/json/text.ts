// JSON text the way upstream's encoder writes it: the same bytes, so that recorded answers compare.
// Source: json-iterator's WriteString and WriteStringWithHTMLEscaped, as Prometheus web/api/v1 uses them.

const PLAIN = /^[ !#-[\]-~]*$/

/** A string as JSON: labels of samples. */
export function jsonString(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text.toWellFormed())
}

/** Any value as JSON that is also safe inside HTML: everything but labels of samples. */
export function jsonText(value: unknown): string {
  return escapeHtml(JSON.stringify(value))
}

const OF_HTML = ['<', '>', '&', '\u2028', '\u2029']

function escapeHtml(json: string): string {
  // Looking for one character is a tenth of the work of looking for any of several.
  if (!OF_HTML.some((char) => json.includes(char))) return json
  return json.replace(/[<>&\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** `{"name":"value",…}` of a label set, given flat. */
export function jsonLabels(pairs: readonly string[]): string {
  if (pairs.length === 0) return '{}'
  let out = '{'
  for (let i = 0; i < pairs.length; i += 2) {
    if (i > 0) out += ','
    out += `${jsonString(pairs[i])}:${jsonString(pairs[i + 1])}`
  }
  return `${out}}`
}
