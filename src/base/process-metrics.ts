import { Counter, Gauge } from 'prom-client'
import type { Env, FileSystem } from './env.ts'
import { type Service, untilAborted } from './service.ts'

/** What is known of this program when it is built. */
export interface BuildInfo {
  readonly version: string
  readonly revision: string
  readonly branch: string
  readonly buildUser: string
  readonly buildDate: string
  /** Upstream's field says the version of Go; ours says that of Node, such as `v24.21.0`. */
  readonly goVersion: string
  /** The program whose work it does, as it calls itself in metrics; default: `prometheus`. */
  readonly upstream?: string
}

export interface ProcessMetricsOptions {
  readonly env: Env
  readonly build: BuildInfo
  /** Of `/proc/PID/stat` times: the kernel's USER_HZ, 100 on every Linux that Node runs on. */
  readonly clockTicksPerSecond?: number
}

const PAGE_BYTES = 4096
const LAG_PROBE_INTERVAL_MS = 1000

/**
 * Metrics of the process under the names that all Prometheus clients use, read from /proc when somebody asks; where
 * /proc is not, they have no samples. Returns what stops the probe of the event loop.
 */
export function registerProcessMetrics({ env, build, clockTicksPerSecond = 100 }: ProcessMetricsOptions): { stop(): void } {
  const registers = [env.metrics]
  let reading: Promise<ProcessSeen | undefined> | undefined
  // The registry asks all metrics at once: they share one reading.
  const read = () => {
    reading ??= readProcess(env.fs, clockTicksPerSecond).finally(() => {
      reading = undefined
    })
    return reading
  }
  const gauge = (name: string, help: string, pick: (seen: ProcessSeen) => number) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const seen = await read()
        if (seen !== undefined) this.set(pick(seen))
      },
    })
  let cpuSeconds = 0
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Total user and system CPU time spent in seconds.',
    registers,
    async collect() {
      const seen = await read()
      if (seen === undefined || seen.cpuSeconds <= cpuSeconds) return
      this.inc(seen.cpuSeconds - cpuSeconds)
      cpuSeconds = seen.cpuSeconds
    },
  })
  gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', (seen) => seen.residentBytes)
  gauge('process_virtual_memory_bytes', 'Virtual memory size in bytes.', (seen) => seen.virtualBytes)
  gauge('process_open_fds', 'Number of open file descriptors.', (seen) => seen.openFiles)
  gauge('process_max_fds', 'Maximum number of open file descriptors.', (seen) => seen.openFilesMax)
  gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', (seen) => seen.startTimeSeconds)

  for (const prefix of ['promontory', build.upstream ?? 'prometheus']) {
    const labels = { version: build.version, revision: build.revision, branch: build.branch, goversion: build.goVersion }
    new Gauge({
      name: `${prefix}_build_info`,
      help: "A metric with a constant '1' value labeled by what was built, and from what.",
      labelNames: Object.keys(labels),
      registers,
    }).set(labels, 1)
  }
  return probeEventLoop(env)
}

/** Process metrics for as long as a role runs. */
export function processMetricsService(env: Env, build: BuildInfo): Service {
  return {
    name: 'process metrics',
    async run(signal, ready) {
      const metrics = registerProcessMetrics({ env, build })
      ready()
      await untilAborted(signal)
      metrics.stop()
    },
  }
}

/** A timer that says how late it was called: what every request waited at least. */
function probeEventLoop({ clock, metrics }: Env): { stop(): void } {
  let worstMs = 0
  let expected = clock.monotonic() + LAG_PROBE_INTERVAL_MS
  const ticker = clock.setTicker(LAG_PROBE_INTERVAL_MS, () => {
    const now = clock.monotonic()
    worstMs = Math.max(worstMs, now - expected)
    expected = now + LAG_PROBE_INTERVAL_MS
  })
  new Gauge({
    name: 'nodejs_eventloop_lag_seconds',
    help: 'How late the event loop was, at worst, since it was last asked.',
    registers: [metrics],
    collect() {
      this.set(worstMs / 1000)
      worstMs = 0
    },
  })
  return { stop: () => ticker.cancel() }
}

interface ProcessSeen {
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly virtualBytes: number
  readonly openFiles: number
  readonly openFilesMax: number
  readonly startTimeSeconds: number
}

/** Source: proc(5), /proc/pid/stat: utime 14, stime 15, starttime 22, vsize 23, rss 24, counted from 1. */
async function readProcess(fs: FileSystem, clockTicksPerSecond: number): Promise<ProcessSeen | undefined> {
  let stat: string
  let system: string
  let limits: string
  let openFiles: number
  try {
    ;[stat, system, limits] = await Promise.all(['/proc/self/stat', '/proc/stat', '/proc/self/limits'].map((path) => fs.readText(path)))
    openFiles = (await fs.readDir('/proc/self/fd')).length
  } catch {
    // Not Linux, or /proc is not mounted: there is nothing to say.
    return undefined
  }
  // The name in parentheses may hold anything, so fields count from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const field = (number: number) => Number(fields[number - 3])
  const bootTimeSeconds = Number(/^btime (\d+)$/m.exec(system)?.[1])
  return {
    cpuSeconds: (field(14) + field(15)) / clockTicksPerSecond,
    startTimeSeconds: bootTimeSeconds + field(22) / clockTicksPerSecond,
    virtualBytes: field(23),
    residentBytes: field(24) * PAGE_BYTES,
    openFiles,
    openFilesMax: Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity),
  }
}
