import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { realClock } from './clock.ts'

const DAY = 24 * 3600_000

test('timers and tickers of more than 24 days wait for their time', () => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  try {
    const fired: string[] = []
    realClock.setTimer(60 * DAY, () => fired.push('timer'))
    realClock.setTimer(30 * DAY, () => fired.push('cancelled')).cancel()
    const ticker = realClock.setTicker(40 * DAY, () => fired.push('tick'))
    const advance = (days: number) => {
      for (let hour = 0; hour < days * 24; hour++) mock.timers.tick(DAY / 24)
      return fired.splice(0)
    }
    assert.deepEqual(advance(39), [])
    assert.deepEqual(advance(2), ['tick'])
    assert.deepEqual(advance(18), [])
    assert.deepEqual(advance(2), ['timer'])
    assert.deepEqual(advance(20), ['tick'])
    ticker.cancel()
    assert.deepEqual(advance(50), [])
  } finally {
    mock.timers.reset()
  }
})
