// What it costs to select series from two windows: node src/tsdb/window/select.bench.ts
import { Breather } from '../../base/breather.ts'
import { realEnv } from '../../base/env-real.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { SampleColumns } from '../../chunkenc/codec.ts'
import { decodeChunk } from '../../chunkenc/decode-chunk.ts'
import { Labels } from '../../model/labels.ts'
import { Matcher } from '../../model/matcher.ts'
import { unlimitedContext } from '../../storage/query-context.ts'
import type { SelectHints } from '../../storage/series-source.ts'
import { SelectionCache } from './selection-cache.ts'
import { SlabPool } from './slab-pool.ts'
import { Window } from './window.ts'
import { selectFromWindows } from './window-reader.ts'

const { clock } = realEnv(virtualEnv().log)

const SERIES = 20_000
const SAMPLES = 240
const STEP_MS = 15_000
const RANGE_MS = 7_200_000
const BASE = 1_700_000_000_000 - (1_700_000_000_000 % RANGE_MS)

const pool = new SlabPool()
const windows = [new Window(pool, 1, BASE, BASE + RANGE_MS), new Window(pool, 2, BASE + RANGE_MS, BASE + 2 * RANGE_MS)]
const sets = Array.from({ length: SERIES }, (_, i) =>
  Labels.of({
    __name__: 'container_cpu_usage_seconds_total',
    job: 'kubelet',
    instance: `node-${i % 50}:10250`,
    namespace: `ns-${(i >> 2) % 40}`,
    pod: `web-${Math.imul(i >> 2, 0x9e3779b1) >>> 0}`,
    container: ['app', 'sidecar', 'init', 'log'][i & 3],
  }),
)
const last = BASE + RANGE_MS
for (let k = SAMPLES; k >= 0; k--) {
  const t = last - k * STEP_MS
  const window = windows[t < last ? 0 : 1]
  for (let s = 0; s < SERIES; s++) window.append(window.add(sets[s]), t, 1000 + (SAMPLES - k) * (20 + (s % 200)) + ((k * 7919 + s) % 31))
}

async function measure(what: string, rangeMs: number, hints: SelectHints, decodes: boolean, cache?: SelectionCache): Promise<void> {
  const columns = new SampleColumns()
  const request = {
    minTime: last - rangeMs + 1,
    maxTime: last,
    matchers: [new Matcher('=', '__name__', 'container_cpu_usage_seconds_total')],
    hints,
  }
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 9; round++) {
    const start = process.cpuUsage()
    for await (const batch of selectFromWindows(windows, request, unlimitedContext(), new Breather(clock), cache)) {
      if (!decodes) continue
      for (const { chunks } of batch) {
        columns.clear()
        for (const chunk of chunks) decodeChunk(chunk, request.minTime, request.maxTime, columns)
      }
    }
    const { user, system } = process.cpuUsage(start)
    best = Math.min(best, user + system)
  }
  console.log(
    `${what.padEnd(52)} ${(best / 1000).toFixed(1).padStart(6)} ms ${((best * 1000) / SERIES).toFixed(0).padStart(6)} ns a series`,
  )
}

for (const [how, cache] of [
  ['found anew', undefined],
  ['found before', new SelectionCache(2 ** 24)],
] as const) {
  console.log(`${SERIES} series of ${SAMPLES} samples, ${how}`)
  await measure('newest sample, no labels', 300_000, { newestOnly: true, labelNames: [] }, true, cache)
  await measure('newest sample, all labels', 300_000, { newestOnly: true }, true, cache)
  await measure('5 minutes, one label', 300_000, { labelNames: ['pod'] }, false, cache)
  await measure('5 minutes, one label, decoded', 300_000, { labelNames: ['pod'] }, true, cache)
  await measure('1 hour, one label', 3_600_000, { labelNames: ['namespace'] }, false, cache)
  await measure('1 hour, one label, decoded', 3_600_000, { labelNames: ['namespace'] }, true, cache)
  await measure('1 hour, all labels, decoded', 3_600_000, {}, true, cache)
}
