import type { Collector, CollectorContext } from '../collector.ts'
import { cpuCollector } from './cpu.ts'
import { diskstatsCollector } from './diskstats.ts'
import { filefdCollector } from './filefd.ts'
import { filesystemCollector } from './filesystem.ts'
import { loadavgCollector } from './loadavg.ts'
import { meminfoCollector } from './meminfo.ts'
import { netdevCollector } from './netdev.ts'
import { pressureCollector } from './pressure.ts'
import { sockstatCollector } from './sockstat.ts'
import { statCollector } from './stat.ts'
import { timeCollector } from './time.ts'
import { unameCollector } from './uname.ts'
import { vmstatCollector } from './vmstat.ts'

/** What a collector is made by, under node_exporter's name for it. A new one is a file beside this and a line here. */
export const COLLECTORS: Readonly<Record<string, (context: CollectorContext) => Collector>> = {
  cpu: cpuCollector,
  diskstats: diskstatsCollector,
  filefd: filefdCollector,
  filesystem: filesystemCollector,
  loadavg: loadavgCollector,
  meminfo: meminfoCollector,
  netdev: netdevCollector,
  pressure: pressureCollector,
  sockstat: sockstatCollector,
  stat: statCollector,
  time: timeCollector,
  uname: unameCollector,
  vmstat: vmstatCollector,
}

/** Runs after the others: what it reads must not take the name of a family of theirs. */
export const TEXTFILE = 'textfile'

export const COLLECTOR_NAMES: readonly string[] = [...Object.keys(COLLECTORS), TEXTFILE].sort()
