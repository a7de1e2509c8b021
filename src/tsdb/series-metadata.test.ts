import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Metadata } from '../model/metadata.ts'
import { SeriesMetadata } from './series-metadata.ts'
import { SlabPool } from './window/slab-pool.ts'

test('each text is kept once, as long as a series has it; nothing is kept of nothing', () => {
  const pool = new SlabPool()
  const metadata = new SeriesMetadata(pool)
  const one: Metadata = { type: 'counter', unit: 's', help: 'One.' }
  const two: Metadata = { type: 'counter', unit: '', help: 'sOne.' }
  assert.equal(metadata.isNews(5, { type: 'unknown', unit: '', help: '' }), false)
  assert.equal(pool.usedBytes, 0)
  assert.ok(metadata.isNews(70_000, one))
  metadata.set(70_000, one)
  assert.equal(metadata.isNews(70_000, { ...one }), false)
  assert.ok(metadata.isNews(70_000, two) && metadata.isNews(3, one))
  metadata.set(3, { ...one })
  assert.equal(metadata.get(3), metadata.get(70_000))
  metadata.set(3, two)
  metadata.set(3, two)
  assert.deepEqual([metadata.get(3), metadata.get(70_000), metadata.get(4), metadata.seriesCount], [two, one, undefined, 2])
  // What was known can be taken back.
  assert.ok(metadata.isNews(3, { type: 'unknown', unit: '', help: '' }))
  metadata.forget(70_000)
  metadata.forget(70_000)
  assert.deepEqual([metadata.get(70_000), metadata.seriesCount], [undefined, 1])
  for (let i = 0; i < 1000; i++) {
    metadata.set(9, { ...one, help: `Help ${i}.` })
    assert.equal(metadata.get(9)!.help, `Help ${i}.`)
  }
  assert.equal(metadata.seriesCount, 2)
})
