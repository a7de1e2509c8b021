/** A replacement text with references to groups, parsed. Literal pieces and references alternate in `parts`. */
export interface RegexTemplate {
  readonly source: string
  readonly parts: readonly (string | { readonly group: number | string })[]
  /** The text itself when it refers to no group. */
  readonly literal: string | undefined
}

const cache = new Map<string, RegexTemplate>()
const CACHE_SIZE_MAX = 512

/**
 * `$1`, `${1}`, `$name`, `${name}` refer to groups, `$$` is a dollar sign, any other `$` stands for itself. The name
 * without braces is as long as possible: `$1x` is `${1x}`. Source: Go regexp, Expand.
 */
export function parseRegexTemplate(source: string): RegexTemplate {
  const known = cache.get(source)
  if (known !== undefined) return known
  const parts: (string | { group: number | string })[] = []
  let text = ''
  let position = 0
  for (;;) {
    const dollar = source.indexOf('$', position)
    if (dollar < 0) break
    text += source.slice(position, dollar)
    const reference = /^\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/u.exec(source.slice(dollar))
    if (reference === null || reference[0] === '$$') {
      text += '$'
    } else {
      if (text !== '') parts.push(text)
      text = ''
      const name = reference[1] ?? reference[2]
      parts.push({ group: /^(?:0|[1-9]\d{0,8})$/.test(name) ? Number(name) : name })
    }
    position = dollar + (reference?.[0].length ?? 1)
  }
  text += source.slice(position)
  if (text !== '') parts.push(text)
  const literal = parts.every((part) => typeof part === 'string') ? text : undefined
  const template = { source, parts, literal }
  if (cache.size >= CACHE_SIZE_MAX) cache.clear()
  cache.set(source, template)
  return template
}

/** A group that does not exist, or took no part in the match, is empty. */
export function expandRegexTemplate(
  template: RegexTemplate,
  groups: readonly (string | undefined)[],
  groupNames: ReadonlyMap<string, number>,
): string {
  if (template.literal !== undefined) return template.literal
  let out = ''
  for (const part of template.parts) {
    if (typeof part === 'string') {
      out += part
      continue
    }
    const index = typeof part.group === 'number' ? part.group : groupNames.get(part.group)
    if (index !== undefined) out += groups[index] ?? ''
  }
  return out
}
