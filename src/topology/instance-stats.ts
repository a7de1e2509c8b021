import type { Env } from '../base/env.ts'
import { type Instance, urlOf } from './fleet.ts'

/** What a live view shows of an instance besides its state; undefined where it is not known (yet). */
export interface InstanceStats {
  readonly targetsUp: number | undefined
  readonly targets: number | undefined
  readonly series: number | undefined
  readonly samplesPerSecond: number | undefined
  readonly memoryBytes: number | undefined
}

export const NO_STATS: InstanceStats = {
  targetsUp: undefined,
  targets: undefined,
  series: undefined,
  samplesPerSecond: undefined,
  memoryBytes: undefined,
}

const TIMEOUT_MS = 2_000
const RATE_WINDOW_MS = 10_000
const SERIES = 'prometheus_tsdb_head_series'
const SAMPLES = 'prometheus_tsdb_head_samples_appended_total'

/** Reads the numbers of one instance, again and again. */
export class StatsReader {
  readonly #env: Env
  readonly #instance: Instance
  /** Counts of the last seconds, oldest first. */
  readonly #counts: { readonly time: number; readonly samples: number }[] = []

  constructor(env: Env, instance: Instance) {
    this.#env = env
    this.#instance = instance
  }

  /** `pid` is 0 when it does not run. Never rejects: what cannot be read is not known. */
  async read(pid: number): Promise<InstanceStats> {
    if (pid === 0) return NO_STATS
    const memory = this.#memory(pid)
    if (this.#instance.role !== 'server') return { ...NO_STATS, memoryBytes: await memory }
    const [page, up, memoryBytes] = await Promise.all([this.#get('/metrics'), this.#get('/api/v1/query?query=up'), memory])
    const values = upValues(up)
    return {
      targetsUp: values?.filter((value) => value === 1).length,
      targets: values?.length,
      series: sumOf(page, SERIES),
      samplesPerSecond: this.#rate(sumOf(page, SAMPLES)),
      memoryBytes,
    }
  }

  /** Over some seconds: between two scrapes nothing comes, and with one very much. */
  #rate(samples: number | undefined): number | undefined {
    const counts = this.#counts
    const time = this.#env.clock.monotonic()
    // A restart counts from 0 again.
    if (samples === undefined || samples < (counts.at(-1)?.samples ?? 0)) counts.length = 0
    if (samples === undefined) return undefined
    counts.push({ time, samples })
    while (time - counts[0].time > RATE_WINDOW_MS) counts.shift()
    const seconds = (time - counts[0].time) / 1000
    return seconds === 0 ? undefined : (samples - counts[0].samples) / seconds
  }

  async #get(path: string): Promise<string | undefined> {
    try {
      const { status, body } = await this.#env.http.request({ url: urlOf(this.#instance) + path, timeoutMs: TIMEOUT_MS })
      return status === 200 ? new TextDecoder().decode(body) : undefined
    } catch {
      // Its state says that it does not answer; the numbers are not known.
      return undefined
    }
  }

  /** Resident memory as the kernel counts it; undefined on systems without /proc. */
  async #memory(pid: number): Promise<number | undefined> {
    try {
      const found = /^VmRSS:\s+(\d+) kB$/m.exec(await this.#env.fs.readText(`/proc/${pid}/status`))
      return found === null ? undefined : Number(found[1]) * 1024
    } catch {
      return undefined
    }
  }
}

/** The sum of a family's samples on a metrics page; undefined when it has none. */
function sumOf(page: string | undefined, family: string): number | undefined {
  let sum: number | undefined
  for (const [, value] of (page ?? '').matchAll(new RegExp(`^${family}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))) sum = (sum ?? 0) + Number(value)
  return sum
}

function upValues(answer: string | undefined): number[] | undefined {
  if (answer === undefined) return undefined
  try {
    const { data } = JSON.parse(answer) as { data: { result: readonly { value: readonly [number, string] }[] } }
    return data.result.map(({ value }) => Number(value[1]))
  } catch {
    return undefined
  }
}
