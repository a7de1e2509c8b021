import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { templateData } from '../../src/alertmanager/notification-data.ts'
import { parseNotificationData } from '../../src/alertmanager/notification-json.ts'
import { BUILTINS } from '../../src/template/builtins.ts'
import { executeTemplate } from '../../src/template/execute.ts'
import { notificationFunctions } from '../../src/template/notification-functions.ts'
import { parseTemplate } from '../../src/template/parse.ts'
import { peer } from '../support/peers.ts'
import { DATA, NOTIFICATION, ON_DATA, ON_NOTIFICATION } from '../support/template-cases.ts'

const CASES = [...ON_NOTIFICATION, ...ON_DATA.map((text) => `{{with ${DATA}}}${text}{{end}}`)]

function ours(text: string): string {
  const functions = notificationFunctions(() => Date.now())
  try {
    const parsed = parseTemplate('', text, (name) => functions.has(name) || BUILTINS.has(name))
    const templates = new Map(parsed.map((template) => [template.name, template]))
    return executeTemplate({ templates, functions }, '', templateData(parseNotificationData(NOTIFICATION)))
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('template: ')) throw error
    return `error: ${error.message}`
  }
}

test('templates and their errors are what the newest amtool makes of them', async (t) => {
  const amtool = peer(t, 'amtool 0.33')
  if (amtool === undefined) return
  const directory = await mkdtemp(join(tmpdir(), 'promontory-'))
  t.after(() => rm(directory, { recursive: true, maxRetries: 10 }))
  await writeFile(join(directory, 'data.json'), NOTIFICATION)
  await writeFile(join(directory, 'empty.tmpl'), '')
  const args = ['template', 'render', `--template.glob=${directory}/empty.tmpl`, `--template.data=${directory}/data.json`]
  for (const text of CASES) {
    const run: SpawnSyncReturns<string> = spawnSync(amtool, [...args, `--template.text=${text}`], { encoding: 'utf8' })
    const theirs = run.status === 0 ? run.stdout : `error: ${run.stderr.replace(/^amtool: error: /, '').trimEnd()}`
    assert.equal(ours(text), theirs, text)
  }
})
