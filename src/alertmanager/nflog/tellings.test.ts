import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tellings } from './tellings.ts'

test('who told later what another told before finds it out once, whatever it hears in which order', () => {
  const telling = (sender: string, key: string, time: number) => ({ key, time: BigInt(time), sender })
  const tellings = new Tellings('b')
  assert.deepEqual(tellings.learn('g', [telling('b', 'k', 5)], 'here'), [])
  assert.deepEqual(tellings.learn('g', [telling('c', 'k', 7), telling('', '', 1)], 'others'), [])
  assert.equal(tellings.toldBefore('g', [telling('c', 'k', 7)]), true)
  assert.equal(tellings.toldBefore('g', [telling('a', 'k', 3)]), false)
  assert.deepEqual(tellings.learn('g', [telling('a', 'k', 3)], 'others'), ['k'])
  assert.deepEqual(tellings.learn('g', [telling('a', 'k', 3)], 'others'), [])
  assert.deepEqual(tellings.learn('h', [telling('a', 'k', 3)], 'others'), [])
  // Of an earlier life: it was counted there.
  assert.deepEqual(tellings.learn('h', [telling('b', 'k', 4)], 'others'), [])
  assert.deepEqual(tellings.learn('h', [telling('b', 'k', 9)], 'here'), ['k'])
  for (let time = 10; time < 50; time++) tellings.learn('g', [telling('a', `${time}`, time)], 'others')
  assert.equal(tellings.of('g').length, 16)
  tellings.forget('g')
  assert.deepEqual(tellings.of('g'), [])
})
