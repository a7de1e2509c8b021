import assert from 'node:assert/strict'
import { test } from 'node:test'
import { COLLECTOR_NAMES } from '../exporter/collectors/table.ts'
import { exporterAddresses, exporterFlags, exporterOptions } from './exporter-flags.ts'
import { parseFlags } from './flags.ts'

const optionsOf = (...args: string[]) => exporterOptions(parseFlags(args, exporterFlags))

test('collectors are chosen as with node_exporter', () => {
  const check = (args: string[], want: readonly string[]) => assert.deepEqual([...optionsOf(...args).collectors], want)
  check([], COLLECTOR_NAMES)
  check(
    ['--no-collector.cpu'],
    COLLECTOR_NAMES.filter((name) => name !== 'cpu'),
  )
  check(['--collector.disable-defaults', '--collector.stat', '--collector.cpu'], ['cpu', 'stat'])
  check(['--collector.disable-defaults', '--no-collector.stat'], [])
})

test('an include pattern takes the place of the default of its exclude flag', () => {
  assert.deepEqual(optionsOf('--collector.diskstats.device-include=^sda1$').diskDevices, { include: '^sda1$', exclude: '' })
  const both = optionsOf('--collector.diskstats.device-include=a', '--collector.diskstats.device-exclude=b').diskDevices
  assert.deepEqual(both, { include: 'a', exclude: 'b' })
  assert.equal(optionsOf().fsTypes.exclude.startsWith('^(autofs|'), true)
})

test('flags that node_exporter has and this has not are accepted with a warning', () => {
  const { warnings } = parseFlags(['--no-collector.arp', '--collector.systemd.unit-include=x', '--collector.stat.softirq'], exporterFlags)
  assert.deepEqual(
    warnings.map((warning) => warning.split(' ')[0]),
    ['--collector.arp', '--collector.systemd.unit-include', '--collector.stat.softirq'],
  )
})

test('addresses', () => {
  const { values } = parseFlags(['--web.listen-address=:9100', '--web.listen-address=[::1]:9200'], exporterFlags)
  assert.deepEqual(exporterAddresses(values), [
    { host: '0.0.0.0', port: 9100 },
    { host: '::1', port: 9200 },
  ])
})
