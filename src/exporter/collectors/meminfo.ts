import { type Collector, linesOf, parseNumber } from '../collector.ts'

/** /proc/meminfo, every field: those with a unit in bytes, the others (counts of huge pages) as they are. */
export function meminfoCollector(): Collector {
  return {
    async collect(page, files) {
      for (const line of linesOf(await files.proc('meminfo'))) {
        const colon = line.indexOf(':')
        if (colon < 0) throw new Error(`meminfo: found "${line}", want a colon after the field's name`)
        const field = line.slice(0, colon)
        const [amount, unit] = line
          .slice(colon + 1)
          .trim()
          .split(' ')
        const value = parseNumber(amount, `meminfo: ${field}`)
        const name = `node_memory_${field.replace('(', '_').replace(')', '')}`
        if (unit === undefined) page.single(name, 'gauge', `Field ${field} of /proc/meminfo.`, value)
        else if (unit === 'kB') page.single(`${name}_bytes`, 'gauge', `Field ${field} of /proc/meminfo, in bytes.`, value * 1024)
        else throw new Error(`meminfo: ${field}: found unit "${unit}", want kB`)
      }
    },
  }
}
