import { formatAddress } from '../base/address.ts'
import type { Instance } from './fleet.ts'
import type { InstanceStats } from './instance-stats.ts'
import type { InstanceState } from './supervised-instance.ts'

export interface InstanceRow {
  readonly instance: Instance
  readonly state: InstanceState
  readonly stats: InstanceStats
}

const COLOURS: Readonly<Record<InstanceState, string>> = {
  ready: '\x1b[32m',
  starting: '\x1b[33m',
  'not ready': '\x1b[33m',
  restarting: '\x1b[31m',
  failed: '\x1b[31m',
  stopping: '\x1b[33m',
  stopped: '\x1b[2m',
}
const RESET = '\x1b[0m'
const HEAD = ['INSTANCE', 'ROLE', 'ADDRESS', 'HEALTH', 'TARGETS UP', 'SERIES', 'SAMPLES/S', 'MEMORY']
const HEALTH = HEAD.indexOf('HEALTH')
const FIRST_NUMBER = HEAD.indexOf('TARGETS UP')
const GAP = '  '

/** A line for each instance under a line of heads: words to the left, numbers to the right. */
export function fleetTable(rows: readonly InstanceRow[], { coloured }: { readonly coloured: boolean }): string[] {
  const cells = rows.map(({ instance, state, stats }) => [
    instance.name,
    instance.role,
    formatAddress(instance.address),
    state,
    stats.targets === undefined ? '-' : `${stats.targetsUp ?? 0}/${stats.targets}`,
    formatCount(stats.series),
    formatCount(stats.samplesPerSecond),
    formatBytes(stats.memoryBytes),
  ])
  const widths = HEAD.map((head, column) => Math.max(head.length, ...cells.map((row) => row[column].length)))
  const pad = (cell: string, column: number) => (column < FIRST_NUMBER ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))
  const lines = [HEAD.map(pad).join(GAP)]
  for (const [index, row] of cells.entries()) {
    const padded = row.map(pad)
    if (coloured) padded[HEALTH] = `${COLOURS[rows[index].state]}${padded[HEALTH]}${RESET}`
    lines.push(padded.join(GAP))
  }
  return lines
}

/** `12,345`; `-` where it is not known. */
export function formatCount(count: number | undefined): string {
  return count === undefined ? '-' : String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',')
}

export function formatBytes(bytes: number | undefined): string {
  if (bytes === undefined) return '-'
  const mebibytes = bytes / 1024 ** 2
  return mebibytes < 1024 ? `${mebibytes.toFixed(0)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`
}
