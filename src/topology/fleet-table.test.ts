import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fleetTable, formatBytes, formatCount, type InstanceRow } from './fleet-table.ts'
import { NO_STATS } from './instance-stats.ts'

const instance = (name: string, role: string, port: number) => ({
  name,
  role,
  address: { host: '127.0.0.1', port },
  args: [],
  dataDir: undefined,
  files: [],
})
const MIB = 1024 ** 2
const ROWS: readonly InstanceRow[] = [
  { instance: instance('exporter', 'exporter', 9100), state: 'ready', stats: { ...NO_STATS, memoryBytes: 61.4 * MIB } },
  {
    instance: instance('a', 'server', 9090),
    state: 'ready',
    stats: { targetsUp: 3, targets: 3, series: 12345, samplesPerSecond: 602.4, memoryBytes: 98 * MIB },
  },
  { instance: instance('b', 'server', 10_091), state: 'restarting', stats: NO_STATS },
]

test('the table of a fleet', () => {
  assert.equal(
    fleetTable(ROWS, { coloured: false }).join('\n'),
    `INSTANCE  ROLE      ADDRESS          HEALTH      TARGETS UP  SERIES  SAMPLES/S  MEMORY
exporter  exporter  127.0.0.1:9100   ready                -       -          -  61 MiB
a         server    127.0.0.1:9090   ready              3/3  12,345        602  98 MiB
b         server    127.0.0.1:10091  restarting           -       -          -       -`,
  )
})

test('colours change nothing but the colour', () => {
  const coloured = fleetTable(ROWS, { coloured: true })
  assert.ok(coloured[1].includes('\x1b[32mready     \x1b[0m'))
  assert.ok(coloured[3].includes('\x1b[31mrestarting\x1b[0m'))
  assert.deepEqual(
    coloured.map((line) => line.replaceAll(/\x1b\[\d+m/g, '')),
    fleetTable(ROWS, { coloured: false }),
  )
})

test('formatCount and formatBytes', () => {
  const check = (got: string, want: string) => assert.equal(got, want)
  check(formatCount(undefined), '-')
  check(formatCount(0), '0')
  check(formatCount(999.6), '1,000')
  check(formatCount(1234567), '1,234,567')
  check(formatBytes(undefined), '-')
  check(formatBytes(1023 * MIB), '1023 MiB')
  check(formatBytes(1536 * MIB), '1.5 GiB')
})
