import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Labels } from '../model/labels.ts'
import { histogramSourceContract } from './histogram-source.contract.ts'
import { type MemorySeries, MemorySource } from './memory-source.ts'
import { MergeSource } from './merge-source.ts'
import { readAll, seriesSourceContract } from './series-source.contract.ts'

/** Every third sample of each series to another source, in two ways. */
function dealt(series: readonly MemorySeries[], turnOf: (i: number, seriesIndex: number) => number): MergeSource {
  const sources = [0, 1, 2].map((turn) => {
    const parts = series.map((one, seriesIndex) => {
      const kept = Array.from({ length: one.timestamps.length }, (_, i) => i).filter((i) => turnOf(i, seriesIndex) % 3 === turn)
      // Through typed arrays: a plain array of numbers does not keep the bits of a staleness marker.
      const words = new Uint32Array(Float64Array.from(one.values).buffer)
      if (one.values instanceof Float64Array) words.set(new Uint32Array(one.values.buffer, one.values.byteOffset, 2 * one.values.length))
      const values = new Float64Array(kept.length)
      const keptWords = new Uint32Array(values.buffer)
      kept.forEach((from, to) => {
        keptWords.set(words.subarray(2 * from, 2 * from + 2), 2 * to)
      })
      return {
        labels: one.labels,
        timestamps: kept.map((i) => one.timestamps[i]),
        values,
        histograms: one.histograms && kept.map((i) => one.histograms![i]),
        startTimes: one.startTimes && kept.map((i) => one.startTimes![i]),
      }
    })
    return new MemorySource(parts)
  })
  return new MergeSource('merge', sources)
}

seriesSourceContract('merge of whole series', async (series) => ({
  source: dealt(series, (_, seriesIndex) => seriesIndex),
  close: async () => {},
}))
histogramSourceContract('merge of runs of samples', async (series) => ({
  source: dealt(series, (i) => Math.floor(i / 500)),
  close: async () => {},
}))

test('of samples of the same time that of the source named first counts; all others are there', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 200 }), { minLength: 1, maxLength: 4 }),
      async (timesOfSources) => {
        const want = new Map<number, number>()
        const sources = timesOfSources.map((times, rank) => {
          const timestamps = [...times].sort((a, b) => a - b)
          const values = timestamps.map((t) => t + rank / 10)
          timestamps.forEach((t, i) => {
            if (!want.has(t)) want.set(t, values[i])
          })
          return new MemorySource([
            { labels: Labels.of({ __name__: 'm' }), timestamps, values },
            { labels: Labels.of({ __name__: `only_${rank}` }), timestamps, values },
          ])
        })
        const [found, ...others] = await readAll(new MergeSource('merge', sources), 0, 300, [])
        assert.deepEqual(
          Array.from(found.timestamps, (t, i) => [t, found.values[i]]),
          [...want].sort((a, b) => a[0] - b[0]),
        )
        assert.equal(others.length, sources.length)
      },
    ),
    { numRuns: 100 },
  ))

test('chunks that overlap nothing are handed on as they are', async () => {
  const of = (from: number) => {
    const timestamps = Array.from({ length: 10 }, (_, i) => from + i)
    return new MemorySource([{ labels: Labels.of({ __name__: 'm' }), timestamps, values: timestamps }])
  }
  const [early, late] = [of(0), of(100)]
  const chunks = async (source: MergeSource | MemorySource) => {
    for await (const [series] of source.select(
      { minTime: 0, maxTime: 1000, matchers: [] },
      { signal: new AbortController().signal, budget },
    ))
      return series.chunks
    return []
  }
  const merged = await chunks(new MergeSource('merge', [late, early, late]))
  assert.equal(merged.length, 2)
  assert.equal(merged[0], (await chunks(early))[0])
  assert.equal(merged[1], (await chunks(late))[0])
})

const budget = { chargeSamples() {}, releaseSamples() {}, chargeBytes() {}, releaseBytes() {} }
