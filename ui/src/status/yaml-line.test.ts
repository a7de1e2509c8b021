import assert from 'node:assert/strict'
import { test } from 'node:test'
import { yamlLine } from './yaml-line.ts'

test('the name of a field is told from its value', () => {
  const check = (line: string, indent: string, key: string, rest: string) => assert.deepEqual(yamlLine(line), { indent, key, rest })
  check('global:', '', 'global', ':')
  check('  scrape_interval: 15s', '  ', 'scrape_interval', ': 15s')
  check('- job_name: a: b', '- ', 'job_name', ': a: b')
  check('  - source_labels: [a]', '  - ', 'source_labels', ': [a]')
  check('    - 127.0.0.1:9090', '', '', '    - 127.0.0.1:9090')
  check('', '', '', '')
})
