import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metricName, type NamedMetric, unitName } from './metric-name.ts'
import type { TranslationStrategy } from './translation-strategy.ts'

type Kind = 'gauge' | 'counter' | 'other'

function named(name: string, unit: string, kind: Kind): NamedMetric {
  return { name, unit, isGauge: kind === 'gauge', isMonotonicSum: kind === 'counter' }
}

function check(strategy: TranslationStrategy, name: string, unit: string, kind: Kind, want: string): void {
  const found = metricName(named(name, unit, kind), strategy)
  assert.equal('name' in found ? found.name : found.fault, want, `${strategy} ${name} ${unit} ${kind}`)
}

// Facts of the first rows: prometheus/otlptranslator, metric_namer_test.go.
test('names are brought into the old alphabet, with unit and type', () => {
  const with_ = (name: string, unit: string, kind: Kind, want: string) => check('UnderscoreEscapingWithSuffixes', name, unit, kind, want)
  with_('system.io', 'By', 'counter', 'system_io_bytes_total')
  with_('system.network.dropped', '{packets}', 'counter', 'system_network_dropped_total')
  with_('system.cpu.utilization', '1', 'gauge', 'system_cpu_utilization_ratio')
  with_('system.disk.operation_time', 's', 'counter', 'system_disk_operation_time_seconds_total')
  with_('redis.latest_fork', 'us', 'gauge', 'redis_latest_fork_microseconds')
  with_('active_directory.ds.replication.network.io', 'By', 'counter', 'active_directory_ds_replication_network_io_bytes_total')
  with_('nsxt.node.memory.usage', 'KBy', 'gauge', 'nsxt_node_memory_usage_kilobytes')
  with_('apache.requests', '1', 'counter', 'apache_requests_total')
  with_('broken.metric.rate', 'By/s', 'gauge', 'broken_metric_rate_bytes_per_second')
  with_('astro.light.speed_limit', 'm/s', 'gauge', 'astro_light_speed_limit_meters_per_second')
  with_('system_performance', 'foo/bar', 'other', 'system_performance_foo_per_bar')
  with_('request.duration.seconds', 's', 'other', 'request_duration_seconds')
  with_('requests.total', '', 'counter', 'requests_total')
  with_('total.requests', '', 'counter', 'requests_total')
  with_('a_ratio_b', '1', 'gauge', 'a_b_ratio')
  with_('3_times', '', 'gauge', '_3_times')
  with_('a:b__c', '', 'gauge', 'a:b_c')
  with_('over', 'a__b', 'gauge', 'over_a_b')
  with_('x', 's/', 'gauge', 'x_seconds')
  with_('x', '/s', 'gauge', 'x_per_second')
  with_('x', ' ms ', 'gauge', 'x_milliseconds')
  with_('ÄÖ', '', 'gauge', 'normalization for metric "ÄÖ" resulted in empty name')
  with_('_', '', 'gauge', 'normalization for metric "_" resulted in empty name')
})

test('names are brought into the old alphabet alone', () => {
  const without = (name: string, want: string) => check('UnderscoreEscapingWithoutSuffixes', name, 's', 'counter', want)
  without('http.server..duration', 'http_server_duration')
  without('already__fine_', 'already__fine_')
  without('1st', '_1st')
  without('', 'normalization for metric "" resulted in empty name')
  without('_.', 'normalization for metric "_." resulted in invalid name "_"')
})

test('names of any alphabet get unit and type, or stay as they are', () => {
  const utf8 = (name: string, unit: string, kind: Kind, want: string) => check('NoUTF8EscapingWithSuffixes', name, unit, kind, want)
  utf8('http.größe', 'By', 'counter', 'http.größe_bytes_total')
  utf8('requests.total', '1', 'counter', 'requests_total')
  utf8('x.ratio', '1', 'gauge', 'x_ratio')
  utf8('io_bytes', 'By', 'gauge', 'io_bytes')
  utf8('io', 'By/s', 'counter', 'io_bytes_per_second_total')
  utf8('total', '', 'counter', 'total_total')
  check('NoTranslation', 'http.größe', 'By', 'counter', 'http.größe')
  check('NoTranslation', '', 'By', 'counter', 'metric has no name')
})

test('units in words', () => {
  const check = (unit: string, want: string) => assert.equal(unitName(unit), want, unit)
  check('s', 'seconds')
  check('By/s', 'bytes_per_second')
  check('1', '')
  check('{request}', '')
  check('{request}/m', 'per_minute')
  check('a.b', 'a_b')
  check('__x__', 'x')
  assert.equal(unitName('a.b', 'NoTranslation'), 'a.b')
})
