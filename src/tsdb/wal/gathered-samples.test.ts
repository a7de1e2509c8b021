import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { doAtOnce } from '../../base/breather.ts'
import type { SampleRun } from '../window/append-run.ts'
import { GatheredSamples } from './gathered-samples.ts'
import { type SampleSlice, SLICE_SAMPLES } from './sample-slices.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 20261122)
const SERIES = 400

/** Runs of series that follow each other, long and short, the same again and again. */
const runs = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.tuple(fc.constantFrom(0, 100, 200), fc.constant(100), fc.integer({ min: 1, max: 400 })) },
    { weight: 2, arbitrary: fc.tuple(fc.nat(SERIES - 1), fc.integer({ min: 1, max: 150 }), fc.constant(1)) },
    { weight: 1, arbitrary: fc.tuple(fc.nat(SERIES - 1), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 20 })) },
  ),
  { minLength: 1, maxLength: 12 },
)

/** What is asked for before its turn: all that there is, or some series. */
const asked = fc.array(fc.oneof(fc.constant('all' as const), fc.array(fc.nat(SERIES + 5), { maxLength: 20 })), { maxLength: 6 })

type Row = readonly [series: number, t: number, v: number]

function sliceOf(rows: readonly Row[]): SampleSlice {
  const starts = rows.flatMap(([series, t], i) => (i > 0 && rows[i - 1][0] === series - 1 && rows[i - 1][1] === t ? [] : [i]))
  return {
    values: Float64Array.from(rows, ([, , v]) => v),
    runCount: starts.length,
    firstSeries: Uint32Array.from(starts, (i) => rows[i][0]),
    starts: Uint32Array.from(starts),
    times: Float64Array.from(starts, (i) => rows[i][1]),
    seriesEnd: rows.reduce((end, [series]) => Math.max(end, series + 1), 0),
  }
}

/** A slice of series with so much between their numbers. */
const spaced = (spacing: number, t = 0) => sliceOf(Array.from({ length: SLICE_SAMPLES }, (_, i) => [spacing * i, t, 0]))

function push(all: Map<number, string[]>, ref: number, what: string): void {
  const some = all.get(ref)
  if (some === undefined) all.set(ref, [what])
  else some.push(what)
}

test('of each series that is known comes what was gathered, in its order, and of the others how much it is', () => {
  let deepest = 0
  let early = 0
  let leftOut = 0
  fc.assert(
    fc.property(
      runs,
      fc.uniqueArray(fc.nat(SERIES - 1), { maxLength: 5 }),
      fc.boolean(),
      asked,
      fc.nat(40),
      (patterns, unknown, isShuffled, wanted, askedAfter) => {
        const gathered = new GatheredSamples(1 << 20, 0)
        const refs = new Float64Array(SERIES).map((_, series) => (unknown.includes(series) ? 0 : 1000 + series + 1))
        const want = new Map<number, string[]>()
        const got = new Map<number, string[]>()
        const target = {
          samples(ref: number, run: SampleRun, count: number) {
            deepest = Math.max(deepest, count)
            for (let i = 0; i < count; i++) push(got, ref, `${run.times[i]} ${run.values[i]}`)
          },
        }
        const added = new Set<number>()
        /** Asked for while more is added: what comes of them then is left out. */
        const isLeftOut = new Set<number>()
        let lost = 0
        let t = 0
        for (const [first, length, times] of patterns) {
          for (let n = 0; n < times && gathered.hasRoom; n++) {
            t += n % 3 === 0 ? -1 : 15
            const rows: Row[] = []
            for (let i = 0; i < length && first + i < SERIES; i++) {
              const series = first + (isShuffled ? (i * 7) % length : i)
              if (series >= SERIES) continue
              rows.push([series, t, t * SERIES + series])
              added.add(series)
              if (isLeftOut.has(series)) leftOut++
              else if (unknown.includes(series)) {
                lost++
              } else push(want, 1000 + series, `${t} ${t * SERIES + series}`)
            }
            gathered.add(sliceOf(rows), rows.length)
            if (n !== askedAfter || !gathered.isInRuns) continue
            const numbers = [...new Set(wanted.flatMap((one) => (one === 'all' ? [first, first + 1] : one)))]
            const known = numbers.filter((series) => series < SERIES && !unknown.includes(series)).sort((a, b) => a - b)
            gathered.applyOf(known, refs, target)
            for (const series of known) {
              isLeftOut.add(series)
              assert.deepEqual(got.get(1000 + series), want.get(1000 + series))
            }
          }
        }
        for (let series = 0; series < SERIES + 5; series++) assert.equal(gathered.has(series), added.has(series))
        const questions = wanted.values()
        /** Some of it before its turn. */
        const ask = () => {
          const { value, done } = questions.next()
          if (done === true || !gathered.isInRuns) return
          const all = [...want.keys()].map((ref) => ref - 1000).sort((a, b) => a - b)
          const numbers = value === 'all' ? all : [...new Set(value)].sort((a, b) => a - b)
          gathered.applyOf(numbers, refs, target)
          for (const number of numbers) assert.deepEqual(got.get(1000 + number), want.get(1000 + number))
          early += numbers.length
        }
        ask()
        for (const _ of gathered.apply(refs, target)) ask()
        assert.deepEqual(got, want)
        assert.equal(gathered.lost, lost)
        assert.ok(gathered.isEmpty && !gathered.has(0))
      },
    ),
    { seed: SEED, numRuns: 60 },
  )
  assert.ok(deepest > 100, `${deepest} at once`)
  assert.ok(early > 100, `${early} before their turn`)
  assert.ok(leftOut > 100, `${leftOut} left out`)
})

test('there is room for as many samples as a log has bytes, and for no more runs than are bounded', () => {
  const gathered = new GatheredSamples(10_000, 0)
  for (let n = 0; n < 5; n++) {
    assert.ok(gathered.hasRoom)
    gathered.add(spaced(1), SLICE_SAMPLES)
  }
  assert.ok(!gathered.hasRoom)
  const scattered = new GatheredSamples(1 << 22, 0)
  const slice = spaced(2)
  let count = 0
  for (; scattered.hasRoom; count += SLICE_SAMPLES) scattered.add(slice, SLICE_SAMPLES)
  assert.equal(count, 64 * 1024)
  assert.ok(scattered.isFull)
  doAtOnce(scattered.apply(new Float64Array(2 * SLICE_SAMPLES).fill(1), { samples: (_ref, _run, n) => void (count -= n) }))
  assert.equal(count, 0)
})

test('others can run between parts of long runs of the same series', () => {
  const gathered = new GatheredSamples(1 << 22, 0)
  for (let t = 0; t < 300; t++) gathered.add(spaced(1, t), SLICE_SAMPLES)
  let [all, part] = [0, 0]
  const target = { samples: (_ref: number, _run: unknown, count: number) => void (part += count) }
  for (const _ of gathered.apply(new Float64Array(SLICE_SAMPLES).fill(1), target)) {
    assert.ok(part <= 64 * 1024, `${part} samples at once`)
    all += part
    part = 0
  }
  assert.equal(all, 300 * SLICE_SAMPLES)
})
