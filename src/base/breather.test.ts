import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Breather } from './breather.ts'
import { VirtualClock } from './virtual/clock.ts'

/** A clock on which others run for so long when the event loop turns. */
class BusyClock extends VirtualClock {
  readonly #othersMs: number
  #passedMs = 0

  constructor(othersMs: number) {
    super(0)
    this.#othersMs = othersMs
  }

  override monotonic(): number {
    return this.#passedMs
  }

  override setTimer(_delayMs: number, callback: () => void) {
    queueMicrotask(() => {
      this.pass(this.#othersMs)
      callback()
    })
    return { cancel: () => {} }
  }

  pass(ms: number): void {
    this.#passedMs += ms
  }
}

test('a turn lasts 8 ms, and with a weight as many times what others took, up to 200 ms', async () => {
  const check = async (weight: number, othersMs: number, want: number) => {
    const clock = new BusyClock(othersMs)
    const breather = new Breather(clock, undefined, weight)
    await breather.rest()
    let turnMs = 0
    for (; !breather.isDue(); turnMs++) clock.pass(1)
    assert.equal(turnMs, want)
  }
  await check(0, 50, 8)
  await check(2, 0, 8)
  await check(2, 50, 100)
  await check(2, 500, 200)
})
