import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiClient, apiDeps } from '../../test/support/api-deps.ts'
import { CodedError } from '../base/errors.ts'
import type { AdminActions } from './deps.ts'

/** Says what it was asked for. */
class NotedActions implements AdminActions {
  readonly calls: string[] = []
  failure: Error | undefined

  async deleteSamples(...[matchers, minTime, maxTime]: Parameters<AdminActions['deleteSamples']>): Promise<void> {
    this.#note(`delete {${matchers.join(',')}} ${minTime} ${maxTime}`)
  }

  async cleanTombstones(): Promise<void> {
    this.#note('clean')
  }

  async snapshot(isWhole: boolean): Promise<string> {
    this.#note(`snapshot ${isWhole ? 'whole' : 'of blocks'}`)
    return '20260101T000000Z-0123456789abcdef'
  }

  #note(call: string): void {
    if (this.failure !== undefined) throw this.failure
    this.calls.push(call)
  }
}

const bad = (error: string) => ({ status: 'error', errorType: 'bad_data', error })
const EVER = `${-Number.MAX_SAFE_INTEGER} ${Number.MAX_SAFE_INTEGER}`

test('what the admin API is asked for is done, or refused in upstream’s words', async () => {
  const admin = new NotedActions()
  const call = apiClient(apiDeps({ admin }))
  const check = async (url: string, status: number, want: unknown, calls: readonly string[]) => {
    for (const method of ['POST', 'PUT'] as const) {
      admin.calls.length = 0
      const answer = await call({ method, url: `/api/v1/admin/tsdb/${url}` })
      assert.deepEqual([answer.status, answer.body === '' ? '' : JSON.parse(answer.body)], [status, want], url)
      assert.deepEqual(admin.calls, calls, url)
    }
  }
  const name = { status: 'success', data: { name: '20260101T000000Z-0123456789abcdef' } }
  await check('snapshot', 200, name, ['snapshot whole'])
  await check('snapshot?skip_head=true', 200, name, ['snapshot of blocks'])
  await check('snapshot?skip_head=F', 200, name, ['snapshot whole'])
  const notBoolean = 'invalid parameter "skip_head": unable to parse boolean: strconv.ParseBool: parsing "maybe": invalid syntax'
  await check('snapshot?skip_head=maybe', 400, bad(notBoolean), [])
  await check('clean_tombstones', 204, '', ['clean'])
  await check('delete_series', 400, bad('no match[] parameter provided'), [])
  await check('delete_series?match[]=up{job="a"}', 204, '', [`delete {job="a",__name__="up"} ${EVER}`])
  await check('delete_series?match[]=up&match[]={job=~"a|b"}&start=1.5&end=1970-01-01T00:00:09Z', 204, '', [
    'delete {__name__="up"} 1500 9000',
    'delete {job=~"a|b"} 1500 9000',
  ])
  const badTime = `invalid parameter "start": invalid time value for 'start': cannot parse "x" to a valid timestamp`
  await check('delete_series?match[]=up&start=x', 400, bad(badTime), [])
  await check(
    'delete_series?match[]=up&match[]={',
    400,
    bad('invalid parameter "match[]": 1:2: parse error: unexpected end of input inside braces'),
    [],
  )
  admin.failure = new CodedError('internal', 'clean tombstones: /data/01J9ZQ6V7M3T4XKQ2B8R5C6D7E: ENOSPC')
  await check('clean_tombstones', 500, { status: 'error', errorType: 'internal', error: admin.failure.message }, [])
})

test('without --web.enable-admin-api it is refused, and a GET always', async () => {
  const disabled = { status: 'error', errorType: 'unavailable', error: 'admin APIs disabled' }
  for (const name of ['delete_series', 'clean_tombstones', 'snapshot']) {
    const url = `/api/v1/admin/tsdb/${name}`
    const answer = await apiClient(apiDeps())({ method: 'POST', url })
    assert.deepEqual([answer.status, JSON.parse(answer.body)], [500, disabled])
    assert.equal((await apiClient(apiDeps({ admin: new NotedActions() }))({ method: 'GET', url })).status, 405)
  }
})

test('while the log is replayed nothing is changed', async () => {
  const admin = new NotedActions()
  const readiness = () => ({ ready: false, reason: 'the server is stopping', stopping: true }) as const
  const answer = await apiClient(apiDeps({ admin, readiness }))({ method: 'POST', url: '/api/v1/admin/tsdb/snapshot' })
  assert.equal(answer.status, 503)
  assert.deepEqual(admin.calls, [])
})
