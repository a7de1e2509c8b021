import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FLOATS_ONLY } from '../../test/support/floats-only.ts'
import { fixedTargets, scrapeConfig } from '../../test/support/scrape-config.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { type Appendable, type Appender, AppendStatus } from '../storage/appender.ts'
import { createScrapeManager } from './manager.ts'
import type { ScrapeConfig } from './scrape-config.ts'

const INTERVAL_MS = 15_000
const START = 1_767_225_600_000
const BODY = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nx 1\n'

/** Keeps the times of `x`, a column per target. */
class ScrapeTimes implements Appendable {
  readonly byInstance = new Map<string, number[]>()
  /** The first is of all other series. */
  readonly #columns: number[][] = [[]]
  readonly #refs = new Map<string, number>()

  appender(): Appender {
    return {
      ...FLOATS_ONLY,
      series: (labels) => {
        if (labels.get('__name__') !== 'x') return 0
        const target = `${labels.get('job')} ${labels.get('instance')}`
        let column = this.byInstance.get(target)
        if (column === undefined) {
          this.byInstance.set(target, (column = []))
          this.#refs.set(target, this.#columns.push(column) - 1)
        }
        return this.#refs.get(target)!
      },
      append: (ref, t, v) => {
        if (ref > 0 && !Number.isNaN(v)) this.#columns[ref].push(t)
        return AppendStatus.ok
      },
      commit: async () => {},
      rollback: () => {},
    }
  }
}

test('with 10,000 targets, a reload that changes one job costs no other job a slot', async () => {
  const env = virtualEnv({ startTime: START })
  const jobs = Array.from({ length: 10 }, (_, job) => Array.from({ length: 1000 }, (_, i) => `${job}-${i}:1`))
  for (const address of jobs.flat()) env.network.listenRaw(address, (peer) => ({ data: () => peer.write(BODY) }))
  const store = new ScrapeTimes()
  const manager = createScrapeManager({ env, appendable: store, version: '1' })
  const controller = new AbortController()
  const done = manager.run(controller.signal, () => {})
  const configs = (changed: Partial<ScrapeConfig>): ScrapeConfig[] =>
    jobs.map((addresses, job) =>
      scrapeConfig({
        jobName: `job ${job}`,
        scrapeIntervalMs: INTERVAL_MS,
        scrapeTimeoutMs: 10_000,
        discoverers: [fixedTargets(...addresses)],
        ...(job === 3 ? changed : {}),
        fingerprint: `job ${job} ${job === 3 ? JSON.stringify(changed) : ''}`,
      }),
    )
  manager.apply(configs({}))
  await env.clock.advance(INTERVAL_MS + 500)
  manager.apply(configs({ scrapeIntervalMs: 5000, scrapeTimeoutMs: 5000, sampleLimit: 100 }))
  await env.clock.advance(INTERVAL_MS + 500)
  const end = env.clock.now()
  controller.abort()
  await done

  const metrics = await env.metrics.metrics()
  assert.match(metrics, /\npromontory_scrape_slots_missed_total 0\n/)
  assert.match(metrics, /\nprometheus_target_scrape_pool_reloads_total 1\n/)
  assert.equal(store.byInstance.size, 10_000)
  for (const [target, times] of store.byInstance) {
    // What was found was taken over within 100 ms. The last slots may still be on their way.
    const [first] = times
    assert.ok(first - START <= INTERVAL_MS + 100, target)
    if (target.startsWith('job 3 ')) continue
    const want: number[] = []
    for (let time = first; time < end - 100; time += INTERVAL_MS) want.push(time)
    assert.deepEqual(times.slice(0, want.length), want, target)
  }
  const changed = [...store.byInstance].filter(([target]) => target.startsWith('job 3 '))
  for (const [target, times] of changed) assert.ok(times.length >= 3, `${target} goes on in its new slots: ${times.length}`)
})
