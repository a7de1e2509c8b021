import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildRoute } from '../alertmanager/dispatch/route.ts'
import { LabelMatcher } from '../alertmanager/label-matcher.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { flag } from '../config/flags.ts'
import { Labels } from '../model/labels.ts'
import type { ApiAlert, ApiSilence } from './alertmanager-api.ts'
import { readMatchers, readPairs } from './alertmanager-command.ts'
import { alertsText, clusterText, silencesText } from './alertmanager-output.ts'
import { amtoolDefaults } from './amtool-defaults.ts'
import type { CommandIo } from './command.ts'
import { matchingTree, receiversOf, routeTree } from './route-tree.ts'

const silent: CommandIo = {
  out() {},
  err() {},
  write() {},
  progress() {},
  input: () => Promise.resolve(new Uint8Array()),
  terminal: () => null,
  variables: {},
}

const SIMPLE = { format: 'simple', dateFormat: '2006-01-02 15:04:05 MST' } as const

const silence: ApiSilence = {
  id: '9d6853ae',
  status: { state: 'active' },
  updatedAt: '2026-11-22T15:00:02.347Z',
  comment: 'why <b>',
  createdBy: 'me',
  startsAt: '2026-11-22T15:00:02.347Z',
  endsAt: '2026-11-23T10:00:00.000+02:00',
  matchers: [
    { name: 'alertname', value: 'z.*', isRegex: true, isEqual: true },
    { name: 'b', value: 'c', isRegex: false, isEqual: false },
    { name: 'd', value: 'e', isRegex: true, isEqual: false },
    { name: 'old', value: 'ü"', isRegex: false },
  ],
}

// What amtool 0.33 prints of the same answers.
test('silences are printed in the three forms', () => {
  const earlier = { ...silence, id: 'a', endsAt: '2026-11-23T07:00:00Z' }
  assert.deepEqual(silencesText([silence, earlier], SIMPLE).split('\n'), [
    'ID        Matchers                                  Ends At                    Created By  Comment  ',
    'a         alertname=~"z.*" b!="c" d!~"e" old="ü\\""  2026-11-23 07:00:00 UTC    me          why <b>  ',
    '9d6853ae  alertname=~"z.*" b!="c" d!~"e" old="ü\\""  2026-11-23 10:00:00 +0200  me          why <b>  ',
  ])
  assert.match(
    silencesText([silence], { ...SIMPLE, format: 'extended' }),
    /\{alertname=~"z\.\*",b!="c",d!~"e",old="ü\\""\} {2}2026-11-22 15:00:02 UTC/,
  )
  assert.equal(
    silencesText([{ ...silence, matchers: [silence.matchers[3]], annotations: { b: '1', a: '2' } }], { ...SIMPLE, format: 'json' }),
    '[{"id":"9d6853ae","status":{"state":"active"},"updatedAt":"2026-11-22T15:00:02.347Z","annotations":{"a":"2","b":"1"},"comment":"why \\u003cb\\u003e","createdBy":"me","endsAt":"2026-11-23T10:00:00.000+02:00","matchers":[{"isEqual":true,"isRegex":false,"name":"old","value":"ü\\""}],"startsAt":"2026-11-22T15:00:02.347Z"}]',
  )
})

test('alerts are printed in the three forms, those that began first before others', () => {
  const alert: ApiAlert = {
    annotations: { summary: 's' },
    endsAt: '2026-11-23T10:00:00.000Z',
    fingerprint: 'af',
    receivers: [{ name: 'default' }],
    startsAt: '2026-11-22T10:00:00.000Z',
    status: { inhibitedBy: [], silencedBy: ['x'], state: 'suppressed' },
    updatedAt: '2026-11-22T15:00:21.384Z',
    labels: { x: '1', alertname: 'A b' },
  }
  assert.deepEqual(alertsText([{ ...alert, startsAt: '2026-11-22T11:00:00Z', annotations: {} }, alert], SIMPLE).split('\n'), [
    'Alertname  Starts At                Summary  State       ',
    'A b        2026-11-22 10:00:00 UTC  s        suppressed  ',
    'A b        2026-11-22 11:00:00 UTC           suppressed  ',
  ])
  assert.match(alertsText([alert], { ...SIMPLE, format: 'extended' }), /^alertname="A b" x="1" {2}summary="s" {2}/m)
  assert.match(
    alertsText([alert], { ...SIMPLE, format: 'json' }),
    /"status":\{"inhibitedBy":\[\],"mutedBy":\[\],"silencedBy":\["x"\],"state":"suppressed"\}/,
  )
  assert.equal(alertsText([], { ...SIMPLE, format: 'json' }), '[]')
  assert.match(alertsText([alert], { ...SIMPLE, dateFormat: '15h04' }), /10h00/)
})

test('members of a cluster are listed by address', () => {
  const peers = [
    { address: '10.0.0.2:9094', name: 'B' },
    { address: '10.0.0.1:9094', name: 'A' },
  ]
  const text = clusterText({ status: 'ready', name: 'A', peers }, { ...SIMPLE, format: 'extended' })
  assert.deepEqual(text.split('\n'), [
    'Cluster Status:  ready',
    'Node Name:       A',
    '',
    'Address        Name',
    '10.0.0.1:9094  A',
    '10.0.0.2:9094  B',
  ])
})

test('the first matcher may be the name of an alert', () => {
  const call = { matcherMode: 'fallback', io: silent } as const
  assert.equal(readMatchers(['foo bar', 'a=~b'], call).join(), 'alertname="foo bar",a=~"b"')
  assert.equal(readMatchers(['foo=bar'], call).join(), 'foo="bar"')
  assert.throws(() => readMatchers(['a=b', 'foo'], call), /bad matcher format: foo/)
  assert.deepEqual({ ...readPairs('labels', ['a=b', 'c=""'], call) }, { a: 'b', c: '' })
  assert.throws(() => readPairs('labels', ['a=~b'], call), /labels must be specified as key=value pairs/)
})

test("amtool's configuration files give flags, that of the user before others", async () => {
  const env = virtualEnv()
  await env.fs.mkdir('/home/me/.config/amtool')
  await env.fs.mkdir('/etc/amtool')
  await env.fs.writeFile('/home/me/.config/amtool/config.yml', 'alertmanager.url: http://a\ncomment_required: false\nunknown: 1\n')
  await env.fs.writeFile('/etc/amtool/config.yml', 'alertmanager.url: http://b\noutput: json\n')
  const table = {
    'alertmanager.url': flag.text({ default: '', help: '' }),
    output: flag.text({ default: '', help: '' }),
    'require-comment': flag.boolean({ default: true, help: '' }),
  }
  assert.deepEqual(await amtoolDefaults(env.fs, '/home/me', table), [
    '--alertmanager.url=http://a',
    '--no-require-comment',
    '--output=json',
  ])
  assert.deepEqual(await amtoolDefaults(env.fs, undefined, table), ['--alertmanager.url=http://b', '--output=json'])
  await env.fs.writeFile('/etc/amtool/config.yml', 'output: [a]\n')
  await assert.rejects(amtoolDefaults(env.fs, undefined, table), /found no text for output/)
})

test('routing trees are drawn as amtool draws them', () => {
  const root = buildRoute({
    receiver: 'default',
    routes: [
      {
        receiver: 'pager',
        continues: true,
        matchers: [new LabelMatcher('=', 'severity', 'critical')],
        routes: [{ matchers: [new LabelMatcher('!=', 'x', 'y')] }],
      },
      { receiver: 'y', matchers: [new LabelMatcher('=', 'severity', 'critical')] },
    ],
  })
  assert.deepEqual(routeTree(root).split('\n'), [
    '.',
    '└── default-route  receiver: default',
    '    ├── {severity="critical"}  continue: true  receiver: pager',
    '    │   └── {x!="y"}  receiver: pager',
    '    └── {severity="critical"}  receiver: y',
  ])
  const critical = Labels.of({ severity: 'critical', x: 'y' })
  assert.deepEqual(matchingTree(root, critical).split('\n'), [
    '.',
    '└── default-route',
    '    ├── {severity="critical"}  receiver: pager',
    '    └── {severity="critical"}  receiver: y',
  ])
  assert.equal(receiversOf(root, critical), 'pager,y')
  assert.equal(matchingTree(root, Labels.empty), '.\n└── default-route  receiver: default')
})
