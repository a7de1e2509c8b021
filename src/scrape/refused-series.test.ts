import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scraping, series, values } from '../../test/support/scrape-world.ts'

const lines = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `new{user="u${from + i}"} 1\n`).join('')

test('a target whose new series are refused stays up, and what it had before goes on', async () => {
  await scraping({}, 'old 1\nolder 2\n', 2, async ({ store, pages, env, manager }) => {
    store.isShut = true
    store.refuses = (labels) => labels.get('__name__') === 'new'
    const before = store.times(series('old')).length
    pages.set('a:1', `old 1\n${lines(0, 5)}older 2\n`)
    await env.clock.advance(3000)
    assert.equal(values(store, series('old')), '1 '.repeat(before + 3).trim())
    assert.equal(values(store, series('older')), '2 '.repeat(before + 3).trim())
    assert.equal(values(store, series('up')), '1 '.repeat(before + 3).trim())
    assert.deepEqual(
      store.names().filter((name) => name.startsWith('new')),
      [],
    )
    assert.match(values(store, series('scrape_series_added')), /^2( 0)+$/)
    assert.equal(manager.active()[0].health, 'up')
    // There is room again: they come with their next sample, and go stale when they go.
    store.isShut = false
    await env.clock.advance(2000)
    assert.equal(values(store, 'new{instance="a:1", job="j", user="u3"}'), '1 1')
    pages.set('a:1', 'old 1\nolder 2\n')
    await env.clock.advance(1000)
    assert.equal(values(store, 'new{instance="a:1", job="j", user="u3"}'), '1 1 stale')
  })
})

test('a series that was refused is asked for once a page, not with every sample, up to as many as the page has of others', async () => {
  await scraping({}, `${lines(0, 40).replaceAll('new', 'old')}`, 2, async ({ store, pages, env }) => {
    store.isShut = true
    store.refuses = (labels) => labels.get('__name__') === 'new'
    pages.set('a:1', lines(0, 40).replaceAll('new', 'old') + lines(0, 30))
    await env.clock.advance(1000)
    const calls = store.seriesCalls
    await env.clock.advance(5000)
    assert.equal(store.seriesCalls, calls)
    // Other names each time: the page does not grow with them.
    pages.set('a:1', lines(0, 40).replaceAll('new', 'old') + lines(1000, 3000))
    await env.clock.advance(3000)
    assert.ok(store.seriesCalls > calls + 3 * 1900)
    assert.equal(store.names().length, 40 + 5)
  })
})
