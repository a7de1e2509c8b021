import { type Collector, type CollectorContext, words } from '../collector.ts'
import { formatLabels } from '../page.ts'

/** The clock of this host, its time zone, and the hardware it counts by. */
export function timeCollector({ clock }: CollectorContext): Collector {
  return {
    async collect(page, files) {
      const now = clock.now()
      page.single('node_time_seconds', 'gauge', 'Unix time of this host in seconds.', now / 1000)
      const zone = timeZoneAt(now)
      page.family('node_time_zone_offset_seconds', 'gauge', 'Seconds by which local time is ahead of UTC.')
      page.sample(zone.offsetSeconds, formatLabels({ time_zone: zone.name }))

      const root = 'devices/system/clocksource'
      const sources = (await files.sysDir(root)).filter((name) => /^clocksource\d+$/.test(name))
      const [available, current] = await Promise.all(
        ['available_clocksource', 'current_clocksource'].map((file) =>
          Promise.all(sources.map(async (source) => words((await files.sysIfAny(`${root}/${source}/${file}`)) ?? ''))),
        ),
      )
      if (sources.length === 0) return
      page.family('node_time_clocksource_available_info', 'gauge', 'Clock sources that this host could use.')
      write(available)
      page.family('node_time_clocksource_current_info', 'gauge', 'The clock source that this host uses.')
      write(current)

      function write(namesOfSource: readonly (readonly string[])[]): void {
        for (const [index, names] of namesOfSource.entries()) {
          const device = sources[index].slice('clocksource'.length)
          for (const clocksource of names) page.sample(1, formatLabels({ clocksource, device }))
        }
      }
    },
  }
}

/** Made when the first one asks: with it come 8 MB of the engine's tables of languages and zones. */
let formats: { readonly name: Intl.DateTimeFormat; readonly offset: Intl.DateTimeFormat } | undefined

/** The zone that this process lives in (TZ, or the host's) at a time: `CET`, or `GMT+1` where it has no English short name. */
export function timeZoneAt(time: number): { readonly name: string; readonly offsetSeconds: number } {
  formats ??= {
    name: new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }),
    offset: new Intl.DateTimeFormat('en-US', { timeZoneName: 'longOffset' }),
  }
  const part = (format: Intl.DateTimeFormat) => format.formatToParts(time).find(({ type }) => type === 'timeZoneName')?.value ?? 'UTC'
  // `GMT`, `GMT+02:00`, or with seconds for local mean times.
  const [, sign, hours, minutes, seconds] = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(part(formats.offset)) ?? []
  const size = hours === undefined ? 0 : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0)
  return { name: part(formats.name), offsetSeconds: sign === '-' ? -size : size }
}
