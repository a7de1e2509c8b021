import { Labels } from '../model/labels.ts'
import type { Timestamp } from '../model/time.ts'
import { SlabPool } from './window/slab-pool.ts'
import { Window } from './window/window.ts'

const RANGE_MS = 7_200_000
const BOUNDARY = 1_700_000_000_000 - (1_700_000_000_000 % RANGE_MS)
const STEP_MS = 15_000
/** Of a series: in the older window more than a chunk takes. */
const SAMPLES = 250
/** One series of so many ended in the older window some time before the end, and one began in the newer one. */
const SHARE_OF_PART = 29
const GONE_SAMPLES = 100
const RESET_AT = 170

/** The last sample of all made-up series. */
export const MADE_UP_END: Timestamp = BOUNDARY + 10 * STEP_MS

/** Labels as they often come, and the value of the sample `k` of the series `s`. */
interface Family {
  readonly count: number
  /** Of each series, where they are few; all in the newer window. */
  readonly samples?: number
  labels(s: number): Record<string, string>
  value(s: number, k: number): number
}

/** One in sixteen was reset. */
const counter = (s: number, k: number) =>
  (s % 16 === 3 && k >= RESET_AT ? k - RESET_AT : 1000 + k) * (20 + (s % 17)) + ((k * 7919 + s) % 20)
const instanceOf = (s: number, each: number) => `web-${Math.floor(s / each)}:8080`

const FAMILIES: Readonly<Record<string, Family>> = {
  requests_total: {
    count: 240,
    labels: (s) => ({
      job: 'api',
      instance: instanceOf(s, 24),
      path: `/api/v${(s % 6) + 1}/items`,
      status: ['200', '201', '404', '500'][Math.floor(s / 6) % 4],
    }),
    value: counter,
  },
  duration_seconds_bucket: {
    count: 80,
    labels: (s) => ({
      job: 'api',
      instance: instanceOf(s, 16),
      path: `/${Math.floor(s / 8) % 2}`,
      le: ['0.1', '0.2', '0.5', '1', '2', '5', '10', '+Inf'][s % 8],
    }),
    value: (s, k) => k * ((s % 8) + 1),
  },
  cpu_seconds_total: {
    count: 40,
    labels: (s) => ({ job: 'node', instance: instanceOf(s, 4), mode: ['idle', 'system', 'user', 'iowait'][s % 4] }),
    value: (s, k) => k * (1 + (s % 5)) * 1.37,
  },
  queue_depth: {
    count: 40,
    labels: (s) => ({ job: 'api', instance: instanceOf(s, 4), queue: ['mail', 'sms', 'push', 'bulk'][s % 4] }),
    // Some whole, some with decimals, some always the same.
    value: (s, k) => (s % 3 === 0 ? s : s % 3 === 1 ? (k * 37 + s * 11) % 100 : ((k * 3701 + s * 1103) % 100_000) / 1000),
  },
  memory_bytes: {
    count: 40,
    labels: (s) => ({ job: 'node', instance: instanceOf(s, 4), kind: ['free', 'used', 'cached', 'buffers'][s % 4] }),
    value: (s, k) => 1e9 + 4096 * ((k * 131 + s * 17) % 5000) + 0.5,
  },
  build_info: { count: 10, labels: (s) => ({ job: 'node', instance: instanceOf(s, 1), version: `1.${s % 3}` }), value: () => 1 },
  usage_seconds_total: {
    count: 400,
    labels: (s) => ({ job: 'kubelet', namespace: `ns-${s % 7}`, pod: `web-${s >> 2}`, container: ['app', 'log', 'init', 'proxy'][s & 3] }),
    value: counter,
  },
  // Many values of a label.
  pod_info: { count: 1200, samples: 1, labels: (s) => ({ job: 'state', namespace: `ns-${s % 7}`, pod: `task-${s}` }), value: () => 1 },
}

/**
 * Makes two windows of series that mean nothing, most with some of the samples in the one and some in the other. A borrower gets them as a
 * thread has them that reads windows of another one. Yields after each series, for who has to stop in between.
 */
export function* makeUpWindows(isBorrower: boolean): Generator<void, readonly Window[]> {
  const pool = new SlabPool()
  const windows = [new Window(pool, 1, BOUNDARY - RANGE_MS, BOUNDARY), new Window(pool, 2, BOUNDARY, BOUNDARY + RANGE_MS)]
  for (const [name, { count, samples = SAMPLES, labels, value }] of Object.entries(FAMILIES)) {
    for (let s = 0; s < count; s++) {
      const set = Labels.of({ __name__: name, ...labels(s) })
      const part = s % SHARE_OF_PART
      const only = samples < SAMPLES || part === SHARE_OF_PART >> 1 ? 1 : part === SHARE_OF_PART - 1 ? 0 : undefined
      const places = windows.map((window, at) => (only === undefined || only === at ? window.add(set) : -1))
      const end = only === 0 ? SAMPLES - GONE_SAMPLES : SAMPLES
      for (let k = SAMPLES - samples; k < end; k++) {
        const t = MADE_UP_END - (SAMPLES - 1 - k) * STEP_MS
        const at = t < BOUNDARY ? 0 : 1
        if (places[at] >= 0) windows[at].append(places[at], t, value(s, k))
      }
      yield
    }
  }
  return isBorrower ? windows.map((window) => Window.reader(window.state(), async () => {})) : windows
}
