import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { builtInFleet } from './built-in-fleet.ts'

const addresses = new Map([
  ['exporter', { host: '0.0.0.0', port: 9101 }],
  ['a', { host: '127.0.0.1', port: 9090 }],
  ['b', { host: '::1', port: 9092 }],
])

test('the built-in fleet: arguments and configurations', () => {
  const { instances } = builtInFleet({ dataDir: './data', addresses, logLevel: 'warn' })
  assert.deepEqual(
    instances.map(({ name, role, args, dataDir }) => ({ name, role, args, dataDir })),
    [
      { name: 'exporter', role: 'exporter', args: ['--web.listen-address=0.0.0.0:9101', '--log.level=warn'], dataDir: undefined },
      {
        name: 'a',
        role: 'server',
        args: [
          '--config.file=./data/a/prometheus.yml',
          '--storage.tsdb.path=./data/a',
          '--web.listen-address=127.0.0.1:9090',
          '--log.level=warn',
        ],
        dataDir: './data/a',
      },
      {
        name: 'b',
        role: 'server',
        args: [
          '--config.file=./data/b/prometheus.yml',
          '--storage.tsdb.path=./data/b',
          '--web.listen-address=[::1]:9092',
          '--log.level=warn',
        ],
        dataDir: './data/b',
      },
    ],
  )
  const configs = instances.flatMap(({ files }) => files)
  assert.deepEqual(
    configs.map(({ path }) => path),
    ['./data/a/prometheus.yml', './data/b/prometheus.yml'],
  )
  assert.match(configs[0].text, /^# Written by `promontory up` at every start/)
  const want = (replica: string) => ({
    global: { scrape_interval: '2s', scrape_timeout: '2s', external_labels: { replica } },
    alerting: { alert_relabel_configs: [{ regex: 'replica', action: 'labeldrop' }] },
    scrape_configs: [
      { job_name: 'exporter', static_configs: [{ targets: ['127.0.0.1:9101'] }] },
      { job_name: 'server', static_configs: [{ targets: ['127.0.0.1:9090', '[::1]:9092'] }] },
    ],
  })
  assert.deepEqual(
    configs.map(({ text }) => parse(text)),
    [want('a'), want('b')],
  )
})
