import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualEnv, virtualEnv } from '../../base/env-virtual.ts'
import { delimitedMessages } from '../../base/message-fields.ts'
import { behindLength } from '../../base/message-writer.ts'
import { Labels } from '../../model/labels.ts'
import { preciseOf } from '../state/precise-time.ts'
import type { SilenceMatcher } from './silence.ts'
import { encodeMeshSilence } from './silence-message.ts'
import { type NewSilence, Silences, type SilencesOptions } from './silences.ts'

const MINUTE = 60_000
const RETENTION = 120 * 60 * MINUTE

async function open(env: VirtualEnv, options: Partial<SilencesOptions> = {}): Promise<Silences> {
  await env.fs.mkdir('/data')
  return Silences.open({
    env,
    path: '/data/silences',
    retentionMs: RETENTION,
    silencesMax: 0,
    silenceBytesMax: 0,
    logsChanges: false,
    ...options,
  })
}

function wanted(env: VirtualEnv, matchers: readonly SilenceMatcher[], change: Partial<NewSilence> = {}): NewSilence {
  const now = env.clock.now()
  return {
    id: '',
    matcherSets: [matchers],
    startsAt: now,
    endsAt: now + 10 * MINUTE,
    createdBy: 'me',
    comment: 'why',
    annotations: new Map(),
    ...change,
  }
}

const is = (name: string, value: string): SilenceMatcher => ({ operator: '=', name, value })
const anew = (env: VirtualEnv) => ({ ...virtualEnv(), clock: env.clock, fs: env.fs }) as VirtualEnv

test('a silence is in force from its start to its end', async () => {
  const env = virtualEnv()
  const silences = await open(env)
  const labels = Labels.of({ a: 'b', c: 'd' })
  assert.deepEqual(silences.silencedBy(labels), [])
  const now = env.clock.now()
  const id = await silences.set(wanted(env, [is('a', 'b')], { startsAt: now + MINUTE, endsAt: now + 2 * MINUTE }))
  assert.deepEqual(silences.silencedBy(labels), [])
  await env.clock.advance(MINUTE)
  assert.deepEqual(silences.silencedBy(labels), [id])
  assert.deepEqual(silences.silencedBy(Labels.of({ a: 'x' })), [])
  await env.clock.advance(MINUTE + 1)
  assert.deepEqual(silences.silencedBy(labels), [])
})

test('one set of several is enough', async () => {
  const env = virtualEnv()
  const silences = await open(env)
  const id = await silences.set({
    ...wanted(env, []),
    matcherSets: [[is('a', '1'), is('b', '1')], [{ operator: '=~', name: 'c', value: 'x.*' }]],
  })
  const check = (labels: Record<string, string>, isSilenced: boolean) =>
    assert.deepEqual(silences.silencedBy(Labels.of(labels)), isSilenced ? [id] : [])
  check({ a: '1', b: '1' }, true)
  check({ a: '1' }, false)
  check({ c: 'xy' }, true)
  check({ c: 'yx' }, false)
})

test('what was answered is there after a kill, and after the loss of power', async () => {
  const env = virtualEnv()
  const silences = await open(env)
  const id = await silences.set(wanted(env, [is('a', 'häuser')]))
  const gone = await silences.set(wanted(env, [is('a', 'x')]))
  await silences.expire(gone)
  env.fs.losePower()
  const again = await open(anew(env))
  assert.equal(again.get(id)?.comment, 'why')
  assert.deepEqual(again.silencedBy(Labels.of({ a: 'häuser' })), [id])
  assert.equal(again.get(gone)?.endsAt, env.clock.now())
  await again.maintain()
  env.fs.losePower()
  const third = await open(anew(env))
  assert.deepEqual(
    third
      .all()
      .map((silence) => silence.id)
      .sort(),
    [id, gone].sort(),
  )
})

test('a change that would change the past ends the silence and begins another', async () => {
  const env = virtualEnv()
  const silences = await open(env)
  const id = await silences.set(wanted(env, [is('a', 'b')]))
  const { startsAt } = silences.get(id)!
  await env.clock.advance(MINUTE)
  const now = env.clock.now()
  // Longer: the same one.
  assert.equal(await silences.set(wanted(env, [is('a', 'b')], { id, startsAt, endsAt: now + 60 * MINUTE })), id)
  assert.equal(silences.get(id)?.endsAt, now + 60 * MINUTE)
  // Another start, or other conditions: another one.
  const other = await silences.set(wanted(env, [is('a', 'c')], { id, startsAt, endsAt: now + MINUTE }))
  assert.notEqual(other, id)
  assert.equal(silences.get(other)?.startsAt, now)
  await env.clock.advance(1)
  assert.deepEqual(silences.silencedBy(Labels.of({ a: 'b' })), [])
  assert.deepEqual(silences.silencedBy(Labels.of({ a: 'c' })), [other])
  await assert.rejects(silences.set(wanted(env, [is('a', 'b')], { id: 'unknown' })), { code: 'not_found', message: 'silence not found' })
  await assert.rejects(silences.expire('unknown'), { code: 'not_found' })
})

test('what is wrong with a silence is said in upstream’s words', async () => {
  const env = virtualEnv()
  const silences = await open(env, { silencesMax: 1, silenceBytesMax: 200 })
  const check = (sets: readonly (readonly SilenceMatcher[])[], message: string | RegExp) =>
    assert.rejects(silences.set({ ...wanted(env, []), matcherSets: sets }), { message })
  await check([], 'invalid silence: at least one matcher set required')
  await check([[is('a', 'b')], []], 'invalid silence: matcher set 1 is empty')
  await check([[is('a', '')]], 'invalid silence: matcher set 0: at least one matcher must not match the empty string')
  await check([[is('', 'a')]], 'invalid silence: invalid label matcher 0 in set 0: invalid label name ""')
  await check(
    [[{ operator: '=~', name: 'a', value: '(' }]],
    /^invalid silence: invalid label matcher 0 in set 0: invalid regular expression "\(": /,
  )
  await check([[is('a', 'x'.repeat(200))]], /^silence exceeded maximum size: \d+ bytes \(limit: 200 bytes\)$/)
  await silences.set(wanted(env, [is('a', 'b')]))
  await check([[is('a', 'b')]], 'exceeded maximum number of silences: 1 (limit: 1)')
})

test('members come to the same state in whatever order they hear', async () => {
  const env = virtualEnv()
  const [first, second] = [await open(env), await open({ ...virtualEnv({ seed: 2 }), clock: env.clock } as VirtualEnv)]
  const told: Uint8Array[] = []
  first.connect({ broadcast: (update) => void told.push(update) })
  const id = await first.set(wanted(env, [is('a', 'b')]))
  await env.clock.advance(5)
  await first.expire(id)
  assert.equal(told.length, 2)
  assert.deepEqual(second.merge(told[1]), Buffer.from(told[1]))
  assert.equal(second.merge(told[0]), null)
  assert.equal(second.merge(first.snapshot()), null)
  assert.deepEqual(Buffer.from(second.snapshot()), Buffer.from(first.snapshot()))
  assert.equal(second.merge(Uint8Array.of(9, 9)), null)
})

test('silences go when they have been over for as long as they are kept', async () => {
  const env = virtualEnv()
  const silences = await open(env)
  const id = await silences.set(wanted(env, [is('a', 'b')]))
  const before = silences.snapshot()
  await env.clock.advance(10 * MINUTE + RETENTION - 1)
  await silences.maintain()
  assert.equal(silences.get(id)?.id, id)
  await env.clock.advance(1)
  await silences.maintain()
  assert.equal(silences.get(id), undefined)
  await env.clock.advance(1)
  assert.equal(silences.merge(before), null)
})

test('a silence that cannot be read keeps out none of the others, and is in nobody’s way', async () => {
  const env = virtualEnv()
  const elsewhere = { ...virtualEnv(), clock: env.clock } as VirtualEnv
  const [first, second] = [await open(env), await open(elsewhere)]
  const ids = [await first.set(wanted(env, [is('a', '1')])), await first.set(wanted(env, [is('a', '2')]))]
  const [one, two] = [...delimitedMessages(first.snapshot())].map(behindLength)
  // A matcher of a kind that does not exist yet.
  const strange = behindLength(Buffer.from('0a0a0a01781205080912016112', 'hex').subarray(0, 12))
  const fresh = second.merge(Buffer.concat([one, strange, two, Uint8Array.of(200, 1)]))
  assert.deepEqual(Buffer.from(fresh!), Buffer.concat([one, two]))
  assert.deepEqual(
    second.all().map(({ id }) => id),
    ids,
  )
  await second.close()
  const again = await open(anew(elsewhere))
  assert.deepEqual(
    again.all().map(({ id }) => id),
    ids,
  )
})

test('a silence of another member with a set of no conditions silences nothing', async () => {
  const env = virtualEnv()
  const silences = await open(env)
  const now = env.clock.now()
  const silence = { ...wanted(env, []), id: 'x', matcherSets: [[], [is('a', '1')]], updatedAt: preciseOf(now) }
  silences.merge(encodeMeshSilence({ silence, expiresAt: now + RETENTION }))
  assert.deepEqual(silences.silencedBy(Labels.of({ a: '1' })), ['x'])
  assert.deepEqual(silences.silencedBy(Labels.of({ a: '2' })), [])
})

test('where an older member has left out conditions of a silence, it silences what it says now', async () => {
  const env = virtualEnv()
  const silences = await open(env)
  const id = await silences.set({ ...wanted(env, []), matcherSets: [[is('a', '1')], [is('a', '2')]] })
  const labels = Labels.of({ a: '2' })
  assert.deepEqual(silences.silencedBy(labels), [id])
  const silence = { ...silences.get(id)!, matcherSets: [[is('a', '1')]], updatedAt: preciseOf(env.clock.now() + 1) }
  silences.merge(encodeMeshSilence({ silence, expiresAt: env.clock.now() + RETENTION }))
  assert.deepEqual(silences.silencedBy(labels), [])
})

test('what is looked at to find silences is counted, as upstream counts it', async () => {
  const env = virtualEnv()
  const silences = await open(env)
  const labels = Labels.of({ a: 'b' })
  const check = async (want: Record<string, number>) => {
    const page = await env.metrics.metrics()
    for (const [name, value] of Object.entries(want)) assert.match(page, new RegExp(`^alertmanager_silences_${name} ${value}$`, 'm'))
  }
  silences.silencedBy(labels)
  await check({ queries_total: 0, query_silences_scanned_total: 0, matcher_index_size: 0, version_index_size: 0 })
  await silences.set(wanted(env, [is('a', 'b')]))
  await silences.set(wanted(env, [is('a', 'c')]))
  silences.silencedBy(labels)
  await check({ queries_total: 1, query_silences_scanned_total: 2, query_silences_skipped_total: 0, matcher_index_size: 2 })
  // One was looked at anew; what had come before the third was skipped.
  await silences.set(wanted(env, [is('a', 'd')]))
  silences.silencedBy(labels)
  await check({ queries_total: 2, query_duration_seconds_count: 2, query_silences_scanned_total: 4, query_silences_skipped_total: 2 })
  silences.all()
  silences.get('none')
  await check({ queries_total: 4, query_silences_scanned_total: 7, version_index_size: 3 })
})
