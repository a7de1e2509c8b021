import assert from 'node:assert/strict'
import { test } from 'node:test'
import { guessUnit, type Unit } from './unit.ts'

test('guessUnit trusts names and gives up when unsure', () => {
  const check = (expr: string, want: Unit) => assert.equal(guessUnit(expr), want, expr)
  check('node_memory_MemTotal_bytes', 'bytes')
  check('node_memory_MemTotal_bytes{instance="a"}', 'bytes')
  check('sum by (instance) (node_memory_MemTotal_bytes)', 'bytes')
  check('node_memory_MemTotal_bytes - node_memory_MemFree_bytes', 'none')
  check('rate(node_network_receive_bytes_total[5m])', 'bytes/s')
  check('increase(node_network_receive_bytes_total[5m])', 'bytes')
  check('node_memory_MemFree_bytes / node_memory_MemTotal_bytes', 'none')
  check('scrape_duration_seconds', 'seconds')
  check('rate(node_cpu_seconds_total[30s])', 'none')
  check('histogram_quantile(0.9, sum by (le) (rate(http_request_duration_seconds_bucket[5m])))', 'seconds')
  check('process_start_time_seconds', 'seconds')
  check('push_timestamp_seconds', 'none')
  check('count(node_memory_MemTotal_bytes)', 'none')
  check('up', 'none')
  check('{__name__="x_bytes"}', 'none')
  check('topk(3, process_resident_memory_bytes)', 'bytes')
  check('', 'none')
})
