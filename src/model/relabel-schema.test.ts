import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseYamlTree } from '../base/yaml-tree.ts'
import { relabelSteps } from './relabel-schema.ts'

test('a field that is null counts as given where upstream allows no such field', () => {
  const check = (text: string, want: string | undefined) => {
    const parsed = relabelSteps('empty').read(parseYamlTree(`[${text}]`).root)
    assert.equal(parsed.success ? undefined : parsed.problems[0].message, want, text)
  }
  const only = "keepequal action requires only 'source_labels' and `target_label`, and no other fields"
  check('{action: keepequal, source_labels: [a], target_label: b}', undefined)
  check('{action: keepequal, source_labels: [a], target_label: b, regex: }', only)
  check('{action: keepequal, source_labels: [a], target_label: b, regex: (.*)}', only)
})
