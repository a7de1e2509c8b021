import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Labels } from '../../model/labels.ts'
import { LimitedBudget } from './budget.ts'
import { ColumnMemory, countPresent, isAnyPresent } from './columns.ts'

test('columns are charged before they are there, and used again', () => {
  const budget = new LimitedBudget({ samplesMax: 1000, bytesMax: 2000 })
  const memory = new ColumnMemory(budget)
  const labels = Labels.of({ a: 'b' })
  const first = memory.series(labels, 100)
  first.present.fill(1)
  assert.throws(() => memory.series(labels, 100), { code: 'execution', message: /more than 2000 bytes/ })
  memory.release(first)
  const again = memory.series(Labels.empty, 100)
  assert.equal(again, first)
  assert.equal(again.labels, Labels.empty)
  assert.equal(isAnyPresent(again.present), false)
})

test('what is released gives its samples back', () => {
  const budget = new LimitedBudget({ samplesMax: 10, bytesMax: 1e6 })
  const memory = new ColumnMemory(budget)
  for (let i = 0; i < 5; i++) {
    const series = memory.series(Labels.empty, 8)
    memory.chargeSamples(series, 8)
    memory.release(series)
  }
  assert.equal(budget.samplesPeak, 8)
  const held = memory.series(Labels.empty, 8)
  memory.chargeSamples(held, 8)
  assert.throws(() => memory.copy(held), { message: 'query processing would load too many samples into memory in query execution' })
})

test('closing gives all bytes back', () => {
  const budget = new LimitedBudget({ samplesMax: 10, bytesMax: 1000 })
  for (let i = 0; i < 5; i++) {
    const memory = new ColumnMemory(budget)
    memory.floats(50)
    memory.indexes(50)
    memory.flags(50)
    memory.close()
  }
  assert.equal(budget.bytesPeak, 650)
})

test('a copy is of its own', () => {
  const memory = new ColumnMemory(new LimitedBudget({ samplesMax: 10, bytesMax: 1e6 }))
  const series = memory.series(Labels.empty, 2)
  series.values[1] = 7
  series.present[1] = 1
  const copy = memory.copy(series)
  series.values[1] = 8
  series.present[1] = 0
  assert.equal(copy.values[1], 7)
  assert.equal(countPresent(copy.present), 1)
})
