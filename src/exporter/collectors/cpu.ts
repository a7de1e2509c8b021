import { type Collector, type CollectorContext, linesOf, parseNumber, words } from '../collector.ts'
import type { HostFiles } from '../host-files.ts'
import { formatLabels, type Page } from '../page.ts'
import { CpuThrottles } from './cpu-throttles.ts'

/** Columns of a `cpuN` line of /proc/stat, in ticks. Guest time is part of user and nice as well. Source: proc(5). */
const MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal', 'guest', 'guest_nice'] as const
const MODE_COUNT = 8
const IDLE = 3
const TICKS_PER_SECOND = 100

/** An idle counter that falls by this many ticks means that the processor was taken away and came back; less is the kernel's rounding. */
const HOTPLUG_TICKS = 300

/** Time of each processor by mode, thermal throttling, and which are online or isolated. */
export function cpuCollector({ options, log }: CollectorContext): Collector {
  // iowait and idle can go back a little between two readings; a counter that falls would look like a restart of the host.
  const highest = new Map<string, number[]>()
  const throttles = new CpuThrottles()

  return {
    async collect(page, files) {
      const cpus = linesOf(await files.proc('stat')).filter((line) => /^cpu\d/.test(line))
      const rows = cpus.map((line) => {
        const [name, ...ticks] = words(line)
        const cpu = name.slice('cpu'.length)
        return {
          cpu,
          ticks: keepRising(
            cpu,
            MODES.map((mode, index) => parseNumber(ticks[index] ?? '0', `stat: ${name} ${mode}`)),
          ),
        }
      })

      page.family('node_cpu_seconds_total', 'counter', 'Seconds that each processor spent in each mode.')
      for (const { cpu, ticks } of rows) {
        for (let mode = 0; mode < MODE_COUNT; mode++) page.sample(ticks[mode] / TICKS_PER_SECOND, `cpu="${cpu}",mode="${MODES[mode]}"`)
      }
      if (options.cpuGuest) {
        page.family(
          'node_cpu_guest_seconds_total',
          'counter',
          'Seconds that each processor spent for guests, which user and nice time contain as well.',
        )
        for (const { cpu, ticks } of rows) {
          page.sample(ticks[MODE_COUNT] / TICKS_PER_SECOND, `cpu="${cpu}",mode="user"`)
          page.sample(ticks[MODE_COUNT + 1] / TICKS_PER_SECOND, `cpu="${cpu}",mode="nice"`)
        }
      }
      await writeOnline(page, files)
      await writeIsolated(page, files)
      await throttles.write(page, files)
    },
  }

  function keepRising(cpu: string, ticks: number[]): number[] {
    const before = highest.get(cpu)
    if (before !== undefined && before[IDLE] - ticks[IDLE] < HOTPLUG_TICKS) {
      for (const [mode, value] of before.entries()) ticks[mode] = Math.max(value, ticks[mode])
    } else if (before !== undefined) {
      log.debug('cpu counters started anew', { cpu, idleBefore: before[IDLE], idleNow: ticks[IDLE] })
    }
    highest.set(cpu, ticks)
    return ticks
  }
}

/** Nothing where the first processor cannot be switched off and has no such file, as upstream. */
async function writeOnline(page: Page, files: HostFiles): Promise<void> {
  if ((await files.sysIfAny('devices/system/cpu/cpu0/online')) === undefined) return
  const [present, online] = await Promise.all([files.sys('devices/system/cpu/present'), files.sys('devices/system/cpu/online')])
  const running = new Set(parseCpuList(online))
  page.family('node_cpu_online', 'gauge', 'Whether each processor is online and gets work.')
  for (const cpu of parseCpuList(present)) page.sample(running.has(cpu) ? 1 : 0, formatLabels({ cpu: String(cpu) }))
}

async function writeIsolated(page: Page, files: HostFiles): Promise<void> {
  const isolated = parseCpuList((await files.sysIfAny('devices/system/cpu/isolated')) ?? '')
  if (isolated.length === 0) return
  page.family('node_cpu_isolated', 'gauge', 'Processors that the scheduler gives nothing unasked.')
  for (const cpu of isolated) page.sample(1, formatLabels({ cpu: String(cpu) }))
}

/** `0-2,5` as the numbers it stands for. */
export function parseCpuList(text: string): number[] {
  const cpus: number[] = []
  for (const part of text.trim().split(',')) {
    if (part === '') continue
    const [first, last = first] = part.split('-')
    const end = parseNumber(last, 'list of processors')
    for (let cpu = parseNumber(first, 'list of processors'); cpu <= end; cpu++) cpus.push(cpu)
  }
  return cpus
}
