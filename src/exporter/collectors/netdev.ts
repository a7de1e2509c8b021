import { type Collector, type CollectorContext, linesOf, parseNumber, words } from '../collector.ts'
import { NameFilter } from '../name-filter.ts'
import { formatLabels } from '../page.ts'

/** /proc/net/dev, whose header names the columns, and the packets that nothing on this host wanted, which stand in /sys only. */
export function netdevCollector({ options }: CollectorContext): Collector {
  const devices = new NameFilter('collector.netdev.device', options.networkDevices)
  return {
    async collect(page, files) {
      const [, header, ...lines] = linesOf(await files.proc('net/dev'))
      const [, receive, transmit] = (header ?? '').split('|')
      if (transmit === undefined) throw new Error(`net/dev: found header "${header ?? ''}", want three parts`)
      const columns = [...words(receive).map((column) => `receive_${column}`), ...words(transmit).map((column) => `transmit_${column}`)]
      const rows: { readonly device: string; readonly labels: string; readonly values: readonly string[] }[] = []
      for (const line of lines) {
        const colon = line.lastIndexOf(':')
        const device = line.slice(0, colon).trim()
        if (!devices.accepts(device)) continue
        const values = words(line.slice(colon + 1))
        if (values.length !== columns.length) throw new Error(`net/dev: ${device}: found ${values.length} columns, want ${columns.length}`)
        rows.push({ device, labels: formatLabels({ device }), values })
      }
      if (rows.length === 0) return
      for (const [index, column] of columns.entries()) {
        begin(column)
        for (const { labels, values } of rows) page.sample(parseNumber(values[index], `net/dev: ${column}`), labels)
      }
      const unwanted = await Promise.all(rows.map(({ device }) => files.sysIfAny(`class/net/${device}/statistics/rx_nohandler`)))
      if (unwanted.every((text) => text === undefined)) return
      begin('receive_nohandler')
      for (const [index, text] of unwanted.entries()) {
        if (text !== undefined) page.sample(parseNumber(text, 'rx_nohandler'), rows[index].labels)
      }

      function begin(column: string): void {
        page.family(`node_network_${column}_total`, 'counter', `Network device statistic ${column}.`)
      }
    },
  }
}
