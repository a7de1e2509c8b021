import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Labels } from '../../model/labels.ts'
import { LabelMatcher } from '../label-matcher.ts'
import { buildRoute, groupLabels, matchRoutes, type RouteDefinition, walkRoutes } from './route.ts'

const is = (name: string, value: string) => new LabelMatcher('=', name, value)

const definition: RouteDefinition = {
  receiver: 'notify-def',
  routes: [
    {
      receiver: 'notify-A',
      matchers: [is('owner', 'team-A')],
      routes: [
        { receiver: 'notify-testing', groupBy: [], matchers: [is('env', 'testing')] },
        {
          receiver: 'notify-productionA',
          groupWaitMs: 60_000,
          matchers: [is('env', 'production')],
          continues: true,
        },
        { receiver: 'notify-productionB', groupIntervalMs: 300_001, matchers: [is('env', 'production')], groupBy: ['job'] },
      ],
    },
    { matchers: [new LabelMatcher('=~', 'owner', 'team-(B|C)')], groupBy: ['foo', 'bar'], receiver: 'notify-BC' },
    {
      matchers: [is('group_by', 'role')],
      groupBy: ['role'],
      groupWaitMs: 120_000,
      muteTimeIntervals: ['nights'],
      routes: [
        { matchers: [is('env', 'testing')], receiver: 'notify-testing', groupBy: ['...'], routes: [{ matchers: [is('wait', 'long')] }] },
      ],
    },
  ],
}

test('an alert goes to the deepest nodes that match, and on to siblings where a node says so', () => {
  const root = buildRoute(definition)
  const check = (labels: Record<string, string>, ...want: readonly string[]) =>
    assert.deepEqual(
      matchRoutes(root, Labels.of(labels)).map(({ receiver }) => receiver),
      want,
      JSON.stringify(labels),
    )
  check({}, 'notify-def')
  check({ owner: 'team-A' }, 'notify-A')
  check({ owner: 'team-A', env: 'unset' }, 'notify-A')
  check({ owner: 'team-A', env: 'testing' }, 'notify-testing')
  check({ owner: 'team-A', env: 'production' }, 'notify-productionA', 'notify-productionB')
  check({ owner: 'team-C' }, 'notify-BC')
  check({ owner: 'team-D' }, 'notify-def')
  check({ group_by: 'role', env: 'testing', wait: 'long' }, 'notify-testing')
  assert.deepEqual(matchRoutes(root.routes[0], Labels.of({ owner: 'team-B' })), [])
})

test('what a node does not say comes from its parent, but for intervals of time', () => {
  const root = buildRoute(definition)
  const { groupBy, groupWaitMs, groupIntervalMs, repeatIntervalMs } = root
  assert.deepEqual(
    { groupBy, groupWaitMs, groupIntervalMs, repeatIntervalMs },
    {
      groupBy: [],
      groupWaitMs: 30_000,
      groupIntervalMs: 300_000,
      repeatIntervalMs: 14_400_000,
    },
  )
  const [, , role] = root.routes
  const [testing] = role.routes
  const [long] = testing.routes
  assert.deepEqual([role.receiver, testing.groupWaitMs, long.groupWaitMs], ['notify-def', 120_000, 120_000])
  assert.deepEqual([role.muteTimeIntervals, testing.muteTimeIntervals], [['nights'], []])
  assert.deepEqual([testing.groupBy, long.groupBy], [undefined, undefined])
  const labels = Labels.of({ a: '1', role: 'db', b: '2' })
  assert.equal(groupLabels(role, labels).toString(), '{role="db"}')
  assert.equal(groupLabels(long, labels), labels)
  assert.equal(groupLabels(root, labels), Labels.empty)
})

// Source: Alertmanager dispatch/route_test.go, TestRouteID.
test('keys and IDs of nodes are those that upstream prints', () => {
  const root = buildRoute({
    receiver: 'default',
    routes: [
      {
        matchers: [is('foo', 'bar'), is('bar', 'a"\n\\b')],
        continues: true,
        routes: [
          { matchers: [new LabelMatcher('!~', 'with space', 'x\ty')] },
          { matchers: [new LabelMatcher('!~', 'with space', 'x\ty')] },
        ],
      },
      { matchers: [is('foo', 'bar')] },
    ],
  })
  assert.deepEqual(
    [...walkRoutes(root)].map(({ id }) => id),
    [
      '{}',
      '{}/{bar="a\\"\\n\\\\b",foo="bar"}/0',
      '{}/{bar="a\\"\\n\\\\b",foo="bar"}/0/{"with space"!~"x\\ty"}/0',
      '{}/{bar="a\\"\\n\\\\b",foo="bar"}/0/{"with space"!~"x\\ty"}/1',
      '{}/{foo="bar"}/1',
    ],
  )
  assert.deepEqual(root.routes[0].routes.map(({ key }) => key)[1], '{}/{bar="a\\"\\n\\\\b",foo="bar"}/{"with space"!~"x\\ty"}')
})
