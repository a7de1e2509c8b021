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
  const { enabled, warnings } = enabledFeatures(['old-ui', 'auto-reload-config', 'time-travel', 'expand-external-labels', 'toString'])
  assert.ok(enabled.has('auto-reload-config') && enabled.has('expand-external-labels') && !enabled.has('old-ui'))
  assert.deepEqual(warnings, [
    '--enable-feature=old-ui is not supported yet and is ignored',
    'Unknown option for --enable-feature: time-travel',
    'Unknown option for --enable-feature: toString',
  ])
})

test('values with which nothing would work are refused, and name their flag', () => {
  const check = (arg: string, message: string) => assert.throws(() => parseFlags([arg], serverFlags), { message })
  check('--storage.tsdb.path=', '--storage.tsdb.path: found "", want PATH')
  check('--web.max-connections=0', '--web.max-connections: found 0, want at least 1')
  check('--query.max-concurrency=0', '--query.max-concurrency: found 0, want at least 1')
  check('--query.max-samples=0', '--query.max-samples: found 0, want at least 1')
  check('--query.timeout=0s', '--query.timeout: found 0s, want at least 1ms')
  check('--config.auto-reload-interval=10ms', '--config.auto-reload-interval: found 10ms, want at least 1s')
  check('--storage.tsdb.min-block-duration=0s', '--storage.tsdb.min-block-duration: found 0s, want at least 1s')
})

test('a retention time and a lookback of 0 are the default, as upstream', () => {
  const { values } = parseFlags(['--storage.tsdb.retention.time=0s', '--query.lookback-delta=0s'], serverFlags)
  assert.equal(values['storage.tsdb.retention.time'], 15 * 24 * 3_600_000)
  assert.equal(values['query.lookback-delta'], 300_000)
})
