import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placeExemplars, readExemplars } from './exemplar-points.ts'

const frame = { left: 40, top: 10, width: 200, height: 100, timeMin: 1000, timeMax: 1100, valueMin: 0, valueMax: 10 }
const exemplar = (seconds: number, value: string) => ({ labels: { trace_id: value }, value, timestamp: seconds })
const place = (...exemplars: readonly ReturnType<typeof exemplar>[]) =>
  placeExemplars(readExemplars([{ seriesLabels: { job: 'x' }, exemplars }]), frame).map(({ left, top, place, exemplars }) => [
    left,
    top,
    place,
    exemplars.map(({ value }) => value).join(' '),
  ])

test('exemplars stand at their time and value, in order of time', () => {
  assert.deepEqual(place(exemplar(1050, '5'), exemplar(1025, '2.5')), [
    [50, 75, 'inside', '2.5'],
    [100, 50, 'inside', '5'],
  ])
})

test('what no axis reaches stands at its edge, what no time reaches nowhere', () => {
  assert.deepEqual(place(exemplar(1000, '11'), exemplar(1100, '-1'), exemplar(1101, '5'), exemplar(999, '5'), exemplar(1050, 'NaN')), [
    [0, 0, 'above', '11'],
    [200, 100, 'below', '-1'],
  ])
  assert.deepEqual(place(exemplar(1050, '+Inf')), [[100, 0, 'above', 'Infinity']])
})

test('exemplars next to each other share a point, the largest first', () => {
  assert.deepEqual(place(exemplar(1050, '4.9'), exemplar(1051, '5')), [[100, 51, 'inside', '5 4.9']])
})
