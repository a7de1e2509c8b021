// Writes the generated parts of the documentation, each between its markers; with --check only says which are out of date.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RECEIVER_FIELDS, RECEIVER_KINDS } from '../src/alertmanager/receivers/registry.ts'
import { section } from '../src/base/schema.ts'
import { alertmanagerFlags } from '../src/config/alertmanager-flags.ts'
import { alertmanagerSchema } from '../src/config/alertmanager-schema.ts'
import { deadmanFlags } from '../src/config/deadman-flags.ts'
import { deadmanSchema } from '../src/config/deadman-schema.ts'
import { exporterFlags } from '../src/config/exporter-flags.ts'
import { flagMarkdown } from '../src/config/flags.ts'
import { ownSchema } from '../src/config/own-config.ts'
import { prometheusSchema } from '../src/config/prometheus-schema.ts'
import { schemaMarkdown } from '../src/config/schema-markdown.ts'
import { serverFlags } from '../src/config/server-flags.ts'
import { webConfigSchema } from '../src/config/web-schema.ts'
import { upFlags } from '../src/topology/up-flags.ts'

/** Receivers have a page of their own. */
const receiverSchema = section('receiver', RECEIVER_FIELDS)
const receiverTables = new Map(RECEIVER_KINDS.map(({ kind }) => [`${kind}_config`, 'receivers.md']))

/** Those of alertmanager.yml stand with that. */
const deadmanTables = new Map([
  ...receiverTables,
  ['global', 'alertmanager.md'],
  ['receiver', 'alertmanager.md'],
  ['http_config', 'alertmanager.md'],
])

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

const PARTS: readonly { readonly file: string; readonly name: string; readonly text: () => string }[] = [
  { file: 'docs/operating/server.md', name: 'flags:server', text: () => flagMarkdown(serverFlags) },
  { file: 'docs/operating/exporter.md', name: 'flags:exporter', text: () => flagMarkdown(exporterFlags) },
  { file: 'docs/operating/alertmanager.md', name: 'flags:alertmanager', text: () => flagMarkdown(alertmanagerFlags) },
  {
    file: 'docs/operating/alertmanager.md',
    name: 'fields:alertmanager.yml',
    text: () => schemaMarkdown(alertmanagerSchema('fallback'), receiverTables),
  },
  { file: 'docs/operating/deadman.md', name: 'flags:deadman', text: () => flagMarkdown(deadmanFlags) },
  { file: 'docs/operating/deadman.md', name: 'fields:deadman.yml', text: () => schemaMarkdown(deadmanSchema, deadmanTables) },
  { file: 'docs/operating/receivers.md', name: 'fields:receivers', text: () => schemaMarkdown(receiverSchema) },
  { file: 'docs/operating/up.md', name: 'flags:up', text: () => flagMarkdown(upFlags) },
  { file: 'docs/operating/config.md', name: 'fields:prometheus.yml', text: () => schemaMarkdown(prometheusSchema) },
  { file: 'docs/operating/budgets.md', name: 'fields:promontory.yml', text: () => schemaMarkdown(ownSchema) },
  { file: 'docs/operating/web-config.md', name: 'fields:web.config.file', text: () => schemaMarkdown(webConfigSchema) },
]

const checkOnly = process.argv.includes('--check')
for (const { file, name, text } of PARTS) {
  const path = join(root, file)
  const before = readFileSync(path, 'utf8')
  const [open, close] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`]
  const [start, end] = [before.indexOf(open), before.indexOf(close)]
  if (start < 0 || end < start) {
    console.error(`${file}: no place for ${name}, want the lines ${JSON.stringify(open.trim())} and ${JSON.stringify(close)}`)
    process.exitCode = 1
    continue
  }
  const after = `${before.slice(0, start + open.length)}\n${text().trim()}\n\n${before.slice(end)}`
  if (after === before) continue
  if (checkOnly) {
    console.error(`${file}: ${name} out of date, run node tools/docs.ts`)
    process.exitCode = 1
  } else {
    writeFileSync(path, after)
    console.log(`${file}: ${name} written`)
  }
}
