import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Labels } from '../../model/labels.ts'
import { parseSeriesDescription } from '../../promql/parser/series-description.ts'
import type { QueryValue } from '../../promql/value.ts'
import { decodeInstant, encodeInstant } from './vector-bytes.ts'

test('an instant answer comes through as it is', () => {
  const [first] = parseSeriesDescription('{} {{schema:0 count:3 sum:NaN buckets:[1 2]}}').values
  assert.ok(first?.kind === 'histogram')
  const check = (value: QueryValue) => assert.deepEqual(decodeInstant(encodeInstant(value, ['block x'])), { value, missing: ['block x'] })
  check({ type: 'scalar', t: 5, v: Number.NaN })
  check({ type: 'string', t: 5, v: 'é' })
  check({ type: 'vector', samples: [] })
  const labels = Labels.of({ __name__: 'a', b: 'c' })
  check({
    type: 'vector',
    samples: [
      { labels, t: 1, v: Number.POSITIVE_INFINITY, h: undefined },
      { labels: Labels.empty, t: 1.5, v: first.histogram.sum, h: first.histogram },
    ],
  })
  assert.throws(() => encodeInstant({ type: 'matrix', series: [] }, []), /^Error: rule result is not a vector or scalar$/)
})
