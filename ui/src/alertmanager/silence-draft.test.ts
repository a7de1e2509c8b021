import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GettableSilence } from '../../../src/api/types/alertmanager.ts'
import { toInputTime } from '../format/time.ts'
import { draftOf, newDraft, postable, setProblem, withDuration, withEnd, withStart } from './silence-draft.ts'

const now = Date.UTC(2026, 0, 1, 12)
const hour = 3_600_000
const matchers = [{ name: 'a', operator: '=~', value: 'b' }] as const
const fresh = newDraft(now, { sets: [matchers], createdBy: ' me ', comment: 'work' })

const silence: GettableSilence = {
  id: 'id-1',
  status: { state: 'active' },
  updatedAt: '2026-01-01T11:00:00.123Z',
  startsAt: '2026-01-01T11:00:00.123Z',
  endsAt: '2026-01-01T13:00:00.456Z',
  createdBy: 'someone',
  comment: 'c',
  matchers: [{ name: 'a', value: 'b', isEqual: false, isRegex: false }],
  annotations: { ticket: '7', promontory_matcher_sets: '2' },
}

test('a new one begins now and lasts two hours', () => {
  assert.deepEqual(postable(fresh), {
    matchers: [{ name: 'a', value: 'b', isEqual: true, isRegex: true }],
    startsAt: '2026-01-01T12:00:00.000Z',
    endsAt: '2026-01-01T14:00:00.000Z',
    createdBy: 'me',
    comment: 'work',
  })
})

test('start, end and duration stay together', () => {
  assert.equal(fresh.duration, '2h')
  const longer = withDuration(fresh, '1d')
  assert.equal(longer.end, toInputTime(now + 24 * hour))
  assert.equal(withStart(longer, toInputTime(now + hour)).end, toInputTime(now + 25 * hour))
  assert.equal(withEnd(longer, toInputTime(now + 90 * 60_000)).duration, '1h30m')
  // Half typed: what it was before.
  assert.equal(withDuration(fresh, '1x').end, fresh.end)
  assert.equal(withEnd(fresh, '').duration, '2h')
})

test('a change keeps its ID, its start and its annotations', () => {
  const changed = postable(withDuration(draftOf(silence, now), '3h'))
  assert.ok(typeof changed !== 'string')
  const { id, startsAt, endsAt, annotations } = changed
  assert.deepEqual(
    { id, startsAt, endsAt, annotations },
    { id: 'id-1', startsAt: silence.startsAt, endsAt: '2026-01-01T14:00:00.000Z', annotations: { ticket: '7' } },
  )
})

test('all sets of matchers are changed together, and none is left out unsaid', () => {
  const [first, second] = [silence.matchers, [{ name: 'c', value: 'd', isEqual: true, isRegex: false }]]
  const draft = draftOf({ ...silence, matcherSets: [first, second] }, now)
  const blank = { name: '', operator: '=', value: '' } as const
  for (const empty of [[], [blank]]) {
    assert.equal(setProblem(empty), 'Which alerts? It needs a matcher')
    assert.equal(postable({ ...draft, sets: [draft.sets[0], empty] }), setProblem(empty))
  }
  const unlabelled = [...draft.sets[1], { ...blank, value: 'x' }]
  assert.match(String(setProblem(unlabelled)), /label/)
  assert.equal(postable({ ...draft, sets: [unlabelled] }), setProblem(unlabelled))
  const sent = postable({ ...draft, sets: [[...draft.sets[1], blank], draft.sets[0]] })
  assert.ok(typeof sent !== 'string')
  assert.deepEqual([sent.matchers, sent.matcherSets], [second, [second, first]])
  const one = postable(draftOf(silence, now))
  assert.ok(typeof one !== 'string')
  assert.equal(one.matcherSets, undefined)
})

test('one that is over is made again from now on', () => {
  const again = postable(draftOf({ ...silence, status: { state: 'expired' } }, now + 24 * hour))
  assert.ok(typeof again !== 'string')
  assert.deepEqual([again.id, again.startsAt, again.endsAt], ['id-1', '2026-01-02T12:00:00.000Z', '2026-01-02T14:00:00.000Z'])
})

test('what is missing is said', () => {
  assert.match(String(postable({ ...fresh, comment: ' ' })), /comment/)
  assert.match(String(postable({ ...fresh, createdBy: '' })), /creator/)
  assert.match(String(postable({ ...fresh, sets: [[{ name: '', operator: '=', value: '' }]] })), /matcher/)
  assert.match(String(postable({ ...fresh, end: '' })), /end/)
  assert.match(String(postable({ ...fresh, start: '' })), /start/)
})
