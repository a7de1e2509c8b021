import type { Labels } from '../../model/labels.ts'
import type { MemorySeries } from '../../storage/memory-source.ts'
import { type LoadedSample, nativeOfClassic } from './native-of-classic.ts'
import type { LoadCommand } from './script.ts'

/** What the load commands of a script have brought. */
export class ScriptData {
  readonly #series = new Map<string, { labels: Labels; samples: Map<number, LoadedSample> }>()

  load(command: LoadCommand): void {
    for (const { labels, values } of command.series) {
      const key = labels.key()
      const series = this.#series.get(key) ?? { labels, samples: new Map() }
      this.#series.set(key, series)
      for (const [i, value] of values.entries()) {
        const time = i * command.stepMs
        if (value.kind === 'value') series.samples.set(time, { value: value.value, histogram: undefined, startTime: 0 })
        if (value.kind === 'histogram') series.samples.set(time, { value: value.histogram.sum, histogram: value.histogram, startTime: 0 })
      }
    }
    for (const { labels, offsets } of command.starts) {
      const samples = this.#series.get(labels.key())?.samples
      for (const [i, offset] of offsets.entries()) {
        const time = i * command.stepMs
        const sample = samples?.get(time)
        if (offset !== undefined && sample !== undefined) samples?.set(time, { ...sample, startTime: time + offset })
      }
    }
    if (command.withNativeHistograms) {
      for (const { labels, samples } of nativeOfClassic(command)) this.#series.set(labels.key(), { labels, samples })
    }
  }

  series(): readonly MemorySeries[] {
    const series: MemorySeries[] = []
    for (const { labels, samples } of this.#series.values()) {
      const timestamps = [...samples.keys()].sort((a, b) => a - b)
      const values = Float64Array.from(timestamps, (t) => samples.get(t)!.value)
      const histograms = timestamps.map((t) => samples.get(t)!.histogram)
      const startTimes = timestamps.map((t) => samples.get(t)!.startTime)
      series.push({ labels, timestamps, values, histograms, startTimes: startTimes.some((t) => t !== 0) ? startTimes : undefined })
    }
    return series
  }
}
