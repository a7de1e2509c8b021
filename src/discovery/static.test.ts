import assert from 'node:assert/strict'
import { test } from 'node:test'
import { staticDiscoverer } from './static.ts'

test('static groups are found once, each with a source of its own', async () => {
  const discoverer = staticDiscoverer([{ targets: ['a:1', 'b:2'], labels: { zone: 'x' } }, { targets: [] }])
  const found = []
  for await (const groups of discoverer.watch(new AbortController().signal)) found.push(...groups)
  assert.deepEqual(
    found.map(({ source, targets, labels }) => [source, targets.map(String), String(labels)]),
    [
      ['0', ['{__address__="a:1"}', '{__address__="b:2"}'], '{zone="x"}'],
      ['1', [], '{}'],
    ],
  )
})
