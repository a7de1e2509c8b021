import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Labels } from '../model/labels.ts'
import { EarlyBatches } from './early-batches.ts'
import { BatchPool, type SampleBatch } from './sample-batch.ts'
import { SampleKind } from './window/sample-kind.ts'
import { WindowSet } from './window-set.ts'

const SEED = Number(process.env.PROMONTORY_SEED ?? 20261122)
const SERIES = 20

/** Numbers below `below`, the same ones for a seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

class World {
  readonly pool = new BatchPool()
  readonly windows = new WindowSet(7_200_000, this.pool)
  readonly early = new EarlyBatches()
  readonly slots: number[] = []
  /** By series, what is known of it, by time: the histogram or float that some batch has, or that was applied. */
  readonly known = Array.from({ length: SERIES }, () => new Map<number, { kind: SampleKind; low: number; high: number }>())
  t = 0

  constructor() {
    const { windows } = this
    for (let i = 0; i < SERIES; i++) {
      const slot = windows.slots.slotOf(windows.series(Labels.of({ __name__: 'm', i: String(i) }), 0))
      this.slots.push(slot)
      if (i % 2 === 0) this.#apply(i, 0, i)
    }
  }

  #apply(i: number, t: number, v: number): void {
    this.windows.apply(this.slots[i], t, v, 0)
    this.windows.slots.setLast(this.slots[i], t, v)
    this.known[i].set(t, floatBits(v))
  }

  /** A batch of a sample or a histogram for each of the series. */
  batch(some: readonly number[], isHistogram: (i: number) => boolean): SampleBatch {
    const batch = this.pool.take(0)
    const { slots } = this.windows
    for (const i of some) {
      const t = ++this.t
      const slot = this.slots[i]
      if (isHistogram(i)) {
        batch.pushHistogram(slot, t, false, undefined, 0, t + 7, t)
        slots.setLastBits(slot, t, SampleKind.histogram, t + 7, t)
        this.known[i].set(t, { kind: SampleKind.histogram, high: t + 7, low: t })
      } else {
        batch.push(slot, t, t / 8)
        slots.setLast(slot, t, t / 8)
        this.known[i].set(t, floatBits(t / 8))
      }
    }
    return batch
  }

  giveUp(batches: readonly SampleBatch[]): void {
    for (const { slots, times, count, histograms } of batches) {
      for (let i = 0; i < count; i++) this.known[this.slots.indexOf(slots[i])].delete(times[i])
      for (let i = 0; i < histograms.count; i++) this.known[this.slots.indexOf(histograms.slots[i])].delete(histograms.times[i])
    }
    this.windows.forget(batches, this.early)
  }

  /** As a queue does it that has read its log. */
  applyEarly(at: number): void {
    const batch = this.early.take(at)
    for (let i = 0; i < batch.count; i++) this.windows.apply(batch.slots[i], batch.times[i], batch.values[i], 0)
    this.pool.giveBack(batch)
  }

  check(): void {
    const { slots } = this.windows
    for (const [i, slot] of this.slots.entries()) {
      const t = Math.max(Number.NEGATIVE_INFINITY, ...this.known[i].keys())
      assert.equal(slots.lastTime(slot), t, `series ${i}`)
      const last = this.known[i].get(t)
      if (last !== undefined) assert.deepEqual({ kind: slots.lastKind(slot), low: slots.lastLow(slot), high: slots.lastHigh(slot) }, last)
    }
  }
}

function floatBits(v: number): { kind: SampleKind; low: number; high: number } {
  const [low, high] = new Uint32Array(Float64Array.of(v).buffer)
  return { kind: SampleKind.float, low, high }
}

test('when batches are given up, the newest of a series is what others have of it, early or not, or what was applied', () => {
  for (let round = 0; round < 300; round++) {
    const below = numbers(SEED + round)
    const world = new World()
    const open: SampleBatch[] = []
    let applied = 0
    for (let step = 0; step < 40; step++) {
      const what = below(10)
      const some = Array.from({ length: 1 + below(6) }, () => below(SERIES))
      const histograms = below(3) === 0
      if (what < 4) open.push(world.batch([...new Set(some)], (i) => histograms && i % 3 === 0))
      // Not always in the order in which they were filled.
      else if (what < 7 && open.length > 0) world.early.add(open.splice(below(open.length), 1)[0])
      else if (what < 9) world.giveUp(open.splice(below(open.length + 1), 1 + below(2)))
      else if (!histograms && applied < world.early.length && open.length === 0) applied = applyFloats(world, applied)
      world.check()
    }
  }
})

/** Applies early batches up to the first with histograms. */
function applyFloats(world: World, from: number): number {
  for (let at = from; at < world.early.length; at++) {
    const hasHistograms = [...world.pool.taken].some((batch) => batch.isEarly && batch.histograms.count > 0)
    if (hasHistograms) return at
    world.applyEarly(at)
  }
  return world.early.length
}

test('who gives up a batch looks at early ones once, however many there are', () => {
  const world = new World()
  let looks = 0
  for (let i = 0; i < 50; i++) {
    const batch = world.batch([1, 2, 3], () => false)
    world.early.add(batch)
    const { times } = batch
    Object.defineProperty(batch, 'times', {
      get() {
        looks++
        return times
      },
    })
  }
  world.giveUp([world.batch([1, 2], () => false)])
  world.check()
  assert.ok(looks >= 50, `${looks} looks`)
  looks = 0
  for (let i = 0; i < 20; i++) world.giveUp([world.batch([1, 2], () => false)])
  world.check()
  assert.ok(looks <= 20 * 2 * 3, `${looks} looks`)
})
