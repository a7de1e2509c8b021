import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engineOver, seriesOf } from '../../../test/support/promql-engine.ts'
import { MemorySource } from '../../storage/memory-source.ts'
import { LimitedBudget } from './budget.ts'
import { SharedMemoryTotal } from './shared-memory-total.ts'

const MB = 2 ** 20
const SERIES = 1500
const LABEL = 'x'.repeat(300)

/** Series with labels of some length, and samples for some minutes; a second metric that joins with them. */
const source = new MemorySource(
  ['m', 'n'].flatMap((name) =>
    Array.from({ length: SERIES }, (_, i) =>
      seriesOf(
        { __name__: name, i: String(i), instance: `i${i}`, job: 'j', text: LABEL + i },
        Array.from({ length: 30 }, (_, k) => i * 1000 + k),
      ),
    ),
  ),
)
/** One for each operator and function that holds what it reads, and what makes text. */
const QUERIES = [
  'm',
  'm + 1',
  '-m',
  'm[5m]',
  'abs(m)',
  'rate(m[5m])',
  'max_over_time(m[5m:1s])',
  'sum by (i) (m)',
  'avg by (text) (m)',
  'count by (i) (m)',
  'min by (i) (m)',
  'stddev by (i) (m)',
  'quantile(0.5, m)',
  'group by (i) (m)',
  'count_values by (i) ("v", m)',
  'topk(1000, m)',
  'bottomk by (i) (1, m)',
  'limitk(1000, m)',
  'limit_ratio(0.9, m)',
  'm * on (i) n',
  'm * on (i) group_left (text) n',
  'm == bool on (i) n',
  'm and on (i) n',
  'm or n',
  'm unless on (i) vector(1)',
  'sort(m)',
  'sort_by_label(m, "text")',
  'label_replace(m, "y", "$1$1$1$1", "text", "(.*)")',
  'label_join(m, "y", "-", "text", "text", "text")',
  'absent_over_time(m[5m]) or m',
  'histogram_quantile(0.5, label_replace(m, "le", "1", "", ""))',
  'scalar(topk(1, m)) + m',
  'sum(m) + sum(m) + count(m * 2 > m)',
]

test('a query whose operators hold more than it may is refused, by each of them', async () => {
  const engine = engineOver(source, { maxBytes: MB, maxSamples: 1e9, features: new Set(['promql-experimental-functions']) })
  const signal = new AbortController().signal
  const refused: string[] = []
  for (const query of QUERIES) {
    const asked = query.endsWith('m]') ? engine.instant(query, 200_000, { signal }) : engine.range(query, 0, 290_000, 1000, { signal })
    await asked.then(
      () => {},
      (error: Error) => {
        assert.match(error.message, /^query processing would take more than 1048576 bytes of memory in query execution$/, query)
        refused.push(query)
      },
    )
  }
  assert.deepEqual(
    QUERIES.filter((query) => !refused.includes(query)),
    [],
  )
})

test('what is made of text is refused before it is made', async () => {
  const engine = engineOver(source, { maxBytes: 64 * MB })
  const signal = new AbortController().signal
  // Each level doubles it: 300 times 2 to the 40th.
  let query = 'm{i="1"}'
  for (let level = 0; level < 40; level++) query = `label_join(${query}, "text", "", "text", "text")`
  await assert.rejects(engine.instant(query, 0, { signal }), /would take more than 67108864 bytes/)
  let replaced = 'm{i="1"}'
  for (let level = 0; level < 40; level++) replaced = `label_replace(${replaced}, "text", "$1$1", "text", "(.*)")`
  await assert.rejects(engine.instant(replaced, 0, { signal }), /would take more than 67108864 bytes/)
})

test('the info function, and what joins', async () => {
  const engine = engineOver(
    new MemorySource([
      ...Array.from({ length: SERIES }, (_, i) => seriesOf({ __name__: 'm', instance: `i${i}`, job: 'j' }, [1, 2])),
      ...Array.from({ length: SERIES }, (_, i) => seriesOf({ __name__: 'target_info', instance: `i${i}`, job: 'j', more: LABEL }, [1, 1])),
    ]),
    { maxBytes: MB, features: new Set(['promql-experimental-functions']) },
  )
  await assert.rejects(engine.instant('info(m)', 5000, { signal: new AbortController().signal }), /would take more than 1048576 bytes/)
})

test('queries of several threads share memory, and what a thread had that has ended is struck off', () => {
  const total = new SharedMemoryTotal(10 * MB, 2)
  const other = new SharedMemoryTotal(10 * MB, structuredClone(total.words))
  const budget = (share = total.share(0)) => new LimitedBudget({ samplesMax: 1, bytesMax: 100 * MB, share })
  const [one, two, three] = [budget(), budget(), budget(other.share(1))]
  one.chargeBytes(3.5 * MB)
  one.releaseBytes(3.5 * MB)
  assert.equal(total.usedBytes, 4 * MB)
  three.chargeBytes(4 * MB)
  two.chargeBytes(2 * MB)
  assert.equal(other.usedBytes, 10 * MB)
  assert.throws(() => two.chargeBytes(1), {
    code: 'execution',
    message: 'queries together would take more than 10485760 bytes of memory in query execution',
  })
  two.close()
  assert.equal(total.usedBytes, 8 * MB)
  // The thread has ended, and closes nothing.
  total.clear(1)
  assert.equal(total.usedBytes, 4 * MB)
  one.close()
  assert.equal(total.usedBytes, 0)
})
