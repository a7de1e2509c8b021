// Statuses and texts are what Alertmanager 0.33 answers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inject } from '../../../test/support/inject.ts'
import { Alertmanager } from '../../alertmanager/alertmanager.ts'
import { buildRoute } from '../../alertmanager/dispatch/route.ts'
import { LabelMatcher } from '../../alertmanager/label-matcher.ts'
import { virtualEnv } from '../../base/env-virtual.ts'
import { HttpApp } from '../../base/http-server.ts'
import { LoneMember } from '../../cluster/lone-member.ts'
import { fingerprint } from '../../model/alert.ts'
import { Labels } from '../../model/labels.ts'
import type { GroupOverviewJson } from '../types/alertmanager.ts'
import { AlertMetrics } from './alert-metrics.ts'
import { registerAlertmanagerApi } from './register.ts'
import { RequestLimits } from './request-limits.ts'

async function open() {
  const env = virtualEnv({ startTime: Date.UTC(2026, 0, 1) })
  await env.fs.mkdir('/data')
  const cluster = new LoneMember()
  const manager = await Alertmanager.open({
    env,
    cluster,
    dir: '/data',
    retentionMs: 3_600_000,
    maintenanceIntervalMs: 900_000,
    silencesMax: 0,
    silenceBytesMax: 0,
    logsSilences: false,
    alertsCollectIntervalMs: 1_800_000,
    alertsPerNameMax: 0,
    dispatchMaintenanceIntervalMs: 30_000,
    dispatchStartDelayMs: 0,
    peerTimeoutMs: 15_000,
    historyRecordsMax: 100,
    integrations: ['webhook'],
  })
  const told: string[] = []
  const integration = {
    kind: 'webhook',
    index: 0,
    sendResolved: true,
    notify: async ({ groupKey }: { groupKey: string }) => void told.push(groupKey),
  }
  await manager.apply({
    route: buildRoute({
      receiver: 'team',
      groupBy: ['alertname'],
      routes: [{ matchers: [new LabelMatcher('=', 'page', 'yes')], receiver: 'pager', continues: true }, { receiver: 'team' }],
    }),
    inhibitRules: [
      { name: '', sourceMatchers: [new LabelMatcher('=', 's', '1')], targetMatchers: [new LabelMatcher('=', 't', '1')], equal: [] },
    ],
    timeIntervals: new Map(),
    resolveTimeoutMs: 300_000,
    receivers: new Map([
      ['team', [{ ...integration, notify: async (request) => integration.notify(request) }]],
      ['pager', []],
    ]),
    receiverLabels: new Map([
      ['team', Labels.of({ name: 'team', owner: 'dev' })],
      ['pager', Labels.of({ name: 'pager' })],
    ]),
  })
  const app = new HttpApp()
  const build = { version: '1', revision: 'r', branch: 'b', buildUser: 'u', buildDate: 'd', goVersion: 'v24' }
  registerAlertmanagerApi(app, {
    env,
    manager,
    cluster,
    matcherMode: 'fallback',
    build,
    startTime: env.clock.now(),
    config: () => 'route: {}\n',
    reload: async () => {
      throw new Error('bad file')
    },
    routePrefix: '/am',
    uiDir: '/ui/dist',
    metrics: new AlertMetrics(env.metrics),
    limits: new RequestLimits({ env, getsMax: 0, processorCount: 2, timeoutMs: 0 }),
  })
  const call = async (
    method: 'GET' | 'POST' | 'DELETE' | 'PUT',
    url: string,
    body?: unknown,
    type = 'application/json',
    others: Readonly<Record<string, string>> = {},
  ) => {
    const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
    const headers = { ...others, ...(payload === undefined ? {} : { 'content-type': type }) }
    const answer = await inject(app, { method, url: `/am${url}`, payload, headers })
    return { status: answer.status, text: answer.text, headers: answer.headers }
  }
  const json = async (url: string) => JSON.parse((await call('GET', url)).text)
  return { env, manager, told, call, json }
}

test('bodies that cannot be read are refused in upstream’s words', async () => {
  const { call } = await open()
  const check = async (what: 'alerts' | 'silence', body: unknown, why: string) => {
    const answer = await call('POST', what === 'alerts' ? '/api/v2/alerts' : '/api/v2/silences', body)
    assert.equal(JSON.parse(answer.text).message, `parsing ${what} body from "" failed, because json: cannot unmarshal ${why}`)
    assert.equal(answer.status, 400)
  }
  const alert =
    'struct { Annotations models.LabelSet "json:\\"annotations,omitempty\\""; EndsAt strfmt.DateTime "json:\\"endsAt,omitempty\\""; StartsAt strfmt.DateTime "json:\\"startsAt,omitempty\\"" }'
  await check('alerts', [1], `number into Go value of type ${alert}`)
  await check('alerts', [['x']], `array into Go value of type ${alert}`)
  await check('alerts', [{ labels: [] }], 'array into Go struct field Alert.labels of type models.LabelSet')
  await check('alerts', [{ labels: { a: 1 } }], 'number into Go struct field Alert.labels.a of type string')
  await check('alerts', [{ labels: { a: 'b' }, annotations: [] }], 'array into Go struct field .annotations of type models.LabelSet')
  await check('alerts', [{ labels: { a: 'b' }, startsAt: 5 }], 'number into Go value of type string')
  await check('alerts', [{ labels: { a: 'b' }, generatorURL: 5 }], 'number into Go value of type string')
  await check('silence', [], 'array into Go value of type struct { ID string "json:\\"id,omitempty\\"" }')
  await check('silence', { id: 5 }, 'number into Go struct field .id of type string')
  await check('silence', { matchers: {} }, 'object into Go struct field Silence.matchers of type models.Matchers')
  await check('silence', { matchers: [1] }, 'number into Silence.matchers.0 of type models.Matcher')
  const matcher = { name: 'a', value: 'b', isRegex: 'x' }
  await check('silence', { matchers: [matcher] }, 'string into Go struct field Silence.matchers.0.isRegex of type bool')
  await check('silence', { annotations: [] }, 'array into Go struct field Silence.annotations of type models.LabelSet')
  await check('silence', { annotations: { a: 1 } }, 'number into Go struct field Silence.annotations.a of type string')
})

test('what comes after a body’s first value is not read, and paths may end in a slash', async () => {
  const { call, json } = await open()
  assert.equal((await call('POST', '/api/v2/alerts/', '[{"labels":{"alertname":"A"}}] more')).status, 200)
  assert.equal((await json('/api/v2/alerts/')).length, 1)
  for (const method of ['GET', 'DELETE'] as const) {
    const answer = await call(method, '/api/v2/silence/')
    assert.deepEqual([answer.status, answer.text], [404, '{"code":404,"message":"path /api/v2/silence/ was not found"}'])
  }
})

test('a request without a body is told so whatever its type, and one without a type that it has none', async () => {
  const { call } = await open()
  const check = async (body: string, type: string, status: number, message: string) => {
    const answer = await call('POST', '/api/v2/alerts', body, type)
    assert.deepEqual([answer.status, JSON.parse(answer.text).message], [status, message])
  }
  await check('', 'text/plain', 422, 'alerts in body is required')
  await check(' ', 'application/json', 422, 'alerts in body is required')
  await check('[]', '', 415, 'unsupported media type "application/octet-stream", only [application/json] are allowed')
})

test('a silence whose times are Go’s zero times starts now', async () => {
  const { env, call, json } = await open()
  const silence = { matchers: [{ name: 'a', value: 'b', isRegex: false }], createdBy: 'me', comment: 'c' }
  const endsAt = new Date(env.clock.now() + 60_000).toISOString()
  for (const startsAt of ['', '0001-01-01T00:00:00Z']) {
    const made = await call('POST', '/api/v2/silences', { ...silence, startsAt, endsAt })
    assert.equal(made.status, 200, made.text)
    const { status, startsAt: begins } = await json(`/api/v2/silence/${JSON.parse(made.text).silenceID}`)
    assert.deepEqual([status.state, begins], ['active', new Date(env.clock.now()).toISOString()])
    const ended = await call('POST', '/api/v2/silences', { ...silence, startsAt: endsAt, endsAt: startsAt })
    assert.deepEqual([ended.status, ended.text], [400, '"Failed to create silence: start time must be before end time"\n'])
  }
})

test('alerts that are not as they should be are refused in upstream’s words', async () => {
  const { call, manager } = await open()
  const check = async (body: unknown, status: number, text: string) => {
    const answer = await call('POST', '/api/v2/alerts', body)
    assert.deepEqual([answer.status, answer.text], [status, text])
  }
  await check([{ labels: {} }], 400, '"at least one label pair required"\n')
  await check([{ labels: { a: '' } }], 400, '"at least one label pair required"\n')
  const parsing = (why: string) => JSON.stringify({ code: 400, message: `parsing alerts body from "" failed, because ${why}` })
  await check('null', 200, '')
  await check({ a: 1 }, 400, parsing('json: cannot unmarshal object into Go value of type models.PostableAlerts'))
  await check([{ labels: { a: 'b' }, startsAt: 'x' }], 400, parsing('parsing time "x" as "2006-01-02": cannot parse "x" as "2006"'))
  await check([{ annotations: {} }], 422, '{"code":602,"message":"0.labels in body is required"}')
  await check([{ labels: { '': 'b' } }], 400, '"invalid label set: invalid name \\"\\""\n')
  await check(
    [{ labels: { a: 'b' }, generatorURL: '%%' }],
    422,
    '{"code":601,"message":"0.generatorURL in body must be of type uri: \\"%%\\""}',
  )
  await check(
    [{ labels: { a: 'b' }, generatorURL: 'http://<h>:x\u0007' }],
    422,
    '{"code":601,"message":"0.generatorURL in body must be of type uri: \\"http://\\u003ch\\u003e:x\\\\a\\""}',
  )
  assert.equal(manager.alerts.size, 0)
  // The right ones are taken, whatever the others are.
  const reversed = { labels: { a: 'b' }, startsAt: '2026-01-02T00:00:00Z', endsAt: '2026-01-01T00:00:00Z' }
  await check(
    [reversed, { labels: {} }, { labels: { a: 'ok' } }],
    400,
    '"start time must be before end time\\nat least one label pair required"\n',
  )
  assert.equal(manager.alerts.size, 1)
  const plain = await call('POST', '/api/v2/alerts', '[]', 'text/plain')
  assert.deepEqual(
    [plain.status, plain.text],
    [415, '{"code":415,"message":"unsupported media type \\"text/plain\\", only [application/json] are allowed"}'],
  )
})

// The rows are what Alertmanager 0.33 answers.
test('who does not take JSON is told that there is nothing else', async () => {
  const { call } = await open()
  const check = async (accept: string, status: number, url = '/api/v2/receivers') => {
    const answer = await call('GET', url, undefined, '', { accept })
    assert.equal(answer.status, status, accept)
    if (status !== 406) return
    assert.equal(answer.text, '{"code":406,"message":"unsupported media type requested, only [application/json] are available"}')
    assert.equal(answer.headers['content-type'], 'application/json')
  }
  assert.equal((await call('GET', '/api/v2/receivers')).status, 200)
  for (const accept of ['*/*', 'application/*', 'APPLICATION/JSON', 'application/json; charset=latin1', '*/plain', 'application/json;'])
    await check(accept, 200)
  for (const accept of ['text/plain, application/json;q=0.0001', 'application/json;q=0,*/*', 'x;q,,*/*', 'application/json;q=abc'])
    await check(accept, 200)
  await check('application/json;x="a,b"', 200)
  for (const accept of ['', 'text/plain', 'text/*', 'application/json;q=0', '*/*;q=0.0', 'application/vnd.api+json', '*', 'json', ','])
    await check(accept, 406)
  for (const accept of ['application/json;q', 'application/json;q=1;q=0', 'text/plain;x=",application/json"', 'application/json;q=-1'])
    await check(accept, 406)
  // It is said before what else is wrong, but not where there is nothing at all.
  await check('text/plain', 406, '/api/v2/silence/xx')
  await check('text/plain', 406, '/api/v2/alerts?filter=%7B')
  await check('text/plain', 404, '/api/v2/nope')
  await check('text/html', 200, '/metrics')
  const accept = { accept: 'text/plain' }
  assert.equal((await call('POST', '/api/v2/alerts', undefined, '', accept)).status, 406)
  assert.equal((await call('POST', '/api/v2/alerts', '[]', 'application/json', accept)).status, 200)
})

test('a body of another type is refused in upstream’s words', async () => {
  const { call } = await open()
  const check = async (type: string, status: number, message = '') => {
    const answer = await call('POST', '/api/v2/alerts', '[]', type)
    assert.deepEqual([answer.status, answer.text], [status, message === '' ? '' : JSON.stringify({ code: status, message })], type)
  }
  const header = (text: string, why: string) => `parsing Content-Type header from ${JSON.stringify(text)} failed, because ${why}`
  await check('application/json; charset=latin1', 200)
  await check('APPLICATION/JSON;', 200)
  await check('Text/Plain; x=1', 415, 'unsupported media type "text/plain", only [application/json] are allowed')
  await check('application/*; x=1', 500, 'no consumer registered for application/*')
  await check('foo;x=1', 400, header('foo', 'mediatype: malformed: "foo" has no subtype'))
  await check('foo/', 400, header('foo/', 'mime: expected token after slash'))
  await check('application/json; x', 400, header('application/json; x', 'mime: invalid media parameter'))
})

test('many alerts in one request are all taken, whatever their texts hold, or none', async () => {
  const { call, manager } = await open()
  const many = (count: number, note: string) =>
    Array.from({ length: count }, (_, index) => ({ labels: { a: String(index) }, annotations: { note: `${note} ${'é'.repeat(200)}` } }))
  assert.equal((await call('POST', '/api/v2/alerts', many(500, 'plain'))).status, 200)
  assert.equal(manager.alerts.size, 500)
  // What looks like the end of an alert, and is none.
  const note = '},{ "},{" [}'
  assert.equal((await call('POST', '/api/v2/alerts', many(600, note))).status, 200)
  assert.equal(manager.alerts.size, 600)
  for (const { annotations } of manager.alerts.all()) assert.equal(annotations.get('note'), `${note} ${'é'.repeat(200)}`)
  assert.equal((await call('POST', '/api/v2/alerts', JSON.stringify(many(500, 'spaced'), undefined, 1))).status, 200)
  const cut = JSON.stringify(many(700, 'plain')).slice(0, -1)
  assert.match((await call('POST', '/api/v2/alerts', cut)).text, /parsing alerts body from .* failed, because /)
  assert.equal(
    (await call('POST', '/api/v2/alerts', [...many(700, 'plain'), { annotations: {} }])).text,
    '{"code":602,"message":"700.labels in body is required"}',
  )
  assert.equal(manager.alerts.size, 600)
})

test('an alert is shown with its receivers, its state, and what was filled in', async () => {
  const { call, json, env, told } = await open()
  assert.equal(
    (
      await call('POST', '/api/v2/alerts', [
        { labels: { alertname: 'A', page: 'yes', x: '' }, annotations: { s: '<t>' }, generatorURL: 'http://g/' },
      ])
    ).status,
    200,
  )
  const { text, headers } = await call('GET', '/api/v2/alerts')
  assert.equal(headers['cache-control'], 'no-store')
  assert.equal(
    text,
    `[{"annotations":{"s":"\\u003ct\\u003e"},"endsAt":"2026-01-01T00:05:00.000Z","fingerprint":"${fingerprint(Labels.of({ alertname: 'A', page: 'yes' }))}",` +
      '"receivers":[{"name":"pager"},{"name":"team"}],"startsAt":"2026-01-01T00:00:00.000Z",' +
      '"status":{"inhibitedBy":[],"mutedBy":[],"silencedBy":[],"state":"active"},"updatedAt":"2026-01-01T00:00:00.000Z",' +
      '"generatorURL":"http://g/","labels":{"alertname":"A","page":"yes"}}]\n',
  )
  const groups = await json('/api/v2/alerts/groups')
  assert.deepEqual(
    groups.map((group: { receiver: unknown; labels: unknown }) => [group.receiver, group.labels]),
    [
      [{ name: 'pager' }, { alertname: 'A' }],
      [{ name: 'team' }, { alertname: 'A' }],
    ],
  )
  const count = async (query: string) => (await json(`/api/v2/alerts?${query}`)).length
  assert.deepEqual(
    await Promise.all(
      [
        'receiver=pag.*',
        'receiver=pag',
        'filter=page=%22yes%22',
        'filter=page!=%22%22',
        'filter=x=%22%22',
        'filter=page=%22%22',
        'active=false',
      ].map(count),
    ),
    [1, 0, 1, 1, 1, 0, 0],
  )
  const bad = async (query: string, message: string) => {
    const answer = await call('GET', `/api/v2/alerts?${query}`)
    assert.deepEqual([answer.status, answer.text], [400, `${JSON.stringify(message)}\n`])
  }
  await bad('filter=x%7B', 'bad matcher format: x{')
  await bad('receiver=(', 'failed to parse receiver param: error parsing regexp: missing closing ): `^(?:()$`')
  await env.clock.advance(60_000)
  assert.deepEqual(told, ['{}/{}:{alertname="A"}'])
  const [notification] = await json('/api/v2/promontory/notifications?receiver=team')
  assert.deepEqual([notification.outcome, notification.reason, notification.firing], ['delivered', 'first notification', 1])
  assert.equal((await call('GET', '/api/v2/promontory/notifications?limit=0')).status, 400)
  await env.clock.advance(300_000)
  assert.deepEqual(await json('/api/v2/alerts'), [])
})

test('groups are told of with their numbers, and with their alerts where these are few', async () => {
  const { call, json } = await open()
  const many = Array.from({ length: 5 }, (_, i) => ({ labels: { alertname: 'Many', i: `${i}` } }))
  await call('POST', '/api/v2/alerts', [...many, { labels: { alertname: 'Source', s: '1' } }, { labels: { alertname: 'Target', t: '1' } }])
  await call('POST', '/api/v2/silences', {
    matchers: [{ name: 'i', value: '0', isRegex: false }],
    startsAt: '2025-12-01T00:00:00Z',
    endsAt: '2026-02-01T00:00:00Z',
    createdBy: 'me',
    comment: 'c',
  })
  const path = '/api/v2/promontory/groups'
  type Group = GroupOverviewJson['groups'][number]
  const shown = ({ groups }: GroupOverviewJson) =>
    groups.map(({ labels, alertCount, alerts }: Group) => `${labels['alertname']} ${alertCount} ${alerts?.length ?? 'unlisted'}`)
  const all: GroupOverviewJson = await json(path)
  assert.deepEqual(shown(all), ['Many 5 5', 'Source 1 1', 'Target 1 1'])
  assert.deepEqual([all.groupCount, all.alertCount], [3, 7])
  assert.deepEqual(all.counts, { active: 5, silenced: 1, inhibited: 1, muted: 0 })
  const source = fingerprint(Labels.of({ alertname: 'Source', s: '1' }))
  assert.deepEqual(all.groups[2].alerts![0].status.inhibitedBy, [source])
  assert.deepEqual(all.inhibitors, { [source]: { alertname: 'Source', s: '1' } })
  // The counts stay what they are, whatever is shown.
  const active: GroupOverviewJson = await json(`${path}?silenced=false&inhibited=false&alerts=4&groups=1`)
  assert.deepEqual([shown(active), active.groupCount, active.alertCount], [['Many 4 unlisted'], 2, 5])
  assert.deepEqual(active.counts, all.counts)
  const one: GroupOverviewJson = await json(`${path}?alerts=3&key=${encodeURIComponent(all.groups[0].key)}`)
  assert.deepEqual([shown(one), one.alertCount], [['Many 5 3'], 5])
  assert.deepEqual(shown(await json(`${path}?filter=${encodeURIComponent('s="1"')}`)), ['Source 1 1'])
  assert.deepEqual(shown(await json(`${path}?receiver=pager`)), [])
  for (const query of ['groups=-1', 'alerts=1.5', 'alerts=x']) assert.equal((await call('GET', `${path}?${query}`)).status, 400)
})

test('a silence that is null has no fields', async () => {
  const { call } = await open()
  const { status, text } = await call('POST', '/api/v2/silences', 'null')
  assert.deepEqual([status, text], [422, '{"code":602,"message":"comment in body is required"}'])
})

test('a change of a silence of several sets keeps them all, and is refused where it would lose some', async () => {
  const { call, json, manager } = await open()
  const matcherSets = ['1', '2'].map((value) => [{ operator: '=' as const, name: 'a', value }])
  const [startsAt, endsAt] = [Date.UTC(2025, 11, 1), Date.UTC(2026, 1, 1)]
  const id = await manager.silences.set({
    id: '',
    matcherSets,
    startsAt,
    endsAt,
    createdBy: 'me',
    comment: 'c',
    annotations: new Map([['x', 'y']]),
  })
  const shown = await json(`/api/v2/silence/${id}`)
  assert.deepEqual(shown.annotations, { x: 'y', promontory_matcher_sets: '2' })
  const changed = await call('POST', '/api/v2/silences', { ...shown, comment: 'later', endsAt: '2026-03-01T00:00:00Z' })
  assert.deepEqual([changed.status, changed.text], [200, `{"silenceID":"${id}"}\n`])
  const known = manager.silences.get(id)!
  assert.deepEqual([known.matcherSets, known.comment, [...known.annotations]], [matcherSets, 'later', [['x', 'y']]])
  const narrowed = await call('POST', '/api/v2/silences', { ...shown, matchers: [{ name: 'a', value: '3', isRegex: false }] })
  assert.equal(narrowed.status, 400)
  assert.match(narrowed.text, /2 sets of matchers: found other matchers/)
  assert.deepEqual(manager.silences.all().length, 1)
})

test('all sets of a silence are shown, and may be changed together', async () => {
  const { call, json, manager, env } = await open()
  const set = (...values: readonly string[]) => values.map((value) => ({ isEqual: true, isRegex: false, name: 'a', value }))
  const fields = { startsAt: env.clock.now(), endsAt: env.clock.now() + 60_000, createdBy: 'me', comment: 'c', annotations: new Map() }
  const matcherSets = ['1', '2'].map((value) => [{ operator: '=' as const, name: 'a', value }])
  const id = await manager.silences.set({ ...fields, id: '', matcherSets })
  const shown = await json(`/api/v2/silence/${id}`)
  assert.deepEqual([shown.matchers, shown.matcherSets], [set('1'), [set('1'), set('2')]])
  assert.equal((await json('/api/v2/silences?filter=a%3D2')).length, 1)

  const change = (sets: unknown, matchers: unknown = Array.isArray(sets) ? sets[0] : undefined) =>
    call('POST', '/api/v2/silences', { ...shown, matchers, matcherSets: sets })
  const refused = async (sets: unknown, status: number, text: RegExp, matchers?: unknown) => {
    const answer = await change(sets, matchers)
    assert.match(answer.text, text)
    assert.equal(answer.status, status)
  }
  await refused([set('1'), []], 422, /matcherSets\.1 in body should have at least 1 items/)
  await refused([], 422, /matcherSets in body should have at least 1 items/, set('1'))
  await refused([set('1'), [{ name: 'a' }]], 422, /matcherSets\.1\.0\.isRegex in body is required/)
  await refused({}, 400, /cannot unmarshal object/, set('1'))
  await refused([set('3'), set('2')], 400, /matchers: found other ones than the first set of matcherSets/, set('1'))
  assert.deepEqual((await json('/api/v2/silences')).length, 1)

  const changed = await change([set('1', '4'), set('5'), set('6')])
  assert.equal(changed.status, 200, changed.text)
  const now = await json(`/api/v2/silence/${JSON.parse(changed.text).silenceID}`)
  assert.deepEqual([now.matcherSets, now.annotations], [[set('1', '4'), set('5'), set('6')], { promontory_matcher_sets: '3' }])
  assert.equal((await json(`/api/v2/silence/${id}`)).endsAt, new Date(env.clock.now()).toISOString())
  const single = await call('POST', '/api/v2/silences', { ...now, matchers: set('7'), matcherSets: [set('7')] })
  const last = await json(`/api/v2/silence/${JSON.parse(single.text).silenceID}`)
  assert.deepEqual([last.matchers, last.matcherSets, last.annotations], [set('7'), undefined, undefined])
  // What upstream's members could not show does not come from here.
  const several = await call('POST', '/api/v2/silences', { ...last, matchers: set('8'), matcherSets: [set('8'), set('9')] })
  assert.equal(several.status, 400)
  assert.match(several.text, /matcherSets: found 2 sets, want one/)
})

test('a silence is made, changed, shown and ended', async () => {
  const { call, json } = await open()
  const silence = {
    matchers: [{ name: 'a', value: 'b', isRegex: false }],
    startsAt: '2025-12-01T00:00:00Z',
    endsAt: '2026-02-01T00:00:00.123456Z',
    createdBy: 'me',
    comment: 'c',
  }
  const made = await call('POST', '/api/v2/silences', silence)
  const { silenceID: id } = JSON.parse(made.text)
  assert.equal(made.status, 200)
  await call('POST', '/api/v2/alerts', [{ labels: { a: 'b', s: '1' } }, { labels: { t: '1' } }])
  const alerts = await json('/api/v2/alerts')
  assert.deepEqual(
    alerts
      .map(({ labels, status }: { labels: { t?: string }; status: { state: string; silencedBy: string[]; inhibitedBy: string[] } }) => [
        labels.t,
        status.state,
        status.silencedBy.length,
        status.inhibitedBy.length,
      ])
      .sort(),
    [
      [undefined, 'suppressed', 1, 0],
      ['1', 'suppressed', 0, 1],
    ],
  )
  assert.equal((await json('/api/v2/alerts?silenced=false')).length, 1)
  assert.equal((await json('/api/v2/alerts?inhibited=false')).length, 1)
  assert.deepEqual(await json(`/api/v2/silence/${id}`), {
    id,
    status: { state: 'active' },
    updatedAt: '2026-01-01T00:00:00.000Z',
    comment: 'c',
    createdBy: 'me',
    endsAt: '2026-02-01T00:00:00.123Z',
    matchers: [{ isEqual: true, isRegex: false, name: 'a', value: 'b' }],
    startsAt: '2026-01-01T00:00:00.000Z',
  })
  const pending = { ...silence, startsAt: '2026-01-02T00:00:00Z', matchers: [{ name: 'p', value: 'x|y', isRegex: true, isEqual: false }] }
  await call('POST', '/api/v2/silences', pending)
  const states = async (query = '') =>
    (await json(`/api/v2/silences${query}`)).map(({ status }: { status: { state: string } }) => status.state)
  assert.deepEqual(await states(), ['active', 'pending'])
  assert.deepEqual(await states('?filter=p!~%22x|y%22'), ['pending'])
  assert.equal((await call('DELETE', `/api/v2/silence/${id}`)).status, 200)
  const unknown = '00000000-0000-0000-0000-000000000000'
  assert.deepEqual(
    (await Promise.all([call('DELETE', `/api/v2/silence/${unknown}`), call('GET', `/api/v2/silence/${unknown}`)])).map(
      ({ status, text }) => [status, text],
    ),
    [
      [404, ''],
      [404, ''],
    ],
  )
  assert.equal((await call('GET', '/api/v2/silence/x')).text, '{"code":601,"message":"silenceID in path must be of type uuid: \\"x\\""}')
  const check = async (change: object, status: number, text: string) => {
    const answer = await call('POST', '/api/v2/silences', { ...silence, ...change })
    assert.deepEqual([answer.status, answer.text], [status, text])
  }
  await check({ comment: undefined }, 422, '{"code":602,"message":"comment in body is required"}')
  await check({ matchers: [] }, 422, '{"code":612,"message":"matchers in body should have at least 1 items"}')
  await check({ endsAt: '2025-12-03T00:00:00Z' }, 400, '"Failed to create silence: end time can\'t be in the past"\n')
  await check({ endsAt: '2025-11-03T00:00:00Z' }, 400, '"Failed to create silence: start time must be before end time"\n')
  await check({ id: unknown }, 404, '"silence not found"\n')
  await check(
    { matchers: [{ name: 'a', value: '', isRegex: false }] },
    400,
    '"invalid silence: matcher set 0: at least one matcher must not match the empty string"\n',
  )
})

// What 0.33 answers.
test('receivers are chosen by their labels', async () => {
  const { call, json } = await open()
  await call('POST', '/api/v2/alerts', [{ labels: { alertname: 'A', page: 'yes' } }, { labels: { alertname: 'B' } }])
  const check = async (query: string, receivers: string[], alerts: string[], groups: string[]) => {
    const [theirs, shown, grouped] = await Promise.all(
      ['receivers', 'alerts', 'alerts/groups'].map((path) => json(`/api/v2/${path}?${query}`)),
    )
    assert.deepEqual(
      theirs.map(({ name }: { name: string }) => name),
      receivers,
      query,
    )
    assert.deepEqual(shown.map(({ labels }: { labels: { alertname: string } }) => labels.alertname).sort(), alerts, query)
    assert.deepEqual(
      grouped
        .map((group: { receiver: { name: string }; labels: { alertname: string } }) => `${group.receiver.name} ${group.labels.alertname}`)
        .sort(),
      groups,
      query,
    )
  }
  await check('receiver_matchers=owner=dev', ['team'], ['A', 'B'], ['team A', 'team B'])
  await check('receiver_matchers=owner!=dev', ['pager'], ['A'], ['pager A'])
  await check('receiver_matchers=owner%3D%22%22', ['pager'], ['A'], ['pager A'])
  await check('receiver_matchers=owner!%3D%22%22', ['team'], ['A', 'B'], ['team A', 'team B'])
  await check('receiver_matchers=name=~p.*&receiver_matchers=owner=dev', [], [], [])
  // An alert may meet each of the two by another receiver of its own, a group has one.
  await check('receiver=pager&receiver_matchers=owner=dev', ['team'], ['A'], [])
  for (const path of ['receivers', 'alerts', 'alerts/groups']) {
    const { status, text } = await call('GET', `/api/v2/${path}?receiver_matchers=bad`)
    assert.deepEqual([status, text], [400, '"failed to parse receiver_matchers param: bad matcher format: bad"\n'])
  }
})

test('what is not there, is gone, or is asked for in another way', async () => {
  const { env, call, json } = await open()
  const check = async (method: 'GET' | 'POST' | 'PUT', url: string, status: number, text: RegExp) => {
    const answer = await call(method, url)
    assert.equal(answer.status, status, url)
    assert.match(answer.text, text)
  }
  await check('GET', '/api/v2/foo', 404, /^\{"code":404,"message":"path \/api\/v2\/foo was not found"\}$/)
  await check('PUT', '/api/v2/alerts', 405, /^\{"code":405,"message":"method PUT is not allowed, but \[POST,GET\] are"\}$/)
  await check('GET', '/api/v1/alerts', 410, /^\{"status":"deprecated","error":"The Alertmanager v1 API/)
  await check('GET', '/-/healthy', 200, /^OK$/)
  await check('GET', '/-/ready', 200, /^OK$/)
  await check('POST', '/-/reload', 500, /^failed to reload config: bad file\n$/)
  await check('GET', '/', 404, /\/ui\/dist\/alertmanager\.html is missing\..*\n.*\/api\/v2\/alerts/)
  await env.fs.mkdir('/ui/dist/assets')
  await env.fs.writeFile('/ui/dist/alertmanager.html', '<title>Alertmanager</title>')
  await env.fs.writeFile('/ui/dist/assets/main-1a2b.js', 'let a')
  await check('GET', '/', 200, /^<title>Alertmanager<\/title>$/)
  await check('GET', '/assets/main-1a2b.js', 200, /^let a$/)
  assert.match(String((await call('GET', '/')).headers['content-security-policy']), /^default-src 'self'; /)
  await check('GET', '/metrics', 200, /\nalertmanager_alerts_received_total\{status="firing",version="v2"\} 0\n/)
  assert.deepEqual(await json('/api/v2/receivers'), [
    { labels: { name: 'team', owner: 'dev' }, name: 'team' },
    { labels: { name: 'pager' }, name: 'pager' },
  ])
  assert.deepEqual(await json('/api/v2/status'), {
    cluster: { peers: [], status: 'disabled' },
    config: { original: 'route: {}\n' },
    uptime: '2026-01-01T00:00:00.000Z',
    versionInfo: { branch: 'b', buildDate: 'd', buildUser: 'u', goVersion: 'v24', revision: 'r', version: '1' },
  })
})
