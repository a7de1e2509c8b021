import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { checkModeFlags } from './agent-mode.ts'
import { loadConfig } from './load.ts'

test('an agent has destinations, and nothing that reads what is stored', async () => {
  const check = async (text: string, ...want: string[]) => {
    const env = virtualEnv()
    await env.fs.writeFile('/agent.yml', text)
    const found = await loadConfig(env, '/agent.yml', { agent: true }).then(
      () => [],
      (error: Error) => error.message.split('\n'),
    )
    assert.deepEqual(found, want)
  }
  const remote = 'remote_write: [{url: http://far/write}]\n'
  await check(remote)
  await check(`${remote}rule_files: []\nalerting: {}\nscrape_configs: []\n`)
  await check('', '/agent.yml:1:1: at least one remote_write target must be specified in agent mode')
  await check(
    `${remote}rule_files: [a.yml]\nremote_read: [{url: http://far/read}]\nalerting:\n  alertmanagers: [{}]\n`,
    '/agent.yml:2:1: field rule_files is not allowed in agent mode',
    '/agent.yml:3:1: field remote_read is not allowed in agent mode',
    '/agent.yml:4:1: field alerting is not allowed in agent mode',
  )
})

test('flags of the other mode are refused', () => {
  const check = (isAgent: boolean, names: readonly string[], want?: string) => {
    if (want === undefined) checkModeFlags(new Set(names), isAgent)
    else assert.throws(() => checkModeFlags(new Set(names), isAgent), { message: want })
  }
  check(true, ['config.file', 'storage.agent.path', 'storage.remote.flush-deadline', 'web.enable-lifecycle'])
  check(false, ['config.file', 'storage.tsdb.path', 'query.timeout'])
  check(
    true,
    ['storage.tsdb.path', 'agent', 'query.timeout'],
    'The following flag(s) can not be used in agent mode: ["--storage.tsdb.path" "--query.timeout"]',
  )
  check(true, ['storage.tsdb.retention'], 'The following flag(s) can not be used in agent mode: ["--storage.tsdb.retention.time"]')
  check(false, ['storage.agent.path'], 'The following flag(s) can only be used in agent mode: ["--storage.agent.path"]')
})
