import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idleFeatures, matcherMode } from './matcher-mode.ts'

test('features choose the language of matchers; the others of upstream’s are told of', () => {
  const check = (features: readonly string[], mode: string, idle: readonly string[] = []) =>
    assert.deepEqual([matcherMode(features), idleFeatures(features)], [mode, idle])
  check([], 'fallback')
  check(['classic-mode'], 'classic')
  check(['event-recorder', 'utf8-strict-mode', 'group-key-in-metrics'], 'utf8-strict', ['event-recorder', 'group-key-in-metrics'])
  assert.throws(() => matcherMode(['x']), { message: "unknown option 'x' for --enable-feature" })
  assert.throws(() => matcherMode(['classic-mode', 'utf8-strict-mode']), {
    message: 'both classic and UTF-8 mode cannot be enabled at the same time',
  })
})
