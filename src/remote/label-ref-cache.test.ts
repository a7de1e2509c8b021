import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { virtualEnv } from '../base/env-virtual.ts'
import { hash128, LabelRefCache } from './label-ref-cache.ts'

function viewOf(text: string): DataView {
  const bytes = new TextEncoder().encode(text)
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

test('the cache answers as a map does', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string({ maxLength: 40 }), fc.boolean()), { maxLength: 3000, size: 'max' }), (steps) => {
      const cache = new LabelRefCache(virtualEnv().random, 1_000_000)
      const plain = new Map<string, number>()
      for (const [key, write] of steps) {
        const view = viewOf(key)
        assert.equal(cache.find(view, 0, view.byteLength), plain.get(key) ?? -1)
        if (!write) continue
        cache.remember(plain.size)
        plain.set(key, plain.size)
      }
      assert.equal(cache.size, plain.size)
    }),
    { numRuns: 20 },
  )
})

test('the cache stays inside its bound and keeps what is used', () => {
  const cache = new LabelRefCache(virtualEnv().random, 1000)
  const used = viewOf('used')
  cache.find(used, 0, used.byteLength)
  cache.remember(7)
  for (let i = 0; i < 20_000; i++) {
    const view = viewOf(`once ${i}`)
    assert.equal(cache.find(view, 0, view.byteLength), -1)
    cache.remember(i)
    assert.ok(cache.size <= 1000, `size is ${cache.size}`)
    assert.equal(cache.find(used, 0, used.byteLength), 7)
  }
  cache.clear()
  assert.equal(cache.size, 0)
  assert.equal(cache.find(used, 0, used.byteLength), -1)
})

test('every bit of the bytes reaches every word of the hash', () => {
  const hash = (bytes: Uint8Array) => {
    const out = new Uint32Array(4)
    hash128(new DataView(bytes.buffer), 0, bytes.length, 42, out)
    return out
  }
  for (const length of [1, 3, 4, 15, 16, 17, 31, 64, 100]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 7)
    const before = hash(bytes)
    for (let bit = 0; bit < length * 8; bit++) {
      bytes[bit >> 3] ^= 1 << (bit & 7)
      const after = hash(bytes)
      bytes[bit >> 3] ^= 1 << (bit & 7)
      for (let word = 0; word < 4; word++) assert.notEqual(after[word], before[word], `length ${length} bit ${bit} word ${word}`)
    }
  }
  assert.notDeepEqual(hash(new Uint8Array(3)), hash(new Uint8Array(4)))
})
