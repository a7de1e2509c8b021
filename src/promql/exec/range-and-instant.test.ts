import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { engineOver, seriesOf, signal, type Value } from '../../../test/support/promql-engine.ts'
import { expressions } from '../../../test/support/promql-generator.ts'
import type { QueryValue } from '../value.ts'

const LABELS = { job: ['x', 'y'], le: ['0.1', '+Inf'] }
const STEP_MS = 15_000

function values(seed: number): Value[] {
  return Array.from({ length: 60 }, (_, i) => {
    const kind = (i * 11 + seed * 5) % 29
    if (kind === 0) return 'stale'
    if (kind < 4) return undefined
    if (kind === 5) return Number.NaN
    return ((i * (seed + 2)) % 13) * (seed % 2 === 0 ? 1 : -1.25)
  })
}

const engine = engineOver(
  ['a', 'b_total'].flatMap((name, n) =>
    LABELS.job.flatMap((job, j) => LABELS.le.map((le, l) => seriesOf({ __name__: name, job, le }, values(n * 4 + j * 2 + l)))),
  ),
)

function atTime(value: QueryValue, time: number): string[] {
  if (value.type === 'vector') return value.samples.map(({ labels, v }) => `${labels} ${v.toPrecision(10)}`).sort()
  if (value.type === 'scalar') return [`{} ${value.v.toPrecision(10)}`]
  if (value.type !== 'matrix') return []
  return value.series
    .flatMap(({ labels, timestamps, values, length }) => {
      const i = timestamps.subarray(0, length).indexOf(time)
      return i < 0 ? [] : [`${labels} ${values[i].toPrecision(10)}`]
    })
    .sort()
}

test('a step of a range query is what an instant query answers', async () => {
  const { vector, scalar } = expressions({ metrics: ['a', 'b_total'], labels: LABELS, depthMax: 2 })
  const queries = fc.oneof(vector, scalar).filter((query) => !/@ (start|end)\(\)/.test(query))
  await fc.assert(
    fc.asyncProperty(queries, fc.constantFrom(30_000, 240_000, 480_000), async (query, start) => {
      const end = start + 7 * STEP_MS
      const range = await engine.range(query, start, end, STEP_MS, { signal: signal() }).catch(() => undefined)
      // What fails at one step fails as a whole: nothing to compare.
      if (range === undefined) return
      for (let time = start; time <= end; time += STEP_MS) {
        const instant = await engine.instant(query, time, { signal: signal() })
        assert.deepEqual(atTime(range.value, time), atTime(instant.value, time), `${query} at ${time}`)
      }
    }),
    { numRuns: 500, seed: 20261122 },
  )
})

test('of equal groups of count_values a step of a range chooses as an instant query does', async () => {
  const swapped = engineOver([seriesOf({ __name__: 'm', i: '1' }, [5, 7]), seriesOf({ __name__: 'm', i: '2' }, [7, 5])])
  const query = 'topk(1, count_values("value", m))'
  const range = await swapped.range(query, 0, STEP_MS, STEP_MS, { signal: signal() })
  for (const time of [0, STEP_MS]) {
    const instant = await swapped.instant(query, time, { signal: signal() })
    assert.deepEqual(atTime(instant.value, time), ['{value="5"} 1.000000000'])
    assert.deepEqual(atTime(range.value, time), ['{value="5"} 1.000000000'])
  }
})
