import assert from 'node:assert/strict'
import { test } from 'node:test'
import { QueryGate } from './query-gate.ts'

test('turns go in the order of asking, and one that gives up is passed over', async () => {
  const gate = new QueryGate(2)
  const { signal } = new AbortController()
  const order: number[] = []
  await gate.enter(signal)
  await gate.enter(signal)
  const third = gate.enter(signal).then(() => order.push(3))
  const abort = new AbortController()
  const fourth = gate.enter(abort.signal)
  const fifth = gate.enter(signal).then(() => order.push(5))
  abort.abort(new Error('enough'))
  await assert.rejects(fourth, /enough/)
  assert.deepEqual(order, [])
  gate.leave()
  await third
  gate.leave()
  await fifth
  assert.deepEqual(order, [3, 5])
})

test('a place that was left is free', async () => {
  const gate = new QueryGate(1)
  const { signal } = new AbortController()
  await gate.enter(signal)
  gate.leave()
  await gate.enter(signal)
  await assert.rejects(gate.enter(AbortSignal.abort(new Error('gone'))), /gone/)
})
