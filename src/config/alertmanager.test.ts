import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matchRoutes } from '../alertmanager/dispatch/route.ts'
import type { MatcherMode } from '../alertmanager/matchers/matcher-mode.ts'
import { containsTime } from '../alertmanager/time-interval.ts'
import { Labels } from '../model/labels.ts'
import { parseAlertmanagerConfig } from './alertmanager.ts'
import { formatPlace } from './problems.ts'

const load = (text: string, matcherMode: MatcherMode = 'fallback') =>
  parseAlertmanagerConfig('/etc/alertmanager.yml', text, { matcherMode })

const WHOLE = `
global:
  resolve_timeout: 10m
  smtp_smarthost: mail:587
  smtp_auth_password: hidden
  slack_api_url: http://slack/hidden
route:
  receiver: default
  group_by: [alertname, cluster]
  group_wait: 10s
  routes:
  - matchers: [severity="critical", team=~"a|b"]
    receiver: pager
    group_by: ['...']
    mute_time_intervals: [nights]
    active_time_intervals: [weekdays]
    continue: true
  - match: {severity: critical}
    match_re: {team: c.*}
    repeat_interval: 1d
    routes:
    - matchers: ['{"a b"="c", d!=e}']
inhibit_rules:
- name: quiet
  source_matchers: [severity="critical"]
  source_match: {x: y}
  target_match_re: {severity: warning|info}
  equal: [cluster]
receivers:
- name: default
  webhook_configs:
  - url: http://hook/one
  - url: http://hook/two
- name: pager
mute_time_intervals:
- name: nights
  time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}]}]
time_intervals:
- name: weekdays
  time_intervals: [{weekdays: ['monday:friday']}, {months: [december]}]
templates: ['templates/*.tmpl', /abs/x.tmpl]
`

test('a whole file is read, with both ways of matching and both ways of naming times', () => {
  const { config, warnings } = load(WHOLE)
  assert.deepEqual(warnings, [])
  const { route, inhibitRules, receivers, timeIntervals } = config
  assert.equal(config.resolveTimeoutMs, 600_000)
  const receiversOf = (labels: Record<string, string>) => matchRoutes(route, Labels.of(labels)).map(({ receiver }) => receiver)
  assert.deepEqual(receiversOf({ severity: 'critical', team: 'b' }), ['pager'])
  assert.deepEqual(receiversOf({ severity: 'critical', team: 'cat' }), ['default'])
  assert.equal(
    matchRoutes(route, Labels.of({ severity: 'critical', team: 'cat', 'a b': 'c' }))[0].id,
    '{}/{severity="critical",team=~"^(?:c.*)$"}/1/{"a b"="c",d!="e"}/0',
  )
  const [pager, old] = route.routes
  assert.deepEqual(
    [pager.groupBy, old.groupBy, old.repeatIntervalMs, pager.continues],
    [undefined, ['alertname', 'cluster'], 86_400_000, true],
  )
  assert.deepEqual([pager.muteTimeIntervals, pager.activeTimeIntervals], [['nights'], ['weekdays']])
  assert.deepEqual(
    inhibitRules.map(({ name, sourceMatchers, targetMatchers, equal }) => [name, sourceMatchers.join(), targetMatchers.join(), equal]),
    [['quiet', 'x="y",severity="critical"', 'severity=~"^(?:warning|info)$"', ['cluster']]],
  )
  assert.deepEqual([...receivers.keys()], ['default', 'pager'])
  assert.equal(receivers.get('default')?.webhook_configs?.length, 2)
  assert.deepEqual([...timeIntervals.keys()], ['nights', 'weekdays'])
  const weekdays = timeIntervals.get('weekdays')!
  assert.ok(weekdays.some((interval) => containsTime(interval, Date.parse('2024-12-01T12:00:00Z'))))
  assert.ok(!weekdays.some((interval) => containsTime(interval, Date.parse('2024-11-30T12:00:00Z'))))
  assert.deepEqual(config.templates, ['/etc/templates/*.tmpl', '/abs/x.tmpl'])
})

test('the printed file hides secrets and is read again as the same tree', () => {
  const { config, toYaml } = load(WHOLE)
  const yaml = toYaml()
  assert.doesNotMatch(yaml, /hidden|http:\/\/hook/)
  assert.match(yaml, /^global:\n {2}resolve_timeout: 10m\n {2}http_config:\n {4}follow_redirects: true\n {4}enable_http2: true\n/)
  assert.match(yaml, /^templates:\n- \/etc\/templates\/\*\.tmpl\n/m)
  assert.deepEqual(load(yaml).config.route, config.route)
  assert.equal(load(yaml).toYaml(), yaml)
})

test('what is wrong is told with its place, in the words of upstream', () => {
  const check = (text: string, want: readonly string[], mode?: MatcherMode) => {
    assert.throws(
      () => load(text, mode),
      (error: { readonly problems: readonly Parameters<typeof formatPlace>[0][] }) => {
        assert.deepEqual(
          error.problems.map(formatPlace).map((line) => line.replace('/etc/alertmanager.yml:', '')),
          want,
          text,
        )
        return true
      },
    )
  }
  const good = 'receivers: [{name: x}]\n'
  check('', ['1:1: no routes provided'])
  check('receivers: [{name: x}, {name: x}]\nroute: {receiver: x}', ['1:31: notification config name "x" is not unique'])
  check('receivers: [{}]\nroute: {receiver: x}', ['1:13: missing name in receiver'])
  check(`${good}route: {}`, ['2:8: root route must specify a default receiver'])
  check(`${good}route: {receiver: y, routes: [{receiver: z}]}`, [
    '2:19: undefined receiver "y" used in route',
    '2:42: undefined receiver "z" used in route',
  ])
  check(`${good}route: {receiver: x, matchers: [a=b], continue: true, mute_time_intervals: [n]}`, [
    '2:32: root route must not have any matchers',
    '2:49: cannot have continue in root route',
    '2:76: root route must not have any mute time intervals',
    '2:77: undefined time interval "n" used in route',
  ])
  check(`${good}route: {receiver: x, routes: [{active_time_intervals: [n]}]}`, ['2:56: undefined time interval "n" used in route'])
  check(`${good}route: {receiver: x}\ntime_intervals: [{name: a}, {name: a}, {}]`, ['3:40: missing name in time interval'])
  check(`${good}route: {receiver: x}\nmute_time_intervals: [{name: a}]\ntime_intervals: [{name: a}]`, [
    '4:25: time interval "a" is not unique',
  ])
  check(`${good}route: {receiver: x, group_by: [a, '...']}`, [
    '2:32: cannot have wildcard group_by (`...`) and other labels at the same time',
  ])
  check(`${good}route: {receiver: x, group_by: [a, b, a]}`, ['2:39: duplicated label "a" in group_by'])
  check(`${good}route: {receiver: x, group_interval: 0s, repeat_interval: 0s}`, [
    '2:38: group_interval cannot be zero',
    '2:59: repeat_interval cannot be zero',
  ])
  check(`${good}route: {receiver: x, routes: [{match: {a-b: c}, match_re: {d: , e: (}}]}`, [
    '2:40: invalid label name "a-b"',
    '2:60: invalid regexp value for "d"',
    '2:68: error parsing regexp: missing closing ): `^(?:()$`',
  ])
  check(`${good}route: {receiver: x, routes: [{matchers: [a]}]}`, ['2:43: bad matcher format: a'])
  check(`${good}route: {receiver: x, group_by: [a-b]}`, ['2:33: invalid label name "a-b" in group_by list'], 'classic')
  check(
    `${good}route: {receiver: x}\ninhibit_rules: [{equal: [a-b], source_matchers: ['a=']}]`,
    ['3:26: invalid label name "a-b" in equal list'],
    'classic',
  )
  check(
    `${good}route: {receiver: x}\ninhibit_rules: [{source_matchers: ['a=']}]`,
    ['3:36: end of input: expected label value'],
    'utf8-strict',
  )
  check(`${good}route: {receiver: x}\nglobal: {smtp_smarthost: a, opsgenie_api_key: a, opsgenie_api_key_file: b}`, [
    '3:26: address a: missing port in address',
  ])
  check(
    `${good}route: {receiver: x}\nglobal: {opsgenie_api_key: a, opsgenie_api_key_file: b, rocketchat_token: "", rocketchat_token_file: c}`,
    [
      '3:54: at most one of opsgenie_api_key & opsgenie_api_key_file must be configured',
      '3:102: at most one of rocketchat_token & rocketchat_token_file must be configured',
    ],
  )
  check(`${good}route: {receiver: x}\nglobal: {slack_app_token: a, slack_api_url_file: b}`, [
    '3:50: at most one of slack_app_token/slack_app_token_file & slack_api_url/slack_api_url_file must be configured',
  ])
  check('groups: [{name: a}]', ['1:1: this looks like a file of recording and alerting rules, want an alertmanager.yml'])
})

test('matchers that only the language of old reads, and what is not built, are warned of with their place', () => {
  const { warnings } = load(
    'route: {receiver: x, routes: [{matchers: [a=]}]}\nreceivers: [{name: x}]\nevent_recorder: {file_outputs: [{path: x}]}\n',
  )
  assert.deepEqual(
    warnings.map(({ kind, line, column }) => [kind, line, column]),
    [
      ['old', 1, 43],
      ['unsupported', 3, 1],
    ],
  )
})
