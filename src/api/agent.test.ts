import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiClient, apiDeps } from '../../test/support/api-deps.ts'

test('an agent answers nothing that is stored, and says what it is', async () => {
  const get = apiClient(apiDeps({ isAgent: true }))
  for (const path of ['query?query=up', 'query_range?query=up&start=0&end=1&step=1', 'labels', 'label/job/values', 'series?match[]=up']) {
    const { status, body } = await get(`/api/v1/${path}`)
    assert.equal(status, 422, path)
    assert.deepEqual(JSON.parse(body), { status: 'error', errorType: 'execution', error: 'unavailable with Prometheus Agent' })
  }
  const { body } = await get('/api/v1/features')
  const { prometheus } = JSON.parse(body).data
  assert.deepEqual([prometheus.agent_mode, prometheus.server_mode], [true, false])
})
