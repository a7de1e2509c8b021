import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseNotificationData } from '../../src/alertmanager/notification-json.ts'
import { TemplateLibrary } from '../../src/alertmanager/template-library.ts'
import { INSERTED, PAGES, PLACES } from '../support/html-template-cases.ts'
import { peer } from '../support/peers.ts'
import { NOTIFICATION } from '../support/template-cases.ts'

const SEPARATOR = '\n=====\n'

function ours(text: string): string {
  const library = new TemplateLibrary(() => 0)
  try {
    return library.html(text, parseNotificationData(NOTIFICATION))
  } catch (error) {
    if (!(error instanceof Error) || !/^(?:html\/)?template:/.test(error.message)) throw error
    return `error: ${error.message}`
  }
}

test('HTML is escaped for its place as the newest amtool escapes it', async (t) => {
  const amtool = peer(t, 'amtool 0.33')
  if (amtool === undefined) return
  const directory = await mkdtemp(join(tmpdir(), 'promontory-'))
  t.after(() => rm(directory, { recursive: true, maxRetries: 10 }))
  await writeFile(join(directory, 'data.json'), NOTIFICATION)
  await writeFile(join(directory, 'empty.tmpl'), '')
  const args = [
    'template',
    'render',
    '--template.type=html',
    `--template.glob=${directory}/empty.tmpl`,
    `--template.data=${directory}/data.json`,
  ]
  const theirs = (text: string): string => {
    const run: SpawnSyncReturns<string> = spawnSync(amtool, [...args, `--template.text=${text}`], { encoding: 'utf8', maxBuffer: 2 ** 26 })
    return run.status === 0 ? run.stdout : `error: ${run.stderr.replace(/^amtool: error: /, '').trimEnd()}`
  }
  const at = (place: string, inserted: string) => place.replaceAll('@', `{{ ${inserted} }}`)
  let compared = 0
  for (const place of PLACES) {
    const texts = INSERTED.map((inserted) => at(place, inserted))
    // All in one page where the place ends what it begins: a process takes long to start.
    const page = texts.join(SEPARATOR)
    const whole = theirs(page)
    const isWhole = !whole.startsWith('error: ') && whole.split(SEPARATOR).length === texts.length
    for (const [index, text] of texts.entries()) {
      assert.equal(ours(text), isWhole ? whole.split(SEPARATOR)[index] : theirs(text), text)
      compared++
    }
  }
  for (const page of PAGES) {
    if (page === '') assert.equal(ours(page), '')
    else assert.equal(ours(page), theirs(page), page)
    compared++
  }
  t.diagnostic(`${compared} templates compared`)
})
