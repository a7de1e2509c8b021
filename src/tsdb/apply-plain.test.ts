import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Breather } from '../base/breather.ts'
import { VirtualClock } from '../base/virtual/clock.ts'
import { Labels } from '../model/labels.ts'
import { Matcher } from '../model/matcher.ts'
import { AppendStatus } from '../storage/appender.ts'
import { BatchPool } from './sample-batch.ts'
import { WindowSet } from './window-set.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 20261122)
const RANGE = 60_000
const SERIES = 6

/** What a log has: samples of series at times in four windows, in any order; a series that comes anew; a deletion. */
const event = fc.oneof(
  { weight: 30, arbitrary: fc.tuple(fc.constant('go on' as const), fc.nat(SERIES - 1), fc.nat(2000)) },
  { weight: 6, arbitrary: fc.tuple(fc.constant('anywhere' as const), fc.nat(SERIES - 1), fc.nat(4 * RANGE - 1)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('stale histogram' as const), fc.nat(SERIES - 1), fc.nat(12_000)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('delete' as const), fc.nat(SERIES - 1), fc.nat(4 * RANGE - 1)) },
)

const log = fc.array(event, { minLength: 1, maxLength: 400, size: 'max' })

/** Applies a log, with floats one by one or as many at once as are plain. */
class Replay {
  readonly windows = new WindowSet(RANGE, new BatchPool())
  readonly refs: number[] = []
  readonly #isPlain: boolean
  readonly #refs = new Float64Array(4096)
  readonly #times = new Float64Array(4096)
  readonly #values = new Float64Array(4096)
  #count = 0
  plain = 0

  constructor(isPlain: boolean) {
    this.#isPlain = isPlain
    this.windows.lateSpanMs = RANGE
    for (let i = 0; i < SERIES; i++) this.refs.push(this.windows.series(Labels.of({ __name__: 'm', i: String(i) }), 0, true))
  }

  sample(series: number, t: number, v: number): void {
    this.#refs[this.#count] = this.refs[series]
    this.#times[this.#count] = t
    this.#values[this.#count++] = v
  }

  histogram(series: number, t: number): void {
    this.apply()
    const slot = this.windows.slots.slotOf(this.refs[series])
    if (this.windows.applyHistogram(slot, t, false, undefined, 0, 1, 2) === AppendStatus.ok && t > this.windows.slots.lastTime(slot))
      this.windows.slots.setLastBits(slot, t, 1, 1, 2)
  }

  async delete(series: number, maxTime: number): Promise<void> {
    this.apply()
    const matchers = [new Matcher('=', 'i', String(series))]
    await this.windows.delete({ minTime: maxTime - 10_000, maxTime, matchers }, new Breather(new VirtualClock(0)))
  }

  /** What has come since it was called last. */
  apply(): void {
    const { windows } = this
    const [refs, times, values, count] = [this.#refs, this.#times, this.#values, this.#count]
    for (let i = 0; i < count; i++) {
      if (this.#isPlain) {
        const next = windows.applyPlain(refs, times, values, i, count)
        this.plain += next - i
        i = next
        if (i === count) break
      }
      const slot = windows.slots.slotOf(refs[i])
      if (windows.apply(slot, times[i], values[i], 0) === AppendStatus.ok && times[i] > windows.slots.lastTime(slot))
        windows.slots.setLast(slot, times[i], values[i])
    }
    this.#count = 0
  }

  /** All that is to be known of it. */
  contents() {
    const { windows } = this
    const { slots } = windows
    const rows = windows.all.map((window) => {
      const chunks: unknown[] = []
      for (let series = 0; series < window.seriesCount; series++)
        window.visitChunks(series, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, {
          chunk(minTime, maxTime, sampleCount, firstCell, byteCount, header) {
            const bytes = new Uint8Array(byteCount)
            window.cells.copy(firstCell, byteCount, bytes, 0)
            chunks.push([series, minTime, maxTime, sampleCount, header, bytes])
          },
        })
      const { start, isLate, sampleCount, histogramCount, chunkCount, minTime, maxTime, slotCount } = window
      return { start, isLate, sampleCount, histogramCount, chunkCount, minTime, maxTime, slotCount, chunks }
    })
    const newest = this.refs.map((ref) => {
      const slot = slots.slotOf(ref)
      return [slots.window(slot), slots.series(slot), slots.lastTime(slot), slots.lastKind(slot), slots.lastLow(slot), slots.lastHigh(slot)]
    })
    return { rows, newest, minTime: windows.minTime, maxTime: windows.maxTime, samples: windows.samplesAppended }
  }
}

test('what comes back of a log many samples at once is what comes back one by one, whatever is between them', async () => {
  let plain = 0
  await fc.assert(
    fc.asyncProperty(log, fc.nat(2 * RANGE), fc.nat(3), async (events, cutTime, deletes) => {
      const replays = [new Replay(true), new Replay(false)]
      for (const replay of replays) {
        replay.windows.cutTime = Math.floor(cutTime / RANGE) * RANGE
        const clock = new Array<number>(SERIES).fill(replay.windows.cutTime)
        for (const [n, [what, series, value]] of events.entries()) {
          const t = what === 'anywhere' || what === 'delete' ? value : clock[series] + value
          if (t < replay.windows.cutTime || t >= 4 * RANGE) continue
          if (what === 'delete') {
            if (deletes === 0) await replay.delete(series, t)
            continue
          }
          clock[series] = Math.max(clock[series], t)
          if (what === 'stale histogram') replay.histogram(series, t)
          else replay.sample(series, t, n % 3 === 0 ? 1 : n / 8)
        }
        replay.apply()
      }
      assert.deepEqual(replays[0].contents(), replays[1].contents())
      plain += replays[0].plain
    }),
    { seed: SEED, numRuns: 150 },
  )
  assert.ok(plain > 5000, `${plain} at once`)
})
