import type { Schema } from '../base/schema-type.ts'

/**
 * A table for every section under `root`: its fields, what they take, and what becomes of them here. `elsewhere`: sections whose tables
 * stand in another file.
 */
export function schemaMarkdown(root: Schema, elsewhere: ReadonlyMap<string, string> = new Map()): string {
  const tables = new Map<string, string>()
  const visit = (schema: Schema, ignored: boolean): void => {
    const info = schema.info
    if (info.kind === 'list') visit(info.item, ignored)
    if (info.kind === 'map') visit(info.value, ignored)
    if (info.kind !== 'section' || tables.has(info.name) || elsewhere.has(info.name)) return
    tables.set(info.name, '')
    const rows = ['| field | takes | here |', '|---|---|---|']
    for (const [name, field] of info.fields)
      rows.push(
        `| \`${name}\` | ${typeText(field.schema, elsewhere)} | ${ignored || field.unsupported ? hereText(field.neutral) : 'works'} |`,
      )
    tables.set(info.name, `### ${info.name}\n\n${rows.join('\n')}\n`)
    for (const field of info.fields.values()) if (!ignored && !field.unsupported) visit(field.schema, false)
    // What is ignored is checked all the same, so its fields are of interest, too.
    for (const field of info.fields.values()) visit(field.schema, true)
  }
  visit(root, false)
  return [...tables.values()].join('\n')
}

function hereText(neutral: readonly unknown[]): string {
  const shown = neutral.filter((value) => value !== '' && JSON.stringify(value) !== '[]' && JSON.stringify(value) !== '{}')
  return shown.length === 0
    ? 'ignored, with a warning'
    : `ignored, with a warning unless \`${shown.map((value) => (Array.isArray(value) ? `[${value.join(', ')}]` : String(value))).join('` or `')}\``
}

function typeText(schema: Schema, elsewhere: ReadonlyMap<string, string>): string {
  const info = schema.info
  switch (info.kind) {
    case 'section':
      return `[${info.name}](${elsewhere.get(info.name) ?? ''}#${info.name})`
    case 'list':
      return `list of ${typeText(info.item, elsewhere)}`
    case 'map':
      return `mapping to ${typeText(info.value, elsewhere)}`
    case 'scalar':
      return info.type.replaceAll('|', '\\|')
  }
}
