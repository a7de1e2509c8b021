import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiClient, apiDeps, NOW } from '../../test/support/api-deps.ts'
import { MemoryAppendable } from '../../test/support/memory-appendable.ts'
import { virtualEnv } from '../base/env-virtual.ts'
import { Labels } from '../model/labels.ts'
import { AlertingRule } from '../rules/alerting-rule.ts'
import { RecordingRule } from '../rules/recording-rule.ts'
import type { RuleDefinition } from '../rules/rule-definition.ts'
import { RuleGroup } from '../rules/rule-group.ts'
import type { GroupView } from '../rules/rule-manager.ts'
import type { AlertsData, RuleGroupJson, RulesData } from './types/rules.ts'

const rule = (kind: RuleDefinition['kind'], name: string, more: Partial<RuleDefinition> = {}): RuleDefinition => ({
  kind,
  name,
  expr: 'up==0',
  forMs: 0,
  keepFiringForMs: 0,
  labels: {},
  annotations: {},
  ...more,
})

/** A group that has been evaluated once: every rule saw `up{job="a"}`, but for those that fail or may lack something. */
async function group(file: string, name: string, rules: readonly RuleDefinition[]): Promise<GroupView> {
  const evaluated = new RuleGroup({
    rules: rules.map((definition) =>
      definition.kind === 'alerting'
        ? new AlertingRule(definition, { externalLabels: Labels.empty, externalUrl: '', isRestored: true })
        : new RecordingRule(definition),
    ),
    queryOffsetMs: 0,
    limit: 0,
    storage: new MemoryAppendable(),
    clock: virtualEnv().clock,
    requiresAll: ({ definition }) => definition.name === 'Strict',
    query: async (expr, t, onMissing) => {
      if (expr === 'fails') throw new Error('it fails')
      if (expr === 'lacks') onMissing('block x cannot be read')
      return [{ labels: Labels.of({ __name__: 'up', job: 'a' }), t, v: 15 }]
    },
  })
  await evaluated.evaluate(NOW - 5000)
  const definition = { name, file, intervalMs: 15_000, queryOffsetMs: undefined, limit: 7, rules }
  return { definition, intervalMs: 15_000, group: evaluated, lastEvaluation: NOW - 5000, durationMs: 1.5 }
}

const views = async (): Promise<readonly GroupView[]> => [
  await group('/a.yml', 'g', [
    rule('recording', 'job:up', { labels: { tier: 'one' } }),
    rule('alerting', 'Down', {
      labels: { severity: 'page' },
      annotations: { text: '{{ $value }}' },
      forMs: 60_000,
      keepFiringForMs: 30_000,
    }),
  ]),
  await group('/a.yml', 'h', [rule('recording', 'bad', { expr: 'fails' }), rule('alerting', 'Strict', { expr: 'lacks' })]),
  await group('/b.yml', 'g', [rule('alerting', 'Loose', { expr: 'lacks' })]),
]

async function asked<T>(url: string): Promise<T> {
  const groups = await views()
  const answer = await apiClient(apiDeps({ rules: () => groups }))(url)
  assert.equal(answer.status, 200, answer.body)
  return JSON.parse(answer.body).data
}

test('rules show what they say and how they are', async () => {
  const { groups } = await asked<RulesData>('/api/v1/rules')
  const evaluation = { evaluationTime: 0, lastEvaluation: '2026-01-01T00:00:00Z' }
  const first: RuleGroupJson = {
    name: 'g',
    file: '/a.yml',
    rules: [
      { name: 'job:up', query: 'up == 0', labels: { tier: 'one' }, health: 'ok', ...evaluation, type: 'recording' },
      {
        state: 'pending',
        name: 'Down',
        query: 'up == 0',
        duration: 60,
        keepFiringFor: 30,
        labels: { severity: 'page' },
        annotations: { text: '{{ $value }}' },
        alerts: [
          {
            labels: { alertname: 'Down', job: 'a', severity: 'page' },
            annotations: { text: '15' },
            state: 'pending',
            activeAt: '2025-12-31T23:59:55Z',
            value: '1.5e+01',
          },
        ],
        health: 'ok',
        ...evaluation,
        type: 'alerting',
      },
    ],
    interval: 15,
    limit: 7,
    evaluationTime: 0.0015,
    lastEvaluation: '2025-12-31T23:59:55Z',
  }
  assert.deepEqual(groups[0], first)
  const health = groups.flatMap(({ rules }) => rules).map(({ name, health, lastError, warnings }) => [name, health, lastError, warnings])
  assert.deepEqual(health.slice(2), [
    ['bad', 'err', 'it fails', undefined],
    ['Strict', 'unknown', 'block x cannot be read', ['block x cannot be read']],
    ['Loose', 'ok', undefined, ['block x cannot be read']],
  ])
})

test('rules are filtered by all that they are known by', async () => {
  const check = async (query: string, want: string) => {
    const { groups } = await asked<RulesData>(`/api/v1/rules?${query}`)
    assert.equal(groups.map(({ file, name, rules }) => `${file} ${name}: ${rules.map((rule) => rule.name).join()}`).join('; '), want, query)
  }
  await check('type=record', '/a.yml g: job:up; /a.yml h: bad')
  await check('type=alert', '/a.yml g: Down; /a.yml h: Strict; /b.yml g: Loose')
  await check('rule_name[]=Down&rule_name[]=bad', '/a.yml g: Down; /a.yml h: bad')
  await check('rule_group[]=g', '/a.yml g: job:up,Down; /b.yml g: Loose')
  await check('file[]=/b.yml', '/b.yml g: Loose')
  await check('match[]={severity="page"}&match[]={tier=~"o.*"}', '/a.yml g: job:up,Down')
  await check('match[]={severity="none"}', '')
  const empty = await group('/a.yml', 'empty', [])
  const { groups } = await asked<RulesData>('/api/v1/rules?exclude_alerts=true&type=alert')
  assert.ok(groups.every(({ rules }) => rules.every((rule) => 'alerts' in rule && rule.alerts === null)))
  // As upstream, of groups that have nothing to show none is shown.
  const answer = await apiClient(apiDeps({ rules: () => [empty] }))('/api/v1/rules')
  assert.deepEqual(JSON.parse(answer.body).data, { groups: [] })
})

test('groups come in pages, of groups that have something to show', async () => {
  const check = async (query: string, want: readonly string[]) => {
    const pages: string[] = []
    for (let token: string | undefined = ''; token !== undefined; ) {
      const next = token === '' ? '' : `&group_next_token=${token}`
      const data: RulesData = await asked(`/api/v1/rules?${query}${next}`)
      pages.push(data.groups.map(({ file, name }) => `${file} ${name}`).join())
      token = data.groupNextToken
    }
    assert.deepEqual(pages, want, query)
  }
  await check('group_limit=2', ['/a.yml g,/a.yml h', '/b.yml g'])
  await check('group_limit=1&rule_name[]=Loose', ['/b.yml g'])
  await check('group_limit=1&rule_group[]=g', ['/a.yml g', '/b.yml g'])
  await check('group_limit=2&type=alert', ['/a.yml g,/a.yml h', '/b.yml g'])
  await check('group_limit=9', ['/a.yml g,/a.yml h,/b.yml g'])
  // A token is of any group, whether it is asked for or not.
  const { groupNextToken } = await asked<RulesData>('/api/v1/rules?group_limit=1')
  const { groups } = await asked<RulesData>(`/api/v1/rules?group_limit=1&file[]=/b.yml&group_next_token=${groupNextToken}`)
  assert.deepEqual(
    groups.map(({ file }) => file),
    ['/b.yml'],
  )
})

test('alerts and Alertmanagers are listed', async () => {
  const { alerts } = await asked<AlertsData>('/api/v1/alerts')
  assert.deepEqual(
    alerts.map(({ labels, state }) => `${labels.alertname} ${state}`),
    ['Down pending', 'Loose firing'],
  )
  const alertmanagers = { active: () => ['http://a/api/v2/alerts'], dropped: () => ['http://b/api/v2/alerts'] }
  const { body } = await apiClient(apiDeps({ alertmanagers }))('/api/v1/alertmanagers')
  assert.deepEqual(JSON.parse(body).data, {
    activeAlertmanagers: [{ url: 'http://a/api/v2/alerts' }],
    droppedAlertmanagers: [{ url: 'http://b/api/v2/alerts' }],
  })
})

test('parameters that are wrong are told in upstream’s words', async () => {
  const check = async (query: string, want: string) => {
    const { status, body } = await apiClient(apiDeps({ rules: () => [] }))(`/api/v1/rules?${query}`)
    assert.deepEqual([status, JSON.parse(body).error], [400, want])
  }
  await check('type=x', 'invalid parameter "type": not supported value "x"')
  await check(
    'exclude_alerts=maybe',
    'invalid parameter "exclude_alerts": error converting exclude_alerts: strconv.ParseBool: parsing "maybe": invalid syntax',
  )
  await check('match[]={', '1:2: parse error: unexpected end of input inside braces')
  await check('match[]={team=~".*"}', 'match[] must contain at least one non-empty matcher')
  const limit = (why: string) => `invalid parameter "group_limit": group_limit needs to be ${why}`
  await check('group_limit=0', limit('greater than 0'))
  await check('group_limit=x', limit('a valid number: strconv.ParseInt: parsing "x": invalid syntax'))
  await check('group_limit=3000000000', limit('a valid number: strconv.ParseInt: parsing "3000000000": value out of range'))
  await check(
    'group_next_token=x',
    'invalid parameter "group_next_token": group_limit needs to be present in order to paginate over the groups',
  )
  await check(
    'group_limit=1&group_next_token=x',
    'invalid parameter "group_next_token": invalid group_next_token \'x\'. were rule groups changed?',
  )
})
