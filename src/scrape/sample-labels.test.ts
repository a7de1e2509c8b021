import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scrapeConfig } from '../../test/support/scrape-config.ts'
import { Labels } from '../model/labels.ts'
import { storedLabels } from './sample-labels.ts'

test('a label exposed without a value keeps the label of the target away when labels are honored', () => {
  const target = Labels.of({ instance: 'gateway:9091', job: 'push' })
  const exposed = Labels.of({ __name__: 'a', job: 'batch' })
  const stored = (honorLabels: boolean) => storedLabels(exposed, ['instance'], target, scrapeConfig({ honorLabels }))
  assert.deepEqual(stored(true), Labels.of({ __name__: 'a', job: 'batch' }))
  assert.deepEqual(stored(false), Labels.of({ __name__: 'a', exported_job: 'batch', instance: 'gateway:9091', job: 'push' }))
})
