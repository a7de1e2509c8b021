import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../../base/env-virtual.ts'
import { histogram } from '../../chunkenc/samples.fixture.ts'
import { Labels } from '../../model/labels.ts'
import type { LogPlace, LogReader, LogSink } from '../../storage/log-reader.ts'
import { runDb } from '../db.fixture.ts'
import type { Db } from '../db.ts'
import { restarted } from '../ending-disk.fixture.ts'

/** What is told, as lines; with the place before each entry. */
class Listener implements LogSink {
  readonly lines: string[] = []
  readonly places: LogPlace[] = []
  reachedAt: LogPlace | undefined
  #names = new Map<number, string>()
  #segment = { number: 0, created: 0 }

  segment(number: number, created: number): void {
    this.#segment = { number, created }
    this.#names = new Map()
  }

  series(number: number, labels: Labels): void {
    this.#names.set(number, labels.toString())
  }

  metadata(series: number, { help }: { readonly help: string }): void {
    this.lines.push(`${this.#names.get(series)} is ${help}`)
  }

  samples: LogSink['samples'] = ({ count, series, times, values }, offset, from) =>
    this.#tell(count, offset, from, (i) => `${this.#names.get(series[i])} ${times[i]}=${values[i]}`)

  histograms: LogSink['histograms'] = ({ count, series, times, histograms }, offset, from) =>
    this.#tell(count, offset, from, (i) => `${this.#names.get(series[i])} ${times[i]}=[${histograms[i]?.count}]`)

  exemplars: LogSink['exemplars'] = ({ count, series, exemplars }, offset, from) =>
    this.#tell(count, offset, from, (i) => `${this.#names.get(series[i])} #${exemplars[i].value}`)

  reached(place: LogPlace): void {
    this.reachedAt = place
  }

  damage(segment: number, _offset: number, reason: string): void {
    this.lines.push(`damage in ${segment}: ${reason}`)
  }

  #tell(count: number, offset: number, from: number, line: (i: number) => string): undefined {
    for (let i = from; i < count; i++) {
      this.places.push({ segment: this.#segment.number, created: this.#segment.created, offset, entry: i })
      this.lines.push(line(i))
    }
  }
}

async function listen(env: VirtualEnv, log: LogReader, from: LogPlace): Promise<Listener> {
  const listener = new Listener()
  const end = new AbortController()
  const following = log.follow(from, listener, end.signal)
  await env.clock.advance(1000)
  end.abort()
  await following
  return listener
}

const START: LogPlace = { segment: 0, created: 0, offset: 0, entry: 0 }

async function write(db: Db, t: number, names: readonly string[]): Promise<void> {
  const appender = db.appender()
  for (const name of names) appender.append(appender.series(Labels.of({ __name__: name })), t, t % 1000)
  await appender.commit()
}

test('all that is acknowledged is told, in its order, and from any place on', async () => {
  const env = virtualEnv()
  const { db, close } = await runDb(env, { segmentBytes: 150, exemplarsMax: 10 })
  const t = 1_700_000_000_000
  for (let n = 0; n < 8; n++) await write(db, t + n, ['a', 'b', 'c'])
  const appender = db.appender()
  const ref = appender.series(Labels.of({ __name__: 'h' }))
  appender.appendHistogram(ref, t, histogram({ schema: 0, spans: [0, 1], buckets: [3], sum: 1 }))
  appender.appendExemplar(ref, { labels: Labels.of({ id: 'x' }), value: 5, timestamp: t, hasTimestamp: true })
  appender.setMetadata(ref, { type: 'histogram', unit: '', help: 'Sizes.' })
  await appender.commit()
  const all = await listen(env, db.logReader, START)
  assert.equal(all.lines.filter((line) => line.includes('=') && !line.includes('[')).length, 24)
  assert.deepEqual(
    all.lines.slice(0, 4),
    ['a', 'b', 'c', 'a'].map((name, i) => `${name} ${t + Math.floor(i / 3)}=${i < 3 ? 0 : 1}`),
  )
  assert.deepEqual(all.lines.slice(-3), [`h ${t}=[3]`, 'h #5', 'h is Sizes.'])
  assert.ok(new Set(all.places.map(({ segment }) => segment)).size > 1)
  const entries = all.lines.filter((line) => !line.includes(' is '))
  for (const [i, place] of all.places.entries()) {
    const rest = await listen(env, db.logReader, place)
    assert.deepEqual(
      rest.lines.filter((line) => !line.includes(' is ')),
      entries.slice(i),
      `from entry ${i}`,
    )
    // Samples of the piece from there on, and none of the exemplar.
    const left = all.places.slice(i).filter((one, k) => one.segment === place.segment && !entries[i + k].includes('#')).length
    assert.equal(await db.logReader.countFrom(place), left)
  }
  assert.deepEqual(
    (await listen(env, db.logReader, all.reachedAt!)).lines.filter((line) => !line.includes(' is ')),
    [],
  )
  await close()
})

test('what comes is told as it comes, and what failed never', async () => {
  const env = virtualEnv()
  const { db, close } = await runDb(env)
  const listener = new Listener()
  const end = new AbortController()
  const following = db.logReader.follow(START, listener, end.signal)
  await write(db, 1000, ['a'])
  await env.clock.advance(500)
  assert.deepEqual(listener.lines, ['a 1000=0'])
  env.fs.failing.write = 'EIO'
  await assert.rejects(write(db, 2000, ['a']))
  env.fs.failing = {}
  await env.clock.advance(10_000)
  await write(db, 3000, ['a'])
  await env.clock.advance(500)
  assert.deepEqual(listener.lines, ['a 1000=0', 'a 3000=0'])
  end.abort()
  await following
  await close()
})

test('pieces stay for who reads them, and a number that was given to another segment begins anew', async () => {
  const env = virtualEnv()
  const first = await runDb(env)
  await write(first.db, 1000, ['a'])
  await env.clock.advance(2000)
  const place = await first.db.logReader.end(new AbortController().signal)
  assert.ok(place.created > 0 && place.offset > 0)
  await first.close()
  // As after a loss of power that took the segment with it.
  for (const name of await env.fs.readDir('/data/log')) await env.fs.remove(`/data/log/${name}`)
  await env.fs.remove('/data/checkpoint')
  const again = restarted(env)
  await again.clock.advance(5000)
  const second = await runDb(again)
  await write(second.db, 2000, ['b'])
  assert.equal((await second.db.logReader.end(new AbortController().signal)).segment, place.segment)
  assert.deepEqual((await listen(again, second.db.logReader, place)).lines, ['b 2000=0'])
  await second.close()
})

test('damage in the middle is told, and what comes after it', async () => {
  const env = virtualEnv()
  const { db, close } = await runDb(env, { forwardOnly: true })
  for (let n = 0; n < 5; n++) await write(db, 1000 + n, ['a', 'b'])
  await close()
  const path = '/data/log/00000001.log'
  const all = await env.fs.readFile(path)
  const { places } = await (async () => {
    const again = restarted(env)
    const one = await runDb(again, { forwardOnly: true })
    const found = await listen(again, one.db.logReader, START)
    await one.close()
    return found
  })()
  // A bit of the third record of samples.
  all[places[4].offset + 26] ^= 4
  await env.fs.writeFile(path, all)
  const again = restarted(env)
  const damaged = await runDb(again, { forwardOnly: true })
  const { lines } = await listen(again, damaged.db.logReader, START)
  assert.deepEqual(lines, [
    'a 1000=0',
    'b 1000=0',
    'a 1001=1',
    'b 1001=1',
    'damage in 1: checksum of the record',
    'a 1003=3',
    'b 1003=3',
    'a 1004=4',
    'b 1004=4',
  ])
  await damaged.close()
})
