// What a reload costs that changes one job of ten, with 10,000 targets in all: reading the file, making the configuration, taking it over.
// Run: node src/config/reload.bench.ts [targets=10000]

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FLOATS_ONLY } from '../../test/support/floats-only.ts'
import { realEnv } from '../base/env-real.ts'
import type { Log } from '../base/log.ts'
import { createScrapeManager } from '../scrape/manager.ts'
import { type Appendable, AppendStatus } from '../storage/appender.ts'
import { loadConfig } from './load.ts'

const targetCount = Number(process.argv[2] ?? 10_000)
const JOBS = 10
const silent: Log = { debug() {}, info() {}, warn() {}, error: console.error, with: () => silent }
const env = realEnv(silent)
const appendable: Appendable = {
  appender: () => ({ ...FLOATS_ONLY, series: () => 0, append: () => AppendStatus.ok, commit: async () => {}, rollback: () => {} }),
}
const directory = mkdtempSync(join(tmpdir(), 'promontory-reload-'))
const file = join(directory, 'prometheus.yml')

/** `changed`: of job 3, which has its own limit then. */
function write(changed: number): void {
  const scrape_configs = Array.from({ length: JOBS }, (_, job) => ({
    job_name: `job-${job}`,
    scrape_interval: '1h',
    ...(job === 3 ? { sample_limit: changed } : {}),
    static_configs: [{ targets: Array.from({ length: targetCount / JOBS }, (_, i) => `127.1.${(job * 1000 + i) >> 8}.${i & 255}:9`) }],
    relabel_configs: [
      { source_labels: ['__address__'], regex: '(.*):.*', target_label: 'host' },
      { source_labels: ['host'], regex: '127\\.1\\.(\\d+)\\..*', target_label: 'rack', replacement: 'r$1' },
    ],
  }))
  writeFileSync(file, JSON.stringify({ scrape_configs }))
}

const manager = createScrapeManager({ env, appendable, version: 'bench' })
const controller = new AbortController()
write(1)
manager.apply((await loadConfig(env, file)).scrapeConfigs)
const done = manager.run(controller.signal, () => {})
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
await wait(4000)
console.log(`${manager.active().length} targets in ${JOBS} jobs`)
for (let round = 2; round < 7; round++) {
  write(round)
  const start = process.cpuUsage()
  const began = performance.now()
  const config = await loadConfig(env, file)
  const loaded = performance.now()
  manager.apply(config.scrapeConfigs)
  const applied = performance.now()
  // What is put off, too.
  await wait(200)
  const used = process.cpuUsage(start)
  console.log(
    `reload: ${(loaded - began).toFixed(0)} ms to load, ${(applied - loaded).toFixed(0)} ms to take over, ${((used.user + used.system) / 1000).toFixed(0)} ms of CPU in all`,
  )
  await wait(1500)
}
controller.abort()
await done
rmSync(directory, { recursive: true })
