import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { expectedAlerts, parseTimeline, runTimeline } from './support/alert-timeline.ts'

const directory = new URL('alerts/sending/', import.meta.url)
const files = readdirSync(directory).filter((name) => name.endsWith('.yml'))

for (const file of files) {
  test(`alerts/sending/${file}`, async () => {
    const timeline = parseTimeline(readFileSync(new URL(file, directory), 'utf8'))
    const { sent, states, generatorUrls } = await runTimeline(timeline)
    assert.deepEqual(sent, expectedAlerts(timeline))
    assert.deepEqual(
      states,
      (timeline.states ?? []).map(({ alerts }) => alerts),
    )
    for (const url of generatorUrls) assert.match(url, /^http:\/\/p:9090\/graph\?g0\.expr=[^&]+&g0\.tab=1$/)
  })
}
