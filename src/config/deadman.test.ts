import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { checkConfig } from '../commands/check-config.ts'
import { loadDeadmanConfig } from './deadman.ts'
import { ConfigError } from './problems.ts'

const RECEIVERS = "receivers: [{name: page, webhook_configs: [{url: 'http://r/'}]}, {name: none}]\n"

async function load(text: string) {
  const env = virtualEnv()
  await env.fs.mkdir('/etc')
  await env.fs.writeFile('/etc/deadman.yml', text)
  return loadDeadmanConfig(env, '/etc/deadman.yml')
}

test('a configuration as the role sees it', async () => {
  const { config, warnings, toYaml } = await load(`heartbeats:
  - {name: eu-1.a, timeout: 5m, receiver: page, labels: {severity: critical}}
drills:
  - {name: d, alertmanagers: ['http://a:secret@am:9093/x/'], every: 1h, deadline: 2m, receiver: page, repeat_interval: 1d,
     labels: {team: db}, alarm_labels: {team: sre}, http_config: {authorization: {credentials_file: token}}}
templates: [t/*.tmpl]
${RECEIVERS}`)
  assert.deepEqual(warnings, [])
  const [heartbeat] = config.heartbeats
  assert.deepEqual([heartbeat.timeoutMs, heartbeat.repeatIntervalMs, heartbeat.labels.get('severity')], [300_000, 3_600_000, 'critical'])
  const [drill] = config.drills
  assert.deepEqual([drill.alertmanagers, drill.everyMs, drill.deadlineMs], [['http://a:secret@am:9093/x'], 3_600_000, 120_000])
  assert.deepEqual([drill.alertLabels.get('team'), drill.labels.get('team'), drill.repeatIntervalMs], ['db', 'sre', 86_400_000])
  assert.deepEqual(drill.http.authorization, { type: 'Bearer', credentials: { file: '/etc/token' } })
  assert.deepEqual(config.templates, ['/etc/t/*.tmpl'])
  const shown = toYaml()
  assert.doesNotMatch(shown, /secret@/)
  assert.match(shown, /repeat_interval: 1h/)
})

test('what cannot work is refused, with its place', async () => {
  const check = async (text: string, ...want: string[]) => {
    const error = await load(text).then(
      () => assert.fail(`loads: ${text}`),
      (error: unknown) => error,
    )
    assert.ok(error instanceof ConfigError)
    assert.deepEqual(
      error.problems.map(({ line, column, message }) => `${line}:${column} ${message}`),
      want,
    )
  }
  const heartbeat = (fields: string) => `heartbeats:\n  - {${fields}}\n${RECEIVERS}`
  const drill = (fields: string) => `drills:\n  - {name: d, receiver: page, ${fields}}\n${RECEIVERS}`
  await check(RECEIVERS, '1:1 this looks like a part of a configuration of Alertmanager, want a deadman.yml')
  await check(`heartbeats: []\n${RECEIVERS}`, '1:1 found no heartbeats and no drills, want at least one')
  await check(
    heartbeat('labels: {heartbeat: x}'),
    '2:5 missing name in heartbeat',
    '2:5 missing receiver in heartbeat',
    '2:5 missing timeout in heartbeat: how long it may be silent',
    '2:26 the label heartbeat is its name',
  )
  await check(heartbeat('name: a/b, timeout: 1m, receiver: page'), '2:12 found "a/b", want letters, digits, dots, - and _')
  await check(heartbeat('name: a, timeout: 1m, receiver: pages'), '2:38 undefined receiver "pages"')
  await check(heartbeat('name: a, timeout: 1m, receiver: none'), '3:66 receiver "none" has no entries: nobody would be told')
  await check(
    heartbeat('name: a, timeout: 0s, receiver: page, repeat_interval: 0s'),
    '2:24 missing timeout in heartbeat: how long it may be silent',
    '2:61 found 0s, want a time after which it is told again',
  )
  await check(
    `heartbeats:\n  - {name: a, timeout: 1m, receiver: page}\n  - {name: a, timeout: 1m, receiver: page}\n${RECEIVERS}`,
    '3:12 the name "a" is not unique',
  )
  await check(
    drill('labels: {promontory_drill: x}'),
    '2:5 missing alertmanagers in drill',
    '2:5 missing every in drill: how often it is held',
    '2:5 missing deadline in drill: how long its alert may take',
    '2:58 the label promontory_drill says which drill it is',
  )
  await check(
    drill('alertmanagers: [ftp://x], every: 1m, deadline: 2m'),
    '2:47 want a URL that begins with http:// or https://',
    '2:78 a drill ends before the next one begins: want at most every',
  )
  await check(
    drill('alertmanagers: [am:9093x], every: 1m, deadline: 1m').replace('am:9093x', '""'),
    '2:47 found "", want a URL such as http://host:9090/path',
  )
})

test('check config knows a deadman.yml', async () => {
  const env = virtualEnv()
  await env.fs.writeFile('/a.yml', `heartbeats: [{name: a, timeout: 1m, receiver: page}]\ntemplates: [/x.tmpl]\n${RECEIVERS}`)
  await env.fs.writeFile('/x.tmpl', 'fine')
  const [out, err]: [string[], string[]] = [[], []]
  const run = () => checkConfig(['/a.yml'], { env, out: (line) => out.push(line), err: (line) => err.push(line) })
  assert.equal(await run(), 0)
  assert.deepEqual(out, [
    'Checking /a.yml',
    ' SUCCESS: /a.yml is valid deadman config file syntax',
    'Found:',
    ' - 1 heartbeats',
    ' - 0 drills',
    ' - 2 receivers',
  ])
  await env.fs.writeFile('/x.tmpl', '{{ nothing }}')
  assert.equal(await run(), 1)
  assert.match(err[0], /FAILED: \/x.tmpl:1:1: .*function "nothing" not defined/)
})
