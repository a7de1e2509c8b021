import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { checkConfig } from '../commands/check-config.ts'
import { loadConfig } from './load.ts'
import { ConfigReloader } from './reload.ts'

const GOOD = `budgets:
  server: {hard_limit: 1_000_000, soft_limit: 900000}
  job:
    default: {hard_limit: 5000}
    named:
      node: {soft_limit: 10000}
  owner:
    label: team
    named: {checkout: {hard_limit: 70}}
`

async function load(text: string) {
  const env = virtualEnv()
  await env.fs.writeFile('/prometheus.yml', '')
  await env.fs.writeFile('/promontory.yml', text)
  return loadConfig(env, '/prometheus.yml', { ownFile: '/promontory.yml' })
}

test('budgets are read from a file beside prometheus.yml', async () => {
  const { budgets, configFiles, warnings } = await load(GOOD)
  assert.deepEqual(budgets?.server, { soft: 900_000, hard: 1_000_000 })
  assert.deepEqual(budgets?.job.others, { soft: Infinity, hard: 5000 })
  assert.deepEqual(budgets?.job.named.get('node'), { soft: 10_000, hard: Infinity })
  assert.equal(budgets?.owner?.label, 'team')
  assert.deepEqual(budgets?.owner?.others, { soft: Infinity, hard: Infinity })
  assert.deepEqual(budgets?.owner?.named.get('checkout'), { soft: Infinity, hard: 70 })
  assert.deepEqual(configFiles, ['/prometheus.yml', '/promontory.yml'])
  assert.deepEqual(warnings, [])
  assert.equal((await load('')).budgets, undefined)
})

test('what is wrong is said with file, line and column', async () => {
  const check = (text: string, ...messages: readonly string[]) =>
    assert.rejects(load(text), { message: messages.map((message) => `/promontory.yml:${message}`).join('\n') })
  await check('budgets: {sever: {}}\n', '1:11: unknown field sever in budgets, did you mean server?')
  await check('budgets:\n  server: {soft_limit: 9, hard_limit: 8}\n', '2:24: found 9, want at most hard_limit, 8')
  await check('budgets:\n  server: {hard_limit: 0}\n', '2:24: found 0, want at least 1')
  await check('budgets:\n  job: {named: {a: {}}}\n', '2:20: found no limit, want soft_limit, hard_limit or both')
  await check('budgets:\n  job: {default: {hard_limit: many}}\n', '2:31: found "many", want a whole number that is not negative')
  await check(
    'budgets:\n  owner: {default: {hard_limit: 1}}\n',
    '2:10: found no label, want the name of the label that says whose a series is',
  )
  await check('scrape_configs: []\n', "1:1: this looks like a prometheus.yml, want a configuration of Promontory's own")
  await check('budgets: [', '1:11: flow sequence in block collection must be sufficiently indented and end with a ]')
})

test('a reload takes new budgets, and keeps those that run when the file is bad', async () => {
  const env = virtualEnv()
  await env.fs.writeFile('/prometheus.yml', '')
  await env.fs.writeFile('/promontory.yml', GOOD)
  const reloader = new ConfigReloader(env, { file: '/prometheus.yml', ownFile: '/promontory.yml' })
  await reloader.reload()
  await env.fs.writeFile('/promontory.yml', 'budgets: 7\n')
  await assert.rejects(reloader.reload(), { message: '/promontory.yml:1:10: found "7", want the fields of budgets' })
  assert.equal(reloader.current.budgets?.server.hard, 1_000_000)
  await env.fs.writeFile('/promontory.yml', 'budgets: {server: {hard_limit: 5}}\n')
  await reloader.reload()
  assert.equal(reloader.current.budgets?.server.hard, 5)
})

test('check config knows the file by what is in it', async () => {
  const env = virtualEnv()
  await env.fs.writeFile('/good.yml', GOOD)
  await env.fs.writeFile('/bad.yml', GOOD.replace('server', 'sever'))
  const [out, err]: [string[], string[]] = [[], []]
  const code = await checkConfig(['/good.yml', '/bad.yml'], { env, out: (line) => out.push(line), err: (line) => err.push(line) })
  assert.equal(code, 1)
  assert.ok(out.includes(' SUCCESS: /good.yml is valid promontory config file syntax'))
  assert.deepEqual(err, ['  FAILED: /bad.yml:2:3: unknown field sever in budgets, did you mean server?'])
})

test('rules that require all there is are named by file, group and rule; the first entry that is about one counts', async () => {
  const { ruleCoverage } = await load(`rules:
  coverage:
  - {group: slo, rule: Draft.*, requires: any}
  - {group: slo, requires: all}
  - {file: /etc/.*, rule: (Page|Call), requires: all}
`)
  const check = (file: string, group: string, rule: string, want: boolean) => assert.equal(ruleCoverage({ file, group, rule }), want)
  check('/r.yml', 'slo', 'A', true)
  check('/r.yml', 'slo', 'DraftA', false)
  check('/r.yml', 'slos', 'A', false)
  check('/etc/r.yml', 'g', 'Page', true)
  check('/r.yml', 'g', 'Page', false)
  check('/etc/r.yml', 'g', 'Pages', false)
  assert.equal((await load('')).ruleCoverage({ file: '', group: '', rule: '' }), false)
  const wrong = (entry: string, message: RegExp) => assert.rejects(load(`rules: {coverage: [${entry}]}`), message)
  await wrong('{group: slo}', /found no requires, want all or any/)
  await wrong('{requires: most}', /found "most", want all or any/)
  await wrong('{group: "(", requires: all}', /promontory.yml:1:\d+: /)
})
