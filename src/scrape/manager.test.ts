import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChangingTargets, fixedTargets, scrapeConfig } from '../../test/support/scrape-config.ts'
import { START, scraping, series, slot, values, world } from '../../test/support/scrape-world.ts'
import { sleep } from '../base/env.ts'
import { CodedError } from '../base/errors.ts'
import { untilAborted } from '../base/service.ts'
import type { DiscovererConfig, TargetGroup } from '../discovery/discoverer.ts'
import { Labels } from '../model/labels.ts'
import { relabelConfig } from '../model/relabel.ts'
import type { ScrapeConfig } from './scrape-config.ts'

async function* forever(signal: AbortSignal): AsyncIterable<readonly TargetGroup[]> {
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  yield []
}

test('a target is scraped in its slots, with its report', async () => {
  await scraping({}, '# TYPE x counter\nx 5\ny{b="c"} 6\n', 3, ({ store, env, manager }) => {
    const first = slot('a:1', START + 20)
    const times = [first, first + 1000, first + 2000].filter((time) => time <= env.clock.now())
    assert.ok(times.length >= 2)
    const at = (value: number) => times.map((time) => `${time}=${value}`).join(' ')
    assert.equal(store.text(series('x')), at(5))
    assert.equal(store.text('y{b="c", instance="a:1", job="j"}'), at(6))
    assert.equal(store.text(series('up')), at(1))
    assert.equal(store.text(series('scrape_samples_scraped')), at(2))
    assert.equal(store.text(series('scrape_samples_post_metric_relabeling')), at(2))
    assert.match(store.text(series('scrape_series_added')), /=2 \d+=0/)
    assert.equal(store.times(series('scrape_duration_seconds')).length, times.length)
    assert.equal(store.seriesCalls, 7)
    const [status] = manager.active()
    assert.equal(status.health, 'up')
    assert.equal(status.scrapeUrl, 'http://a:1/metrics')
    assert.equal(status.labels.toString(), '{instance="a:1", job="j"}')
    assert.equal(status.discoveredLabels.get('__address__'), 'a:1')
  })
})

test('what is scraped before the storage takes samples waits for it, a third of an interval at most', async () => {
  const opening = Promise.withResolvers<void>()
  const w = world({ open: opening.promise })
  // As a storage that is not open does.
  const { appender } = w.store
  w.store.appender = () => {
    throw new CodedError('unavailable', 'not open')
  }
  w.pages.set('a:1', 'x 1\n')
  w.manager.apply([scrapeConfig({ discoverers: [fixedTargets('a:1')] })])
  const refused = slot('a:1', START)
  const kept = refused + 1000
  await w.env.clock.advance(refused + 300 - START)
  assert.deepEqual([w.requests.length, w.manager.active()[0].lastError], [1, ''])
  await w.env.clock.advance(200)
  assert.equal(w.manager.active()[0].lastError, 'not open')
  await w.env.clock.advance(kept + 300 - w.env.clock.now())
  assert.equal(w.requests.length, 2)
  w.store.appender = appender
  opening.resolve()
  await w.env.clock.advance(1000)
  assert.equal(w.store.text(series('x')), `${kept}=1 ${kept + 1000}=1`)
  assert.equal(w.requests.length, 3)
  await w.stop()
})

test('a scrape that waits for the storage to open does not hold up the end', async () => {
  const w = world({ open: new Promise(() => {}) })
  w.pages.set('a:1', 'x 1\n')
  w.manager.apply([scrapeConfig({ discoverers: [fixedTargets('a:1')] })])
  await w.env.clock.advance(slot('a:1', START) + 200 - START)
  assert.equal(w.requests.length, 1)
  await w.stop()
  assert.equal(w.store.text(series('x')), '')
})

test('what discovery finds just after its first word is taken over with no more delay than what comes together', async () => {
  const w = world()
  async function* inParts(signal: AbortSignal): AsyncIterable<readonly TargetGroup[]> {
    for (const source of ['a:1', 'b:1']) {
      yield [{ source, labels: Labels.empty, targets: [Labels.of({ __address__: source })] }]
      await sleep(w.env.clock, 5, signal)
    }
    await untilAborted(signal)
  }
  const discoverers: DiscovererConfig[] = [{ mechanism: 'parts', fingerprint: 'p', create: () => ({ watch: inParts }) }]
  w.manager.apply([scrapeConfig({ discoverers })])
  await w.env.clock.advance(100)
  assert.deepEqual(
    w.manager.active().map(({ labels }) => labels.get('instance')),
    ['a:1', 'b:1'],
  )
  await w.stop()
})

test('two replicas give equal timestamps, started and delayed as they may be', async () => {
  const pages = new Map([
    ['a:1', 'x 1\n'],
    ['b:1', 'x 2\n'],
  ])
  const first = world({ pages, startTime: START + 137, seed: 1 })
  const second = world({ pages, startTime: START + 733.4, seed: 2 })
  second.env.network.latencyMs = 17
  second.env.clock.jump(12)
  for (const { manager } of [first, second]) manager.apply([scrapeConfig({ discoverers: [fixedTargets('a:1', 'b:1')] })])
  for (const { env } of [first, second]) await env.clock.advance(20_000)
  for (const address of ['a:1', 'b:1']) {
    const times = [first, second].map(({ store }) => new Set(store.times(series('x', address))))
    const common = [...times[0]].filter((t) => times[1].has(t))
    assert.ok(common.length >= 18, `${common.length} of ${times[0].size} timestamps are equal`)
    assert.equal(slot(address, common[0]), common[0])
  }
  assert.notEqual(slot('a:1', START) % 1000, slot('b:1', START) % 1000, 'targets are spread over the interval')
  for (const { stop } of [first, second]) await stop()
})

test('series that go are marked stale: one of a page, all of a failed scrape, and they come back', async () => {
  await scraping({}, 'x 1\ny 2\nz 3\n', 1.9, async ({ store, pages, env, manager }) => {
    const before = store.times(series('x')).length
    pages.set('a:1', 'z 3\nx 1\nw 4\n')
    await env.clock.advance(1000)
    assert.equal(values(store, series('y')), `${'2 '.repeat(before)}stale`)
    assert.equal(values(store, series('z')), '3 '.repeat(before + 1).trim())
    pages.delete('a:1')
    // The connection is kept: an empty page stands for nothing exposed.
    pages.set('a:1', '')
    await env.clock.advance(1000)
    assert.equal(values(store, series('x')), `${'1 '.repeat(before + 1)}stale`)
    assert.equal(values(store, series('up')), '1 '.repeat(before + 2).trim())
    pages.set('a:1', 'x 1\nbroken\n')
    await env.clock.advance(1000)
    assert.equal(values(store, series('x')), `${'1 '.repeat(before + 1)}stale`)
    assert.equal(values(store, series('up')), `${'1 '.repeat(before + 2)}0`)
    assert.equal(manager.active()[0].lastError, 'line 2, column 7: expected value after metric, found "\\n"')
    pages.set('a:1', 'z 3\nx 1\nw 4\n')
    await env.clock.advance(1000)
    assert.equal(values(store, series('x')), `${'1 '.repeat(before + 1)}stale 1`)
    assert.equal(values(store, series('y')), `${'2 '.repeat(before)}stale`)
  })
})

test('the same series in other words is not stale', async () => {
  await scraping({}, 'x{a="1",b="2"} 1\n', 1.9, async ({ store, pages, env }) => {
    pages.set('a:1', 'x{b="2",a="1"} 1\n')
    await env.clock.advance(1000)
    assert.doesNotMatch(store.text('x{a="1", b="2", instance="a:1", job="j"}'), /stale/)
  })
})

test('a page in another order, with insertions and repetitions, is stored in full', async () => {
  const line = (i: number) => `x{i="${i}"} ${i}\n`
  const page = (numbers: readonly number[]) => numbers.map(line).join('')
  await scraping({}, page([1, 2, 3, 4, 5]), 0.999, async ({ store, pages, env }) => {
    const orders = [
      [5, 4, 3, 2, 1],
      [1, 9, 2, 8, 3, 7, 4],
      [1, 1, 2, 2],
      [2, 1, 1, 2],
      [1, 2],
      [1, 1, 2],
      [1, 1, 2],
      [2, 1],
    ]
    for (const order of orders) {
      pages.set('a:1', page(order))
      const count = (i: number) => store.times(`x{i="${i}", instance="a:1", job="j"}`).length
      const before = [1, 2, 3, 4, 5, 7, 8, 9].map((i) => [i, count(i), store.text(`x{i="${i}", instance="a:1", job="j"}`)] as const)
      await env.clock.advance(1000)
      for (const [i, length, text] of before) {
        const name = `x{i="${i}", instance="a:1", job="j"}`
        if (order.includes(i)) assert.equal(values(store, name).split(' ').at(-1), String(i), `${i} of ${order}`)
        else if (length > 0 && !text.endsWith('stale')) assert.ok(store.text(name).endsWith('stale'), `${i} is gone from ${order}`)
        else assert.equal(store.text(name), text)
      }
      assert.equal(values(store, series('scrape_samples_scraped')).split(' ').at(-1), String(order.length))
    }
    assert.match(await env.metrics.metrics(), /prometheus_target_scrapes_sample_duplicate_timestamp_total 6\n/)
  })
})

test('label conflicts, honored or renamed', async () => {
  const page = 'x{job="k",instance="i",exported_job="e"} 1\n'
  await scraping({}, page, 1.1, ({ store }) =>
    assert.ok(store.names().includes('x{exported_exported_job="k", exported_instance="i", exported_job="e", instance="a:1", job="j"}')),
  )
  await scraping({ honorLabels: true }, page, 1.1, ({ store }) =>
    assert.ok(store.names().includes('x{exported_job="e", instance="i", job="k"}')),
  )
})

test('timestamps of the target win when they are honored', async () => {
  const own = START - 5000
  await scraping({}, `x 1 ${own}\ny 1 ${START + 3_600_000}\n`, 2.5, async ({ store, env, pages }) => {
    assert.equal(store.text(series('x')), `${own}=1`)
    assert.equal(store.text(series('y')), '')
    assert.match(await env.metrics.metrics(), /prometheus_target_scrapes_sample_out_of_bounds_total 2\n/)
    pages.set('a:1', 'z 1\n')
    await env.clock.advance(1000)
    assert.equal(store.text(series('x')), `${own}=1`, 'never marked stale')
  })
  await scraping({ honorTimestamps: false }, `x 1 ${own}\n`, 1.1, ({ store }) =>
    assert.equal(slot('a:1', store.times(series('x'))[0]), store.times(series('x'))[0]),
  )
})

test('metric relabeling runs once per series, and drops', async () => {
  const drop = relabelConfig({ sourceLabels: ['__name__'], regex: 'y.*', action: 'drop' })
  await scraping({ metricRelabelConfigs: [drop] }, 'x 1\nyy 2\nz 3\n', 4.1, async ({ store, pages, env }) => {
    assert.ok(!store.names().some((name) => name.startsWith('yy')))
    assert.equal(store.seriesCalls, 7)
    assert.match(values(store, series('scrape_samples_scraped')), /^3( 3)+$/)
    assert.match(values(store, series('scrape_samples_post_metric_relabeling')), /^2( 2)+$/)
    pages.set('a:1', 'yy 2\nx 1\nz 3\nyy 2\n')
    await env.clock.advance(2000)
    assert.equal(store.seriesCalls, 7)
    assert.match(values(store, series('scrape_samples_post_metric_relabeling')), /^2( 2)+$/)
  })
})

test('an exceeded limit fails the whole scrape with its reason', async () => {
  const check = async (fields: Partial<ScrapeConfig>, want: string, page = 'x{l="value"} 1\nmetric_name 2\ny 3\n') =>
    await scraping(fields, page, 1.1, ({ store, manager }) => {
      assert.equal(manager.active()[0].lastError, want)
      assert.equal(manager.active()[0].health, 'down')
      assert.match(values(store, series('up')), /^0( 0)*$/)
      assert.deepEqual(
        store.names().filter((name) => !/^(up|scrape_)/.test(name)),
        [],
      )
      if (want === 'sample limit exceeded') assert.match(values(store, series('scrape_samples_scraped')), /^3/)
    })
  await check({ sampleLimit: 2 }, 'sample limit exceeded')
  await check({ bodyBytesMax: 20 }, 'body size limit exceeded')
  await check({ labelLimit: 3 }, 'label_limit exceeded (metric: x, number of labels: 4, limit: 3)')
  await check({ labelNameLengthLimit: 7 }, 'label_name_length_limit exceeded (metric: x, label name: __name__, length: 8, limit: 7)')
  await check(
    { labelValueLengthLimit: 4 },
    'label_value_length_limit exceeded (metric: x, label name: l, value: "value", length: 5, limit: 4)',
  )
  await check({ targetLimit: 1, discoverers: [fixedTargets('a:1', 'b:1')] }, 'target_limit exceeded (number of targets: 2, limit: 1)')
  await check({ metricRelabelConfigs: [relabelConfig({ regex: '__name__', action: 'labeldrop' })] }, 'missing metric name (__name__ label)')
})

test('a page of exactly the sample limit is taken, again and again', async () => {
  await scraping({ sampleLimit: 3 }, 'x 1\ny 2\nz 3\n', 3.1, ({ store }) => assert.match(values(store, series('up')), /^1( 1)+$/))
})

test('a series that the storage let go of gets a new handle', async () => {
  await scraping({}, 'x 1\ny 2\n', 1.9, async ({ store, env }) => {
    const before = store.times(series('x')).length
    store.forgetRefs()
    await env.clock.advance(1000)
    assert.equal(store.times(series('x')).length, before + 1)
    assert.equal(store.times(series('up')).length, before + 1)
    assert.doesNotMatch(store.text(series('x')), /stale/)
  })
})

test('a storage that fails costs the scrape, not the loop', async () => {
  await scraping({}, 'x 1\n', 1.1, async ({ store, env, manager }) => {
    const before = store.times(series('x')).length
    store.failure = new Error('disk is full')
    await env.clock.advance(1000)
    assert.equal(store.times(series('x')).length, before)
    assert.ok(env.lines.some((line) => line.message === 'scrape commit failed' && line.fields.error === 'disk is full'))
    assert.equal(manager.active()[0].lastError, 'disk is full')
    store.failure = undefined
    await env.clock.advance(1000)
    assert.equal(store.times(series('x')).length, before + 1)
    assert.equal(manager.active()[0].lastError, '')
    assert.match(await env.metrics.metrics(), /^promontory_scrapes_not_stored_total 1$/m)
  })
})

test('a storage that takes nothing any more in the middle of a scrape costs no more than the scrape', async () => {
  await scraping({}, 'x 1\n', 1.1, async ({ store, env, manager, pages }) => {
    const before = store.times(series('x')).length
    pages.set('a:1', 'x {\n')
    const appender = store.appender.bind(store)
    let calls = 0
    store.appender = () => {
      if (calls++ > 0) throw new CodedError('unavailable', 'the disk is full')
      return appender()
    }
    await env.clock.advance(1000)
    assert.equal(manager.active()[0].lastError, 'the disk is full')
    assert.ok(!env.lines.some(({ level }) => level === 'error'))
    store.appender = appender
    pages.set('a:1', 'x 1\n')
    await env.clock.advance(1000)
    assert.equal(store.times(series('x')).length, before + 1)
  })
})

test('a target that goes is marked stale after two intervals, one that flaps is not', async () => {
  const w = world()
  const targets = new ChangingTargets('t', ['a:1', 'b:1'])
  for (const address of ['a:1', 'b:1']) w.pages.set(address, 'x 1\n')
  w.manager.apply([scrapeConfig({ discoverers: [targets.config] })])
  await w.env.clock.advance(3500)
  targets.set('b:1')
  await w.env.clock.advance(1100)
  assert.equal(w.manager.active().length, 1)
  const samples = w.store.times(series('x')).length
  assert.doesNotMatch(w.store.text(series('x')), /stale/)
  await w.env.clock.advance(2200)
  assert.equal(values(w.store, series('x')), `${'1 '.repeat(samples)}stale`)
  assert.equal(values(w.store, series('up')), `${'1 '.repeat(samples)}stale`)
  assert.equal(w.store.times(series('x')).at(-1)! % 1000, slot('a:1', START) % 1000)
  targets.set('a:1')
  await w.env.clock.advance(1200)
  targets.set('a:1', 'b:1')
  await w.env.clock.advance(5000)
  assert.doesNotMatch(w.store.text(series('x', 'b:1')), /stale/)
  assert.match(w.store.text(series('x')), /stale \d+=1/)
  await w.stop()
})

test('a target that goes while the storage takes nothing goes all the same', async () => {
  const w = world()
  const targets = new ChangingTargets('t', ['a:1', 'b:1'])
  for (const address of ['a:1', 'b:1']) w.pages.set(address, 'x 1\n')
  w.manager.apply([scrapeConfig({ discoverers: [targets.config] })])
  await w.env.clock.advance(3500)
  const { store } = w
  const appender = store.appender.bind(store)
  store.appender = () => {
    throw new CodedError('unavailable', 'no samples are taken')
  }
  targets.set('b:1')
  await w.env.clock.advance(4000)
  assert.doesNotMatch(store.text(series('x')), /stale/)
  store.appender = appender
  targets.set('a:1', 'b:1')
  await w.env.clock.advance(3000)
  assert.match(store.text(series('x')), /=1$/)
  await w.stop()
})

test('a job that goes is marked stale; stopping marks nothing', async () => {
  const w = world()
  w.pages.set('a:1', 'x 1\n').set('b:1', 'x 1\n')
  const k = scrapeConfig({ jobName: 'k', discoverers: [fixedTargets('b:1')] })
  w.manager.apply([scrapeConfig({ discoverers: [fixedTargets('a:1')] }), k])
  await w.env.clock.advance(2500)
  w.manager.apply([k])
  assert.equal(w.manager.active().length, 1)
  await w.env.clock.advance(4000)
  assert.match(w.store.text(series('x')), /stale$/)
  assert.match(w.store.text(series('up')), /stale$/)
  await w.stop()
  const kept = w.store.text('x{instance="b:1", job="k"}')
  await w.env.clock.advance(5000)
  assert.match(kept, /^(\d+=1 ?){6,7}$/)
  assert.equal(w.store.text('x{instance="b:1", job="k"}'), kept)
})

test('a reload leaves other jobs untouched and changed ones in their slots', async () => {
  const w = world()
  w.pages.set('a:1', 'x 1\ny 2\n').set('b:1', 'x 1\n')
  const k = scrapeConfig({ jobName: 'k', discoverers: [fixedTargets('b:1')] })
  const j = scrapeConfig({ discoverers: [fixedTargets('a:1')] })
  w.manager.apply([j, k])
  await w.env.clock.advance(3100)
  const scrapes = w.store.times(series('x')).length
  const calls = w.store.seriesCalls
  w.manager.apply([scrapeConfig({ discoverers: [fixedTargets('a:1')] }), k])
  await w.env.clock.advance(2000)
  assert.equal(w.store.seriesCalls, calls, 'equal fingerprints: nothing is looked up again')
  const drop = relabelConfig({ sourceLabels: ['__name__'], regex: 'y', action: 'drop' })
  w.manager.apply([scrapeConfig({ discoverers: [fixedTargets('a:1')], metricRelabelConfigs: [drop] }), k])
  await w.env.clock.advance(2000)
  assert.equal(w.store.times(series('x')).length, scrapes + 4, 'no slot is lost or doubled')
  assert.match(values(w.store, series('y')), /^(2 )+stale$/)
  assert.doesNotMatch(w.store.text(series('x')), /stale/)
  assert.equal(w.store.times('x{instance="b:1", job="k"}').length, 7)
  assert.match(await w.env.metrics.metrics(), /prometheus_target_scrape_pools_total 2\n/)
  await w.stop()
})

test('a reload may change the interval and the targets', async () => {
  const w = world()
  w.pages.set('a:1', 'x 1\n').set('b:1', 'x 1\n')
  w.manager.apply([scrapeConfig({ discoverers: [fixedTargets('a:1')] })])
  await w.env.clock.advance(2100)
  w.manager.apply([scrapeConfig({ scrapeIntervalMs: 4000, discoverers: [fixedTargets('a:1', 'b:1')] })])
  await w.env.clock.advance(12_100)
  const times = w.store.times(series('x')).slice(-3)

  assert.deepEqual(
    times,
    [0, 1, 2].map((i) => slot('a:1', times[0], 4000) + i * 4000),
  )
  assert.doesNotMatch(w.store.text(series('x')), /stale/)
  assert.ok(w.store.times(series('x', 'b:1')).length >= 2)
  assert.equal(w.manager.active()[0].scrapeIntervalMs, 4000)
  await w.stop()
})

test('targets that relabeling drops are shown, those that cannot be are said', async () => {
  const w = world()
  w.pages.set('a:1', 'x 1\n')
  const drop = relabelConfig({ sourceLabels: ['__address__'], regex: '[bc]:1', action: 'drop' })
  const discoverers = [fixedTargets('a:1', 'a:1', 'b:1', 'c:1', 'a/b')]
  w.manager.apply([scrapeConfig({ relabelConfigs: [drop], keepDroppedTargets: 1, discoverers })])
  await w.env.clock.advance(2000)
  assert.deepEqual(
    w.manager.active().map((target) => target.scrapeUrl),
    ['http://a:1/metrics'],
  )
  assert.deepEqual(
    w.manager.dropped().map((target) => target.discoveredLabels.get('__address__')),
    ['b:1'],
  )
  assert.deepEqual([...w.manager.droppedCounts()], [['j', 2]])
  assert.ok(w.env.lines.some((line) => line.fields.error === '"a/b" is not a valid hostname'))
  const metrics = await w.env.metrics.metrics()
  assert.match(metrics, /prometheus_sd_discovered_targets\{name="scrape",config="j"\} 5\n/)
  assert.match(metrics, /prometheus_target_scrape_pool_targets\{scrape_job="j"\} 1\n/)
  assert.match(metrics, /prometheus_target_sync_failed_total\{scrape_job="j"\} 1\n/)
  await w.stop()
})

test('a large page is read in turns, and all of it is one batch', async () => {
  const page = Array.from({ length: 40_000 }, (_, i) => `x{number="${i}",padding="${'p'.repeat(40)}"} ${i}\n`).join('')
  assert.ok(page.length > 2 << 20)
  await scraping({}, page, 1.5, async ({ store, env }) => {
    assert.match(values(store, series('scrape_samples_scraped')), /^40000/)
    assert.match(values(store, series('up')), /^1/)
    assert.equal(store.names().length, 40_005)
    const scrapes = store.times(series('up')).length
    await env.clock.advance(1000)
    assert.equal(store.times(series('up')).length, scrapes + 1)
    assert.match(values(store, series('scrape_series_added')), /^40000( 0)+$/)
  })
})

test('a job without targets is a pool without targets', async () => {
  const w = world()
  w.manager.apply([scrapeConfig()])
  await w.env.clock.advance(100)
  assert.match(await w.env.metrics.metrics(), /prometheus_target_scrape_pool_targets\{scrape_job="j"\} 0\n/)
  assert.deepEqual([...w.manager.droppedCounts()], [['j', 0]])
  await w.stop()
})

test('discoverers that end, fail or say nothing keep nobody from being scraped', async () => {
  const w = world()
  w.pages.set('a:1', 'x 1\n')
  const broken: DiscovererConfig = {
    mechanism: 'broken',
    fingerprint: '',
    create: () => {
      throw new Error('no such backend')
    },
  }
  const silent: DiscovererConfig = { mechanism: 'silent', fingerprint: '', create: () => ({ watch: (signal) => forever(signal) }) }
  w.manager.apply([scrapeConfig({ discoverers: [broken, silent, fixedTargets('a:1')] })])
  await w.env.clock.advance(1500)
  assert.match(w.store.text(series('up')), /=1$/)
  assert.ok(w.env.lines.some((line) => line.message === 'discovery ended' && line.fields.error === 'no such backend'))
  assert.match(await w.env.metrics.metrics(), /prometheus_sd_failed_configs\{name="scrape"\} 1\n/)
  // The new configuration waits some seconds for a mechanism that says nothing, then goes on without it.
  w.manager.apply([scrapeConfig({ discoverers: [silent, fixedTargets('b:1')], fingerprint: 'other' })])
  await w.env.clock.advance(1000)
  assert.deepEqual(
    w.manager.active().map((target) => target.scrapeUrl),
    ['http://a:1/metrics'],
  )
  await w.env.clock.advance(5000)
  assert.deepEqual(
    w.manager.active().map((target) => target.scrapeUrl),
    ['http://b:1/metrics'],
  )
  const metrics = await w.env.metrics.metrics()
  for (const line of ['failed_configs{name="scrape"} 0', 'received_updates_total{name="scrape"} 2', 'updates_total{name="scrape"} 2'])
    assert.ok(metrics.includes(`prometheus_sd_${line}\n`), metrics.match(/prometheus_sd_.*/g)?.join('\n'))
  assert.match(metrics, /prometheus_sd_last_update_timestamp_seconds\{name="scrape",config="j"\} \d/)
  w.manager.apply([])
  assert.doesNotMatch(await w.env.metrics.metrics(), /prometheus_sd_\w+\{name="scrape",config="j"\}/)
  await w.stop()
})

test('a clock that jumps, ahead or back, costs slots and nothing else', async () => {
  await scraping({}, 'x 1\n', 2.5, async ({ store, env }) => {
    const before = store.times(series('x')).length
    env.clock.jump(60_000)
    await env.clock.advance(2200)
    const ahead = store.times(series('x')).slice(before)
    assert.ok(ahead.length >= 1)
    for (const t of ahead) assert.equal(slot('a:1', t), t)
    assert.match(await env.metrics.metrics(), /promontory_scrape_slots_missed_total (59|60|61)\n/)
    env.clock.jump(-3_600_000)
    await env.clock.advance(2200)
    assert.equal(store.times(series('x')).length, before + ahead.length, 'older than what is stored')
    assert.match(await env.metrics.metrics(), /prometheus_target_scrapes_sample_out_of_order_total [23]\n/)
  })
})

test('a target that does not answer fails at its timeout, in every slot', async () => {
  const w = world()
  w.pages.set('slow:1', '')
  w.env.network.listenRaw('slow:1', () => ({ data() {} }))
  w.manager.apply([scrapeConfig({ scrapeTimeoutMs: 400, discoverers: [fixedTargets('slow:1')] })])
  await w.env.clock.advance(5000)
  assert.match(values(w.store, series('up', 'slow:1')), /^0( 0){3,}$/)
  assert.match(values(w.store, series('scrape_duration_seconds', 'slow:1')), /^0.4( 0.4)+$/)
  assert.equal(w.manager.active()[0].lastError, 'Get "http://slow:1/metrics": context deadline exceeded')
  await w.stop()
})
