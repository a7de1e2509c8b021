import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AlertingRuleJson, RecordingRuleJson, RuleGroupJson } from '../../../src/api/types/rules.ts'
import {
  type AlertState,
  alertGroups,
  countAlerts,
  countHealth,
  countStates,
  evaluationTime,
  type RuleHealth,
  ruleGroups,
} from './groups.ts'

const common = { query: 'up == 0', evaluationTime: 0.01, lastEvaluation: '2026-11-22T02:00:00.5Z' }

const alerting = (name: string, state: AlertState, instance = '', health: RuleHealth = 'ok'): AlertingRuleJson => ({
  ...common,
  type: 'alerting',
  name,
  state,
  health,
  duration: 60,
  keepFiringFor: 0,
  labels: { severity: 'page' },
  annotations: { summary: 'Is down' },
  alerts: instance === '' ? [] : [{ labels: { instance }, annotations: {}, state, activeAt: common.lastEvaluation, value: '0' }],
})

const recording = (name: string, health: RuleHealth = 'ok'): RecordingRuleJson => ({ ...common, type: 'recording', name, health })

const group = (name: string, rules: RuleGroupJson['rules']): RuleGroupJson => ({
  name,
  file: `/etc/${name}.yml`,
  rules,
  interval: 60,
  limit: 0,
  evaluationTime: 0.02,
  lastEvaluation: common.lastEvaluation,
})

const GROUPS = [
  group('hosts', [alerting('Down', 'firing', 'a:80'), alerting('Slow', 'pending', 'b:80', 'err'), recording('job:up')]),
  group('quiet', [alerting('Never', 'inactive', '', 'unknown')]),
  group('records', [recording('x', 'err')]),
  group('empty', []),
]

const names = (groups: readonly { group: RuleGroupJson; rules: readonly { name: string }[] }[]) =>
  groups.map(({ group, rules }) => `${group.name}:${rules.map(({ name }) => name).join()}`).join(' ')

test('alerting rules are shown by state and by what is said of them and their alerts', () => {
  const check = (only: AlertState | 'all', text: string, want: string) => assert.equal(names(alertGroups(GROUPS, { only, text })), want)
  check('all', '', 'hosts:Down,Slow quiet:Never')
  check('firing', '', 'hosts:Down')
  check('all', 'B:80', 'hosts:Slow')
  check('all', 'severity="page" quiet.yml', 'quiet:Never')
  check('pending', 'a:80', '')
  check('all', 'is down', 'hosts:Down,Slow quiet:Never')
})

test('rules are shown by health; without a filter groups without rules as well', () => {
  const check = (only: RuleHealth | 'all', text: string, want: string) => assert.equal(names(ruleGroups(GROUPS, { only, text })), want)
  check('all', '', 'hosts:Down,Slow,job:up quiet:Never records:x empty:')
  check('err', '', 'hosts:Slow records:x')
  check('all', 'job:up', 'hosts:job:up')
  check('unknown', 'nothing', '')
})

test('counts are of all rules, whatever is shown', () => {
  assert.deepEqual(countStates(GROUPS), { firing: 1, pending: 1, inactive: 1 })
  assert.deepEqual(countHealth(GROUPS), { ok: 2, err: 2, unknown: 1 })
})

test('alerts are counted of the rules that are shown', () => {
  assert.equal(countAlerts(alertGroups(GROUPS, { only: 'all', text: '' })), 2)
  assert.equal(countAlerts(alertGroups(GROUPS, { only: 'pending', text: '' })), 1)
  assert.equal(countAlerts(alertGroups([group('x', [{ ...alerting('A', 'inactive'), alerts: null }])], { only: 'all', text: '' })), 0)
})

test('a group that was never evaluated says so', () => {
  assert.equal(evaluationTime({ lastEvaluation: '0001-01-01T00:00:00Z' }), undefined)
  assert.equal(evaluationTime(GROUPS[0]), Date.UTC(2026, 10, 22, 2, 0, 0, 500))
})
