import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import type { TargetGroup } from './discoverer.ts'
import { fileDiscoverer, parseTargetGroups } from './file.ts'

const show = ({ source, targets, labels }: TargetGroup) =>
  `${source} [${targets.map((target) => target.get('__address__')).join(' ')}] ${labels}`

/** A discoverer at work, and the groups it has yielded since the last look. */
async function watching(files: readonly string[]) {
  const env = virtualEnv()
  await env.fs.mkdir('/t')
  const controller = new AbortController()
  const seen: string[] = []
  const start = () =>
    (async () => {
      for await (const groups of fileDiscoverer(env, { files, refreshIntervalMs: 300_000 }).watch(controller.signal))
        seen.push(...groups.map(show))
    })()
  const look = async (waitMs = 1000) => {
    await env.clock.advance(waitMs)
    return seen.splice(0)
  }
  return { env, start, look, stop: () => controller.abort() }
}

test('files are read, watched, and forgotten when they go', async () => {
  const { env, start, look, stop } = await watching(['/t/*.yml', '/t/b.json'])
  await env.fs.writeFile('/t/a.yml', '- targets: [a:1, a:2]\n  labels: {code: 017}\n- targets: [a:3]\n')
  await env.fs.writeFile('/t/b.json', '[{"targets": ["b:1"], "labels": {"x": "y"}}]')
  await env.fs.writeFile('/t/c.txt', 'not ours')
  const done = start()
  assert.deepEqual(await look(), [
    '/t/a.yml:0 [a:1 a:2] {__meta_filepath="/t/a.yml", code="017"}',
    '/t/a.yml:1 [a:3] {__meta_filepath="/t/a.yml"}',
    '/t/b.json:0 [b:1] {__meta_filepath="/t/b.json", x="y"}',
  ])
  await env.fs.writeFile('/t/a.yml', '- targets: [a:1, a:2]\n  labels: {code: 017}\n- targets: [a:4]\n')
  assert.deepEqual(await look(), ['/t/a.yml:1 [a:4] {__meta_filepath="/t/a.yml"}'])
  await env.fs.writeFile('/t/a.yml', '- targets: [a:1, a:2]\n  labels: {code: 017}\n')
  assert.deepEqual(await look(), ['/t/a.yml:1 [] {}'])
  await env.fs.remove('/t/b.json')
  await env.fs.writeFile('/t/d.yml', '- targets: [d:1]\n')
  assert.deepEqual(await look(), ['/t/d.yml:0 [d:1] {__meta_filepath="/t/d.yml"}', '/t/b.json:0 [] {}'])
  assert.match(await env.metrics.metrics(), /prometheus_sd_file_mtime_seconds\{filename="\/t\/d.yml"\} 1767225603/)
  stop()
  await done
  assert.doesNotMatch(await env.metrics.metrics(), /filename=/)
})

test('a bad file keeps its targets, counts and says so', async () => {
  const { env, start, look, stop } = await watching(['/t/a.yml'])
  await env.fs.writeFile('/t/a.yml', '- targets: [a:1]\n')
  const done = start()
  assert.equal((await look()).length, 1)
  await env.fs.writeFile('/t/a.yml', '- targets: [a:1\n')
  assert.deepEqual(await look(), [])
  assert.match(await env.metrics.metrics(), /prometheus_sd_file_read_errors_total 1/)
  const [line] = env.lines.filter(({ level }) => level === 'warn')
  assert.match(String(line.fields.error), /^\/t\/a\.yml:\d+:\d+: /)
  await env.fs.writeFile('/t/a.yml', '- targets: [a:2]\n')
  assert.deepEqual(await look(), ['/t/a.yml:0 [a:2] {__meta_filepath="/t/a.yml"}'])
  stop()
  await done
})

test('a directory that appears later is found at the next refresh', async () => {
  const { env, start, look, stop } = await watching(['/later/*.json'])
  const done = start()
  assert.deepEqual(await look(), [])
  await env.fs.mkdir('/later')
  await env.fs.writeFile('/later/x.json', '[{"targets": ["x:1"]}]')
  assert.deepEqual(await look(300_000), ['/later/x.json:0 [x:1] {__meta_filepath="/later/x.json"}'])
  stop()
  await done
})

test('groups that are none are refused with their place', async () => {
  const { clock } = virtualEnv()
  const check = (path: string, text: string, want: RegExp) => assert.rejects(parseTargetGroups(clock, path, text), { message: want })
  await check('a.yml', '- target: [a]', /^a\.yml:1:3: unknown field target in static_config, did you mean targets\?$/)
  await check('a.yml', '- targets: a', /^a\.yml:1:12: found "a", want a list$/)
  await check('a.yml', '-\n', /nil target group item found/)
  await check('a.yml', 'targets: [a]', /^a\.yml:1:1: found a mapping, want a list$/)
  await check('a.json', '[{"targets": "a"}]', /^a\.json: at 0\.targets: found "a", want a list$/)
  await check('a.json', '[{"targets": [], "more": 1}]', /^a\.json: at 0\.more: found 1, want a text$/)
  await check(
    'a.json',
    '[{"targets": [], "target": "1"}]',
    /^a\.json: at 0\.target: unknown field target in static_config, did you mean targets\?$/,
  )
  await check('a.json', '[{"targets": ["a"], "labels": {"code": 17}}]', /^a\.json: at 0\.labels\.code: found 17, want a text$/)
  await check('a.json', '[null]', /nil target group item found/)
  await check('a.json', '[', /^a\.json: /)
  assert.deepEqual(await parseTargetGroups(clock, 'a.yml', ''), [])
})
