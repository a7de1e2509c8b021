import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { loadConfig } from './load.ts'

async function load(text: string) {
  const { fs } = virtualEnv()
  await fs.mkdir('/etc')
  await fs.writeFile('/etc/prometheus.yml', text)
  return loadConfig({ fs }, '/etc/prometheus.yml', {})
}

test('what the alerting section says, its defaults filled in, and how it is printed', async () => {
  const { alerting, warnings, toYaml } = await load(`
alerting:
  alert_relabel_configs:
  - {action: labeldrop, regex: replica}
  alertmanagers:
  - static_configs: [{targets: [a:9093]}]
  - scheme: https
    path_prefix: /am
    timeout: 5s
    bearer_token: hush
    file_sd_configs: [{files: [ams.json]}]
    dns_sd_configs: [{names: [ams.local]}]
    alert_relabel_configs: [{target_label: to, replacement: b}]
`)
  assert.deepEqual(warnings, [])
  const [plain, secured] = alerting.alertmanagers
  assert.deepEqual(
    [plain, secured].map(({ name, scheme, pathPrefix, timeoutMs }) => [name, scheme, pathPrefix, timeoutMs]),
    [
      ['config-0', 'http', '', 10_000],
      ['config-1', 'https', '/am', 5000],
    ],
  )
  assert.deepEqual(
    secured.discoverers.map(({ mechanism }) => mechanism),
    ['file', 'dns'],
  )
  assert.deepEqual(secured.http.authorization, { type: 'Bearer', credentials: { text: 'hush' } })
  assert.deepEqual([alerting.alertRelabelConfigs.length, plain.alertRelabelConfigs.length, secured.alertRelabelConfigs.length], [1, 0, 1])
  const yaml = toYaml()
  assert.ok(
    yaml.includes(`alerting:
  alert_relabel_configs:
  - separator: ;
    regex: replica
    replacement: $1
    action: labeldrop
  alertmanagers:
  - follow_redirects: true
    enable_http2: true
    scheme: http
    timeout: 10s
    api_version: v2
    static_configs:
    - targets:
      - a:9093
  - authorization:
      type: Bearer
      credentials: <secret>
    follow_redirects: true
    enable_http2: true
    scheme: https
    path_prefix: /am
    timeout: 5s
    api_version: v2
    alert_relabel_configs:
`),
    yaml,
  )
})

test('an entry is another one when anything about it is, secrets included', async () => {
  const fingerprint = async (fields: string) =>
    (await load(`alerting: {alertmanagers: [{${fields}}]}`)).alerting.alertmanagers[0].fingerprint
  const base = 'static_configs: [{targets: [a:1]}]'
  assert.equal(await fingerprint(base), await fingerprint(base))
  const others = [
    'static_configs: [{targets: [b:1]}]',
    `${base}, timeout: 1s`,
    `${base}, bearer_token: x`,
    `${base}, bearer_token: y`,
    `${base}, sigv4: {access_key: a, secret_key: b}`,
    `${base}, sigv4: {access_key: a, secret_key: c}`,
    `${base}, alert_relabel_configs: [{target_label: a, replacement: b}]`,
  ]
  const all = await Promise.all([base, ...others].map(fingerprint))
  assert.equal(new Set(all).size, all.length)
})

test('what upstream refuses is refused in its words', async () => {
  const check = (fields: string, want: RegExp) => assert.rejects(load(`alerting: {${fields}}`), want)
  await check('alertmanagers: [{api_version: v1}]', /expected Alertmanager api version to be one of \[v2\] but got v1/)
  await check('alertmanagers: [null]', /empty or null alertmanager config section/)
  await check('alert_relabel_configs: [null]', /empty or null alert relabeling rule/)
  await check('alertmanagers: [{relabel_configs: [null]}]', /empty or null Alertmanager target relabeling rule/)
  await check('alertmanagers: [{alert_relabel_configs: [null]}]', /empty or null Alertmanager alert relabeling rule/)
  await check('alertmanagers: [{static_configs: [{targets: ["http://a:1"]}]}]', /"http:\/\/a:1" is not a valid hostname/)
  await check(
    'alertmanagers: [{basic_auth: {username: u}, sigv4: {}}]',
    /at most one of basic_auth, authorization, oauth2, & sigv4 must be configured/,
  )
})

test('a replica label that alerts keep is warned of', async () => {
  const check = async (external: string, alerting: string, want: readonly string[]) => {
    const { warnings } = await load(`global: {external_labels: {${external}}}\nalerting: {${alerting}}`)
    assert.deepEqual(
      warnings.map(({ field, line }) => `${field} ${line}`),
      want,
    )
  }
  const drop = (name: string) => `alert_relabel_configs: [{action: labeldrop, regex: ${name}}]`
  const one = 'alertmanagers: [{static_configs: [{targets: [a:1]}]}]'
  await check('replica: a', one, ['global.external_labels.replica 1'])
  await check('prometheus_replica: a', one, ['global.external_labels.prometheus_replica 1'])
  await check('replica: a', `${one}, ${drop('replica')}`, [])
  await check('replica: a', `${one}, ${drop('rep.*')}`, [])
  await check('replica: a', `${one}, ${drop('other')}`, ['global.external_labels.replica 1'])
  await check('replica: a', `alertmanagers: [{${drop('replica')}}]`, [])
  await check('replica: a', `alertmanagers: [{${drop('replica')}}, {}]`, ['global.external_labels.replica 1'])
  await check('region: a', one, [])
  await check('replica: a', 'alertmanagers: []', [])
})

test('files of credentials that cannot be read are told of with their place', async () => {
  const { warnings } = await load(`
alerting:
  alertmanagers:
  - authorization: {credentials_file: token}
`)
  assert.deepEqual(
    warnings.map(({ kind, field, line, message }) => [kind, field, line, message.split(' (')[0]]),
    [['unreadable', 'alerting.alertmanagers.authorization.credentials_file', 4, '/etc/token cannot be read']],
  )
})
