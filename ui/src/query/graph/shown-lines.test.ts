import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allShown, isolate, isShown, type Shown, toggle } from './shown-lines.ts'

const seen = (shown: Shown) => ['a', 'b', 'c'].filter((name) => isShown(shown, name)).join('')

test('a click isolates, a second one brings all back', () => {
  assert.equal(seen(allShown), 'abc')
  const alone = isolate(allShown, 'b')
  assert.equal(seen(alone), 'b')
  assert.equal(seen(isolate(alone, 'c')), 'c')
  assert.equal(seen(isolate(alone, 'b')), 'abc')
})

test('a click with Ctrl hides and shows single lines', () => {
  const without = toggle(allShown, 'b')
  assert.equal(seen(without), 'ac')
  assert.equal(seen(toggle(without, 'a')), 'c')
  assert.equal(seen(toggle(without, 'b')), 'abc')
  const two = toggle(isolate(allShown, 'b'), 'c')
  assert.equal(seen(two), 'bc')
  assert.equal(seen(toggle(toggle(two, 'c'), 'b')), 'abc')
})
