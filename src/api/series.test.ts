import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiClient, apiDeps, NOW } from '../../test/support/api-deps.ts'

const success = (data: unknown, warnings?: string[]) => ({ status: 'success', data, ...(warnings === undefined ? {} : { warnings }) })
const bad = (error: string) => ({ status: 'error', errorType: 'bad_data', error })
const TRUNCATED = ['results truncated due to limit']
const UP_NODE = { __name__: 'up', instance: 'a', job: 'node' }
const UP_PROM = { __name__: 'up', instance: 'b', job: 'prom' }

async function checkAll(table: readonly (readonly [url: string, status: number, want: unknown])[]): Promise<void> {
  const call = apiClient(apiDeps())
  for (const [url, status, want] of table) {
    const answer = await call(`/api/v1/${url}`)
    assert.deepEqual([answer.status, JSON.parse(answer.body)], [status, want], url)
  }
}

test('series', () =>
  checkAll([
    ['series?match[]=up', 200, success([UP_NODE, UP_PROM])],
    ['series?match[]=up{job="prom"}&match[]=up', 200, success([UP_NODE, UP_PROM])],
    ['series?match[]=up&match[]=big', 200, success([{ __name__: 'big', 'a.b': 'x"y\\z\n', job: 'node' }, UP_NODE, UP_PROM])],
    ['series?match[]=up&limit=1', 200, success([UP_NODE], TRUNCATED)],
    ['series?match[]=up&limit=2', 200, success([UP_NODE, UP_PROM])],
    [`series?match[]=up&start=${NOW / 1000 - 60}`, 200, success([UP_NODE])],
    [`series?match[]=up&end=${NOW / 1000 - 60}`, 200, success([UP_PROM])],
    ['series?match[]=up&start=10&end=5', 200, success([])],
    ['series?match[]=nothing', 200, success([])],
    ['series', 400, bad('no match[] parameter provided')],
    ['series?match[]=', 400, bad('invalid parameter "match[]": unknown position: parse error: unexpected end of input')],
    ['series?match[]={}', 400, bad('invalid parameter "match[]": match[] must contain at least one non-empty matcher')],
    ['series?match[]={job=~".*"}', 400, bad('invalid parameter "match[]": match[] must contain at least one non-empty matcher')],
    ['series?match[]=up&limit=x', 400, bad('invalid parameter "limit": strconv.Atoi: parsing "x": invalid syntax')],
    [
      'series?match[]=up&start=x',
      400,
      bad(`invalid parameter "start": invalid time value for 'start': cannot parse "x" to a valid timestamp`),
    ],
  ]))

test('labels', () =>
  checkAll([
    ['labels', 200, success(['Zone', '__name__', 'a.b', 'instance', 'job'])],
    ['labels?match[]=up', 200, success(['__name__', 'instance', 'job'])],
    ['labels?match[]=up&limit=2', 200, success(['__name__', 'instance'], TRUNCATED)],
    ['labels?match[]=nothing', 200, success([])],
    ['labels?start=10&end=5', 200, success([])],
    [
      'labels?start=-292273086-05-16T16:47:06Z&end=292277025-08-18T07:12:54.999999999Z&match[]=up',
      200,
      success(['__name__', 'instance', 'job']),
    ],
    ['labels?match[]=up{', 400, bad('1:4: parse error: unexpected end of input inside braces')],
    ['labels?start=x', 400, bad(`invalid parameter "start": invalid time value for 'start': cannot parse "x" to a valid timestamp`)],
  ]))

test('label values', () =>
  checkAll([
    ['label/job/values', 200, success(['node', 'prom'])],
    ['label/job/values?limit=1', 200, success(['node'], TRUNCATED)],
    ['label/job/values?match[]=up{instance="b"}', 200, success(['prom'])],
    ['label/__name__/values?match[]=up', 200, success(['up'])],
    ['label/a.b/values', 200, success(['x"y\\z\n'])],
    ['label/U__a_2e_b/values', 200, success(['x"y\\z\n'])],
    ['label/none/values', 200, success([])],
    ['label/job/values?match[]={}', 400, bad('match[] must contain at least one non-empty matcher')],
    ['label//values', 400, bad('invalid label name: ""')],
  ]))

test('names and series can be asked for by form', async () => {
  const call = apiClient(apiDeps())
  const post = async (url: string, payload: string) =>
    JSON.parse((await call({ method: 'POST', url, payload, headers: { 'content-type': 'application/x-www-form-urlencoded' } })).body)
  assert.deepEqual(await post('/api/v1/labels', 'match[]=up'), success(['__name__', 'instance', 'job']))
  assert.deepEqual(await post('/api/v1/series', 'match%5B%5D=up%7Bjob%3D%22node%22%7D'), success([UP_NODE]))
  const values = await call({ method: 'POST', url: '/api/v1/label/job/values' })
  assert.deepEqual([values.status, values.headers['allow']], [405, 'GET, OPTIONS'])
})
