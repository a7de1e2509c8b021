// What a scrape of this host costs, as a whole and by collector: node src/exporter/host-exporter.bench.ts
import { realEnv } from '../base/env-real.ts'
import { createLog } from '../base/log-lines.ts'
import { realClock } from '../base/real/clock.ts'
import { COLLECTOR_NAMES } from './collectors/table.ts'
import { HostExporter } from './host-exporter.ts'
import { DEFAULT_OPTIONS } from './options.ts'

const SCRAPES = 500
const log = createLog({ level: 'warn', format: 'logfmt', now: realClock.now, write: (line) => void process.stderr.write(line) })
const exporter = new HostExporter(realEnv(log), { ...DEFAULT_OPTIONS, collectors: new Set(COLLECTOR_NAMES) })

async function measure(title: string, names: readonly string[]): Promise<void> {
  const chosen = new Set(names)
  for (let i = 0; i < SCRAPES / 5; i++) await exporter.scrape(chosen)
  const before = process.cpuUsage()
  const start = performance.now()
  for (let i = 0; i < SCRAPES; i++) await exporter.scrape(chosen)
  const wallMs = (performance.now() - start) / SCRAPES
  const { user, system } = process.cpuUsage(before)
  console.log(`${title.padEnd(12)} ${((user + system) / 1000 / SCRAPES).toFixed(2)} ms of CPU, ${wallMs.toFixed(2)} ms`)
}

await measure('all', COLLECTOR_NAMES)
for (const name of COLLECTOR_NAMES) await measure(name, [name])
