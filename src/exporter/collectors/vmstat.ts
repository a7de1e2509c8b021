import { type Collector, type CollectorContext, linesOf, parseNumber } from '../collector.ts'
import { NameFilter } from '../name-filter.ts'

/** Fields of /proc/vmstat that `--collector.vmstat.fields` matches. Untyped, as the kernel mixes counters and gauges there. */
export function vmstatCollector({ options }: CollectorContext): Collector {
  const fields = new NameFilter('collector.vmstat.fields', { include: options.vmstatFields, exclude: '' })
  return {
    async collect(page, files) {
      for (const line of linesOf(await files.proc('vmstat'))) {
        const space = line.indexOf(' ')
        const field = line.slice(0, space)
        if (!fields.accepts(field)) continue
        page.single(
          `node_vmstat_${field}`,
          'untyped',
          `Field ${field} of /proc/vmstat.`,
          parseNumber(line.slice(space + 1), `vmstat: ${field}`),
        )
      }
    },
  }
}
