import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiClient, apiDeps, NOW } from '../../test/support/api-deps.ts'
import { jaroWinkler, searchFilter, subsequenceScore } from './search-score.ts'

async function lines(url: string, deps = apiDeps()): Promise<unknown[]> {
  const { status, headers, body } = await apiClient(deps)(`/api/v1/search/${url}`)
  assert.deepEqual([status, headers['content-type']], [200, 'application/x-ndjson; charset=utf-8'], body)
  return body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

const end = (has_more = false) => ({ status: 'success', has_more })
const names = (...list: string[]) => ({ results: list.map((name) => ({ name })) })

test('names and values are found, in batches', async () => {
  assert.deepEqual(await lines('metric_names'), [names('big', 'gone', 'my.metric', 'up'), end()])
  assert.deepEqual(await lines('metric_names?batch_size=3'), [names('big', 'gone', 'my.metric'), names('up'), end()])
  assert.deepEqual(await lines('metric_names?limit=1&sort_by=alpha&sort_dir=dsc'), [names('up'), end(true)])
  assert.deepEqual(await lines(`metric_names?end=${NOW / 1000 - 60}`), [names('up'), end()])
  assert.deepEqual(await lines('label_names?search[]=nst'), [names('instance'), end()])
  assert.deepEqual(await lines('label_values?label=job&match[]=up&search[]=P&case_sensitive=false'), [names('prom'), end()])
  assert.deepEqual(await lines('label_values?label=job&search[]=q'), [names(), end()])
  assert.deepEqual(await lines('metric_names?search[]=up&search[]=mm&sort_by=score&include_score=true&include_metadata=true'), [
    {
      results: [
        { name: 'up', score: 1, type: 'gauge', help: 'Whether it is up.' },
        { name: 'my.metric', score: subsequenceScore('mm', 'my.metric'), type: 'counter', help: 'Sent.' },
      ],
    },
    end(),
  ])
})

test('what cannot be searched is refused', async () => {
  const check = async (url: string, error: string, status = 400, errorType = 'bad_data', deps = apiDeps()) => {
    const answer = await apiClient(deps)(`/api/v1/search/${url}`)
    assert.deepEqual([answer.status, JSON.parse(answer.body)], [status, { status: 'error', errorType, error }], url)
  }
  await check('metric_names', 'search API disabled', 503, 'unavailable', apiDeps({ features: new Set() }))
  await check('metric_names?start=x', `invalid time value for 'start': cannot parse "x" to a valid timestamp`)
  await check('metric_names?start=2&end=1', 'end timestamp must not be before start timestamp')
  await check('metric_names?fuzz_threshold=101', 'invalid fuzz_threshold "101": must be 0-100')
  await check('metric_names?fuzz_alg=x', 'unsupported fuzz_alg "x": must be one of [subsequence jarowinkler]')
  await check('metric_names?include_score=maybe', 'invalid include_score "maybe": must be boolean')
  await check('metric_names?sort_dir=asc', 'sort_dir is only valid when sort_by is set')
  await check('metric_names?sort_by=score', 'sort_by=score requires search[] to be set')
  await check('label_names?sort_by=size', 'invalid sort_by "size" for label_names: must be "alpha" or "score"')
  await check('metric_names?limit=-1', 'invalid limit "-1": must be non-negative integer')
  await check('metric_names?limit=1001', 'limit 1001 exceeds the configured maximum (1000, see --web.search.max-limit)')
  await check('label_values', 'missing required parameter "label"')
  await check(`metric_names?${'search[]=a&'.repeat(33)}`, 'too many search[] terms: got 33, maximum is 32')
})

test('scores', () => {
  const near = (found: number, want: number) => assert.ok(Math.abs(found - want) < 1e-12, `${found}, want ${want}`)
  near(subsequenceScore('ab', 'ab'), 1)
  near(subsequenceScore('ab', 'ba'), 0)
  // One run of two, one character after it: (4 - 1/3/2) / 4.
  near(subsequenceScore('ab', 'abc'), (4 - 1 / 6) / 4)
  // Two runs of one, one character between: (1 + 1 - 1/3) / 4.
  near(subsequenceScore('ac', 'abc'), (2 - 1 / 3) / 4)
  // The later start is the better one.
  near(subsequenceScore('ab', 'axab'), (4 - 2 / 4) / 4)
  near(jaroWinkler('martha', 'marhta'), 0.9611111111111111)
  near(jaroWinkler('dixon', 'dicksonx'), 0.8133333333333332)
  near(jaroWinkler('a', 'b'), 0)
  const fuzzy = searchFilter({ terms: ['node_cpu', ''], threshold: 0.9, algorithm: 'jarowinkler', caseSensitive: true })!
  assert.deepEqual([fuzzy('node_cpu_seconds'), fuzzy('a_node_cpu'), fuzzy('up')], [1, 0.9, undefined])
  assert.equal(searchFilter({ terms: [''], threshold: 0, algorithm: 'subsequence', caseSensitive: true }), undefined)
})
