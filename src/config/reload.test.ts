import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { ConfigReloader } from './reload.ts'

const GOOD = 'scrape_configs:\n  - job_name: a\n'

test('a bad file keeps the configuration that runs', async () => {
  const env = virtualEnv()
  await env.fs.writeFile('/p.yml', GOOD)
  const reloader = new ConfigReloader(env, { file: '/p.yml' })
  const seen: string[] = []
  await reloader.subscribe((config) => void seen.push(config.scrapeConfigs.map(({ jobName }) => jobName).join()))
  await reloader.reload()
  await env.clock.advance(5000)
  await env.fs.writeFile('/p.yml', 'scrape_configs: 5\n')
  await assert.rejects(reloader.reload(), { code: 'bad_data', message: '/p.yml:1:17: found "5", want a list' })
  assert.equal(reloader.current.scrapeConfigs[0].jobName, 'a')
  assert.match(await env.metrics.metrics(), /prometheus_config_last_reload_successful 0\n/)
  assert.match(await env.metrics.metrics(), /prometheus_config_last_reload_success_timestamp_seconds 1767225600\n/)
  await env.fs.writeFile('/p.yml', GOOD.replace(' a', ' b'))
  await reloader.reload()
  assert.deepEqual(seen, ['a', 'b'])
  assert.match(await env.metrics.metrics(), /prometheus_config_last_reload_successful 1\n/)
  assert.match(await env.metrics.metrics(), /prometheus_config_last_reload_success_timestamp_seconds 1767225605\n/)
})

test('before the first configuration there is none, and a subscriber that comes later gets it at once', async () => {
  const env = virtualEnv()
  const reloader = new ConfigReloader(env, { file: '/p.yml' })
  assert.throws(() => reloader.current)
  await assert.rejects(reloader.reload(), { message: '/p.yml:1:1: no such file' })
  await env.fs.writeFile('/p.yml', GOOD)
  await reloader.reload()
  let got = 0
  await reloader.subscribe(() => void got++)
  assert.equal(got, 1)
})

test('unsupported fields are counted by name, and forgotten when they go', async () => {
  const env = virtualEnv()
  await env.fs.writeFile(
    '/p.yml',
    'runtime: {gogc: 50}\nscrape_configs:\n  - {job_name: a, gce_sd_configs: [{}]}\n  - {job_name: b, gce_sd_configs: [{}]}\n',
  )
  const reloader = new ConfigReloader(env, { file: '/p.yml' })
  await reloader.reload()
  assert.match(await env.metrics.metrics(), /promontory_config_unsupported\{field="scrape_configs\.gce_sd_configs"\} 2\n/)
  assert.match(await env.metrics.metrics(), /promontory_config_unsupported\{field="runtime"\} 1\n/)
  assert.deepEqual(
    env.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields.at),
    [
      '/p.yml:1:1: runtime is not supported yet and is ignored',
      '/p.yml:3:19: gce_sd_configs is not supported yet and is ignored',
      '/p.yml:4:19: gce_sd_configs is not supported yet and is ignored',
    ],
  )
  await env.fs.writeFile('/p.yml', GOOD)
  await reloader.reload()
  assert.doesNotMatch(await env.metrics.metrics(), /promontory_config_unsupported\{/)
})

test('the configuration is loaded again when its file changes, only when asked to', async () => {
  const env = virtualEnv()
  await env.fs.writeFile('/p.yml', GOOD)
  const run = async (autoReloadIntervalMs?: number) => {
    env.metrics.clear()
    const reloader = new ConfigReloader(env, { file: '/p.yml', autoReloadIntervalMs })
    await reloader.reload()
    const controller = new AbortController()
    const done = reloader.watcher().run(controller.signal, () => {})
    const stop = () => {
      controller.abort()
      return done
    }
    return { reloader, stop }
  }
  const first = await run()
  await env.fs.writeFile('/p.yml', GOOD.replace(' a', ' other'))
  await env.clock.advance(60_000)
  assert.equal(first.reloader.current.scrapeConfigs[0].jobName, 'a')
  await first.stop()

  const second = await run(10_000)
  await env.fs.writeFile('/p.yml', GOOD.replace(' a', ' renamed'))
  await env.clock.advance(11_000)
  assert.equal(second.reloader.current.scrapeConfigs[0].jobName, 'renamed')
  await env.fs.writeFile('/p.yml', 'nonsense: 1\n')
  await env.clock.advance(11_000)
  assert.equal(second.reloader.current.scrapeConfigs[0].jobName, 'renamed')
  await second.stop()
})
