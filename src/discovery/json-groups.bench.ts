// What it costs to read a list of target groups, and to find out what has changed since the last one; and how long the event loop stands
// still meanwhile.
// Run: node src/discovery/json-groups.bench.ts [groups=50000]

import { monitorEventLoopDelay } from 'node:perf_hooks'
import { realEnv } from '../base/env-real.ts'
import type { Log } from '../base/log.ts'
import { GroupChanges } from './group-changes.ts'
import { parseJsonGroups } from './json-groups.ts'

const count = Number(process.argv[2] ?? 50_000)
const silent: Log = { debug() {}, info() {}, warn() {}, error: console.error, with: () => silent }
const { clock } = realEnv(silent)
const changes = new GroupChanges()
const url = 'http://inventory:8080/targets'

for (let round = 0; round < 6; round++) {
  const list = Array.from({ length: count }, (_, i) => ({
    targets: [`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:9100`],
    labels: { zone: `z${i % 7}`, rack: `r${i % 100}`, owner: `team-${i % 40}`, version: i % 100 === 0 ? String(round) : '0' },
  }))
  const text = JSON.stringify(list)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const start = process.cpuUsage()
  const groups = await parseJsonGroups(clock, url, text, { __meta_url: url })
  const parsed = process.cpuUsage(start)
  const changed = await changes.replace(clock, groups)
  const all = process.cpuUsage(start)
  await new Promise((resolve) => setTimeout(resolve, 5))
  delay.disable()
  const ms = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1000
  console.log(
    `${count} groups, ${(text.length / 1e6).toFixed(1)} MB: ${ms(parsed).toFixed(0)} ms of CPU to read, ${(ms(all) - ms(parsed)).toFixed(0)} ms to find ${changed.length} changed; longest stall ${(delay.max / 1e6).toFixed(0)} ms`,
  )
}
