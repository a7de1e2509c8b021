import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { checkConfig } from './check-config.ts'

async function run(...args: readonly string[]) {
  const env = virtualEnv()
  await env.fs.writeFile('/good.yml', 'scrape_configs:\n  - job_name: a\n')
  await env.fs.writeFile('/rules.yml', 'runtime: {gogc: 50}\nscrape_configs: []\n')
  await env.fs.writeFile('/bad.yml', 'scrape_configs:\n  - job_nam: a\n')
  const [out, err]: [string[], string[]] = [[], []]
  const code = await checkConfig(args, { env, out: (line) => out.push(line), err: (line) => err.push(line) })
  return { code, out, err }
}

test('a good file passes', async () => {
  assert.deepEqual(await run('/good.yml'), {
    code: 0,
    out: ['Checking /good.yml', ' SUCCESS: /good.yml is valid prometheus config file syntax'],
    err: [],
  })
})

test('a bad file fails, and the others are checked all the same', async () => {
  const { code, out, err } = await run('/bad.yml', '/good.yml')
  assert.equal(code, 1)
  assert.deepEqual(out, ['Checking /bad.yml', 'Checking /good.yml', ' SUCCESS: /good.yml is valid prometheus config file syntax'])
  assert.deepEqual(err, ['  FAILED: /bad.yml:2:5: unknown field job_nam in scrape_config, did you mean job_name?'])
})

test('a file for an agent has destinations', async () => {
  const { code, err } = await run('--agent', '/good.yml')
  assert.equal(code, 1)
  assert.deepEqual(err, ['  FAILED: /good.yml:1:1: at least one remote_write target must be specified in agent mode'])
})

test('warnings pass, but not under --strict', async () => {
  const warning = '  WARNING: /rules.yml:1:1: runtime is not supported yet and is ignored'
  assert.deepEqual((await run('/rules.yml')).err, [warning])
  assert.equal((await run('/rules.yml')).code, 0)
  const strict = await run('--strict', '/rules.yml')
  assert.deepEqual(strict.err, [warning, '  FAILED: 1 warning, and --strict allows none'])
  assert.equal(strict.code, 1)
  assert.equal((await run('--strict', '/good.yml')).code, 0)
})

test('files of an alertmanager.yml that cannot be read are warned of', async () => {
  const env = virtualEnv()
  await env.fs.mkdir('/am')
  await env.fs.writeFile('/am/token', 's3cr3t')
  await env.fs.writeFile(
    '/am/am.yml',
    [
      'global: {smtp_auth_password_file: mail, smtp_smarthost: "a:25", smtp_from: a@b}',
      'route: {receiver: a}',
      'templates: ["*.tmpl"]',
      'receivers:',
      '- name: a',
      '  webhook_configs:',
      '  - url: http://a',
      '    http_config: {authorization: {credentials_file: token}, tls_config: {ca_file: /ca.pem}, http_headers: {X: {files: [token, no]}}}',
    ].join('\n'),
  )
  const err: string[] = []
  const check = (...args: readonly string[]) => checkConfig([...args, '/am/am.yml'], { env, out: () => {}, err: (line) => err.push(line) })
  assert.equal(await check(), 0)
  const unread = (place: string, file: string) =>
    `  WARNING: /am/am.yml:${place}: ${file} cannot be read (ENOENT: open '${file}'), requests fail until it can`
  assert.deepEqual(err, [
    unread('1:10', '/am/mail'),
    '  WARNING: /am/am.yml:3:13: no file matches /am/*.tmpl',
    unread('8:74', '/ca.pem'),
    unread('8:127', '/am/no'),
  ])
  assert.equal(await check('--strict'), 1)
  await env.fs.writeFile('/am/a.tmpl', '')
  assert.equal(err.length, 9)
})

test('a command that is typed wrongly is told so', async () => {
  assert.deepEqual(await run('--strickt', '/good.yml'), {
    code: 2,
    out: [],
    err: ["check config: unknown long flag '--strickt', did you mean --strict?"],
  })
  assert.equal((await run()).code, 2)
  const help = await run('--help')
  assert.equal(help.code, 0)
  assert.match(help.out[0], /^Usage: promontory check config/)
})
