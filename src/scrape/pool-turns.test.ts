import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HurriedClock } from '../../test/support/hurried-clock.ts'
import { MemoryAppendable } from '../../test/support/memory-appendable.ts'
import { ChangingTargets, fixedTargets, scrapeConfig } from '../../test/support/scrape-config.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { createScrapeManager } from './manager.ts'
import type { ScrapeConfig } from './scrape-config.ts'

const COUNT = 300

/** A manager that finds, whenever it looks, that it has held the event loop for another millisecond. */
function hurried() {
  const env = virtualEnv()
  env.network.refuses = () => true
  const clock = new HurriedClock(env.clock)
  const store = new MemoryAppendable()
  const manager = createScrapeManager({ env: { ...env, clock }, appendable: store, version: '1' })
  const controller = new AbortController()
  const done = manager.run(controller.signal, () => {})
  const addresses = () => manager.active().map(({ labels }) => `${labels.get('job')} ${labels.get('instance')}`)
  return {
    clock,
    store,
    manager,
    addresses,
    advance: (ms: number) => env.clock.advance(ms),
    metric: async (name: string) => (await env.metrics.metrics()).match(new RegExp(`^${name}.*$`, 'gm'))?.join(' '),
    async stop() {
      controller.abort()
      await done
    },
  }
}

const many = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `${from + i}:1`)
const job = (jobName: string, fields: Partial<ScrapeConfig>) =>
  scrapeConfig({ jobName, scrapeIntervalMs: 100_000, scrapeTimeoutMs: 1000, ...fields })

test('many targets are taken over in turns, and each job has its turns', async () => {
  const { manager, clock, addresses, advance, metric, stop } = hurried()
  manager.apply(['a', 'b'].map((name) => job(name, { discoverers: [fixedTargets(...many(0, COUNT))] })))
  const seen = new Set<string>()
  for (let ms = 0; ms < 2000; ms++) {
    await advance(1)
    const counts = ['a ', 'b '].map((name) => addresses().filter((address) => address.startsWith(name)).length)
    if (counts.every((count) => count > 0 && count < COUNT)) seen.add('both under way')
  }
  assert.deepEqual([...seen], ['both under way'])
  assert.equal(new Set(addresses()).size, 2 * COUNT)
  assert.ok(clock.restCount > 100, `${clock.restCount} rests`)
  assert.match((await metric('prometheus_target_scrape_pool_syncs?_total'))!, /a"\} 1.*b"\} 1/)
  await stop()
})

test('what is found while targets are taken over is taken over after it', async () => {
  const { manager, addresses, advance, stop } = hurried()
  const targets = new ChangingTargets('changing', many(0, COUNT))
  manager.apply([job('a', { discoverers: [targets.config] })])
  await advance(60)
  const under = addresses().length
  assert.ok(under > 0 && under < COUNT, `${under} known`)
  targets.set(...many(COUNT / 2, 2 * COUNT))
  await advance(5000)
  assert.deepEqual(
    addresses().sort(),
    many(COUNT / 2, 2 * COUNT)
      .map((address) => `a ${address}`)
      .sort(),
  )
  await stop()
})

test('a reload, or the end of the job, while targets are taken over', async () => {
  const { manager, addresses, advance, metric, stop } = hurried()
  const discoverers = [fixedTargets(...many(0, COUNT))]
  manager.apply([job('a', { discoverers })])
  await advance(60)
  assert.ok(addresses().length > 0 && addresses().length < COUNT, `${addresses().length} known`)
  manager.apply([job('a', { discoverers, scrapeIntervalMs: 50_000, targetLimit: 10 })])
  await advance(5000)
  assert.equal(addresses().length, COUNT)
  assert.deepEqual(new Set(manager.active().map(({ scrapeIntervalMs }) => scrapeIntervalMs)), new Set([50_000]))
  // Cut short, it did not count.
  assert.match((await metric('prometheus_target_scrape_pool_sync_total'))!, / 1$/)
  manager.apply([job('a', { discoverers, scrapeIntervalMs: 25_000 })])
  await advance(1)
  manager.apply([])
  await advance(60_000)
  assert.deepEqual(addresses(), [])
  await stop()
})

test('with more targets than the job may have none is scraped, also those that are known while others are taken over', async () => {
  const { manager, store, advance, stop } = hurried()
  manager.apply([job('a', { discoverers: [fixedTargets(...many(0, COUNT))], targetLimit: 10, scrapeIntervalMs: 1000 })])
  await advance(6000)
  assert.match(store.text('up{instance="7:1", job="a"}'), /=0/)
  assert.ok(manager.active().every(({ lastError }) => lastError === '' || lastError.includes('target_limit')))
  await stop()
})
