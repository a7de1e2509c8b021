import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LimitedBudget } from '../../promql/exec/budget.ts'
import type { FragmentPart } from '../../promql/exec/split-helpers.ts'
import { ThreadHelpers } from './thread-helpers.ts'
import type { FragmentMessage } from './thread-messages.ts'

const part = (steps: number): FragmentPart => ({
  labels: { text: '', lengths: new Uint32Array(0), counts: new Uint32Array(0) },
  dropNames: new Uint8Array(0),
  columns: [new Float64Array(steps)],
  remarks: [],
  samplesTotal: 0,
  samplesRead: 0,
})

test('what helpers have found is on the budget of the query until it is taken', async () => {
  const budget = new LimitedBudget({ samplesMax: 100, bytesMax: 1000 })
  const sent: FragmentMessage[] = []
  const helpers = new ThreadHelpers(1, 2, new AbortController().signal, budget, (message) => sent.push(message))
  const ranges = [{}, {}, {}].map(() => ({ from: undefined, to: undefined }))
  const work = helpers.begin({ id: 0, steps: { start: 0, stepMs: 1, count: 100 }, ranges })
  const found = (place: number, steps: number) =>
    helpers.found({ kind: 'fragmentPart', id: 1, number: 0, part: place, helper: 0, found: part(steps), bytesPeak: 0, samplesPeak: 0 })
  assert.equal(sent.length, 1)
  found(1, 100)
  assert.equal(budget.bytes, 800)
  assert.equal((await work.result(1))?.columns[0].length, 100)
  assert.equal(budget.bytes, 0)
  found(2, 200)
  await assert.rejects(work.result(2), { code: 'execution' })
  assert.ok(budget.isExceeded, 'so that the query is answered by its own thread')
  helpers.end()
  const { bytes } = budget
  found(0, 100)
  assert.equal(budget.bytes, bytes)
  budget.close()
})
