import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scrapeConfig } from '../../test/support/scrape-config.ts'
import { Labels } from '../model/labels.ts'
import { relabelConfig } from '../model/relabel.ts'
import type { ScrapeConfig } from './scrape-config.ts'
import { discoveredLabels, populateTarget } from './target-labels.ts'

function populate(labels: Record<string, string>, fields: Partial<ScrapeConfig> = {}) {
  return populateTarget(Labels.of(labels), scrapeConfig(fields))
}

test('a found address becomes a target', () => {
  const populated = populate({ __address__: 'h:1', __meta_x: 'y', zone: 'z' }, { params: new Map([['p', ['1', '2']]]) })
  assert.ok('target' in populated)
  const { labels, url, slots, timeoutMs, discoveredLabels } = populated.target
  assert.equal(labels.toString(), '{instance="h:1", job="j", zone="z"}')
  assert.equal(url.text, 'http://h:1/metrics?p=1&p=2')
  assert.equal(slots.intervalMs, 1000)
  assert.equal(timeoutMs, 1000)
  assert.deepEqual(
    discoveredLabels.toObject(),
    Object.assign(Object.create(null), {
      __address__: 'h:1',
      __meta_x: 'y',
      __metrics_path__: '/metrics',
      __param_p: '1',
      __scheme__: 'http',
      __scrape_interval__: '1s',
      __scrape_timeout__: '1s',
      job: 'j',
      zone: 'z',
    }),
  )
})

test('labels that are found win over the configuration, and relabeling over both', () => {
  const found = {
    __address__: 'h',
    __scheme__: 'https',
    __metrics_path__: '/m',
    __scrape_interval__: '2m',
    __scrape_timeout__: '5s',
    job: 'own',
    instance: 'i',
  }
  const relabelConfigs = [
    relabelConfig({ targetLabel: '__param_p', replacement: 'new' }),
    relabelConfig({ sourceLabels: ['job'], targetLabel: 'team' }),
  ]
  const populated = populate(found, { relabelConfigs, params: new Map([['p', ['1', '2']]]) })
  assert.ok('target' in populated)
  const { labels, url, slots, timeoutMs } = populated.target
  assert.equal(url.text, 'https://h/m?p=new&p=2')
  assert.equal(url.port, 443)
  assert.equal(labels.toString(), '{instance="i", job="own", team="own"}')
  assert.equal(slots.intervalMs, 120_000)
  assert.equal(timeoutMs, 5000)
})

test("what cannot be scraped is refused in upstream's words", () => {
  const check = (labels: Record<string, string>, want: string) => assert.throws(() => populate(labels), { message: want })
  check({}, 'no address')
  check({ __address__: 'http://h' }, '"http://h" is not a valid hostname')
  check({ __address__: 'h', __scrape_interval__: 'x' }, 'error parsing scrape interval: not a valid duration string: "x"')
  check({ __address__: 'h', __scrape_interval__: '0s' }, 'scrape interval cannot be 0')
  check({ __address__: 'h', __scrape_timeout__: '0' }, 'scrape timeout cannot be 0')
  check({ __address__: 'h', __scrape_timeout__: '2s' }, 'scrape timeout cannot be greater than scrape interval ("2s" > "1s")')
  check({ __address__: 'h', x: '\ud800' }, 'invalid label value for "x": "\\ud800"')
})

test('a dropped target is known by what was found', () => {
  const populated = populate(
    { __address__: 'h' },
    { relabelConfigs: [relabelConfig({ sourceLabels: ['job'], regex: 'j', action: 'drop' })] },
  )
  assert.ok('dropped' in populated)
  assert.equal(populated.dropped.get('__address__'), 'h')
})

test('the labels of a target win over those of its group', () => {
  assert.equal(discoveredLabels(Labels.of({ a: '1' }), Labels.of({ a: '2', b: '3' })).toString(), '{a="1", b="3"}')
})

test('interval and timeout do not tell targets apart, labels and URL do', () => {
  const key = (labels: Record<string, string>) => {
    const populated = populate({ __address__: 'h', ...labels })
    return 'target' in populated ? populated.target.key : ''
  }
  assert.equal(key({ __scrape_interval__: '5s' }), key({}))
  assert.notEqual(key({ x: 'y' }), key({}))
  assert.notEqual(key({ __metrics_path__: '/m' }), key({}))
})

test('a label without a name, as a labelmap with an unknown group makes it, makes no target', () => {
  const relabelConfigs = [relabelConfig({ action: 'labelmap', regex: '(zone)', replacement: '$1_x' })]
  assert.throws(() => populateTarget(Labels.of({ __address__: 'a:1', zone: 'eu' }), scrapeConfig({ relabelConfigs })), {
    message: 'invalid label name ""',
  })
})
