import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFlags } from './flags.ts'
import { enabledFeatures, serverFlags } from './server-flags.ts'

test('the flags of a usual Prometheus are taken', () => {
  const args = [
    '--config.file=/etc/p.yml',
    '--storage.tsdb.path=/data',
    '--storage.tsdb.retention.time=30d',
    '--web.enable-lifecycle',
    '--web.external-url=http://p:9090',
    '--web.listen-address=:9091',
    '--query.timeout=1m',
    '--log.format=json',
  ]
  const { values, warnings } = parseFlags(args, serverFlags)
  assert.deepEqual(warnings, [])
  assert.equal(values['config.file'], '/etc/p.yml')
  assert.equal(values['storage.tsdb.retention.time'], 30 * 24 * 3_600_000)
  assert.deepEqual(values['web.listen-address'], [':9091'])
  assert.equal(values['query.max-samples'], 50_000_000)
})

test('flags of 2.x are taken with a warning', () => {
  const { values, warnings } = parseFlags(
    ['--storage.tsdb.retention=7d', '--storage.tsdb.wal-compression', '--no-scrape.adjust-timestamps', '--alertmanager.timeout=5s'],
    serverFlags,
  )
  assert.equal(values['storage.tsdb.retention.time'], 7 * 24 * 3_600_000)
  assert.equal(warnings.length, 4)
})

test('features are on, not yet, or unknown', () => {
  const { enabled, warnings } = enabledFeatures([
    'native-histograms',
    'auto-reload-config',
    'time-travel',
    'expand-external-labels',
    'toString',
  ])
  assert.ok(enabled.has('auto-reload-config') && enabled.has('expand-external-labels') && !enabled.has('native-histograms'))
  assert.deepEqual(warnings, [
    '--enable-feature=native-histograms is not supported yet and is ignored',
    'Unknown option for --enable-feature: time-travel',
    'Unknown option for --enable-feature: toString',
  ])
})
