/** Every character that is none of a label name becomes an underscore. Source: Prometheus util/strutil, SanitizeLabelName. */
export function labelName(text: string): string {
  return text.replace(/[^a-zA-Z0-9_]/gu, '_')
}
