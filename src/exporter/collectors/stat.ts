import type { TextMetricType } from '../../exposition/text-writer.ts'
import { type Collector, linesOf, parseNumber } from '../collector.ts'

const FAMILIES: Readonly<Record<string, readonly [name: string, type: TextMetricType, help: string]>> = {
  btime: ['node_boot_time_seconds', 'gauge', 'Unix time at which this host booted.'],
  ctxt: ['node_context_switches_total', 'counter', 'Context switches since boot.'],
  intr: ['node_intr_total', 'counter', 'Interrupts serviced since boot.'],
  processes: ['node_forks_total', 'counter', 'Processes and threads created since boot.'],
  procs_blocked: ['node_procs_blocked', 'gauge', 'Processes that wait for I/O to complete.'],
  procs_running: ['node_procs_running', 'gauge', 'Processes that run or could run.'],
}

/** What /proc/stat says of the host as a whole; the processors are the cpu collector's. */
export function statCollector(): Collector {
  return {
    async collect(page, files) {
      for (const line of linesOf(await files.proc('stat'))) {
        const space = line.indexOf(' ')
        const key = line.slice(0, space)
        if (!Object.hasOwn(FAMILIES, key)) continue
        // `intr` goes on with one number for each interrupt line: only the sum, which comes first.
        const end = line.indexOf(' ', space + 1)
        page.single(...FAMILIES[key], parseNumber(line.slice(space + 1, end < 0 ? undefined : end), `stat: ${key}`))
      }
    },
  }
}
