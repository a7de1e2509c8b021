import { type Collector, parseNumber, words } from '../collector.ts'

/** /proc/loadavg: runnable and uninterruptible tasks, averaged over 1, 5 and 15 minutes. */
export function loadavgCollector(): Collector {
  return {
    async collect(page, files) {
      const fields = words(await files.proc('loadavg'))
      for (const [index, minutes] of [1, 5, 15].entries()) {
        page.single(`node_load${minutes}`, 'gauge', `${minutes}m load average.`, parseNumber(fields[index], 'loadavg'))
      }
    },
  }
}
