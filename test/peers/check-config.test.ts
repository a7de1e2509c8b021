import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '../../src/config/load.ts'
import { peer } from '../support/peers.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Upstream takes any text for a scheme, and fails when it scrapes. */
const STRICTER_HERE = new Set(['22-scheme.yml'])

test('upstream takes and refuses the same files, and reads what we show as the configuration that runs', async (t) => {
  const promtool = peer(t, 'promtool 3.5')
  if (promtool === undefined) return
  const directory = await mkdtemp(join(tmpdir(), 'promontory-config-'))
  t.after(() => rm(directory, { recursive: true, maxRetries: 10 }))
  const env = { fs: { readText: (path: string) => readFile(path, 'utf8'), readDir: (path: string) => readdir(path) } as never }
  const upstreamTakes = (path: string) => spawnSync(promtool, ['check', 'config', '--syntax-only', path]).status === 0
  for (const folder of ['examples/mission', 'test/config/broken']) {
    for (const name of readdirSync(join(root, folder)).filter((name) => name.endsWith('.yml'))) {
      const path = join(root, folder, name)
      const config = await loadConfig(env, path).catch(() => undefined)
      if (!STRICTER_HERE.has(name)) assert.equal(config !== undefined, upstreamTakes(path), name)
      if (config === undefined) continue
      const shown = join(directory, name)
      writeFileSync(shown, config.toYaml())
      assert.ok(upstreamTakes(shown), `${name} as shown:\n${readFileSync(shown, 'utf8')}`)
    }
  }
})

const SCHEMES = ['', 'utf8', 'legacy', 'x']
const ESCAPINGS = ['', 'allow-utf-8', 'underscores', 'dots', 'values', 'x']
const FIELDS = [
  'scrape_protocols: []',
  'scrape_protocols:',
  'scrape_protocols: [PrometheusProto, PrometheusProto]',
  'scrape_protocols: [PrometheusText1.0.0, OpenMetricsText0.0.1]',
  'scrape_protocols: [prometheusproto]',
  'scrape_protocols: PrometheusProto',
  'always_scrape_classic_histograms: true',
  'convert_classic_histograms_to_nhcb: yes',
  'convert_classic_histograms_to_nhcb: 1',
  'scrape_failure_log_file: a/b.log',
]
const JOB_FIELDS = [
  ...FIELDS,
  'fallback_scrape_protocol: PrometheusText0.0.4',
  'fallback_scrape_protocol: text',
  "fallback_scrape_protocol: ''",
  'track_timestamps_staleness: true',
  'native_histogram_bucket_limit: 160',
  'native_histogram_bucket_limit: -1',
  'native_histogram_min_bucket_factor: 1.1',
  'native_histogram_min_bucket_factor: -5',
  'native_histogram_min_bucket_factor: x',
]

/** What is read here and not by 3.5, as by newer ones: a job that only chooses legacy names does not ask for UTF-8 any more. */
const readsMore = (global: string, job: string) =>
  /validation_scheme: 'legacy'/.test(job) &&
  !/escaping_scheme: '[a-z]/.test(job) &&
  !/escaping_scheme: '(underscores|dots|values)'/.test(global)

/** What is refused here and by newer ones, and not by 3.5: names that stand for nothing. 3.5 looks at them only below a job. */
const readsLess = (global: string, job: string) => /validation_scheme: 'x'/.test(`${global}${job}`)

test('protocols, names and histograms are taken and refused as upstream does', async (t) => {
  const promtool = peer(t, 'promtool 3.5')
  if (promtool === undefined) return
  const directory = await mkdtemp(join(tmpdir(), 'promontory-config-'))
  t.after(() => rm(directory, { recursive: true, maxRetries: 10 }))
  const names = (validation: string, escaping: string) => [
    ...(validation === '-' ? [] : [`metric_name_validation_scheme: '${validation}'`]),
    ...(escaping === '-' ? [] : [`metric_name_escaping_scheme: '${escaping}'`]),
  ]
  const cases: { readonly global: string; readonly job: string }[] = []
  for (const validation of ['-', ...SCHEMES]) {
    for (const escaping of ['-', ...ESCAPINGS]) {
      cases.push({ global: '', job: names(validation, escaping).join(', ') })
      for (const job of ['', names('legacy', '-').join(), names('utf8', '-').join(), names('-', 'dots').join()]) {
        if (validation !== '-' || escaping !== '-') cases.push({ global: names(validation, escaping).join(', '), job })
      }
    }
  }
  cases.push(...FIELDS.map((global) => ({ global, job: '' })), ...JOB_FIELDS.map((job) => ({ global: '', job })))
  const env = { fs: { readText: (path: string) => readFile(path, 'utf8'), readDir: (path: string) => readdir(path) } as never }
  const paths = cases.map(({ global, job }, index) => {
    const path = join(directory, `${index}.yml`)
    const lines = (text: string, indent: string) =>
      text
        .split(', metric')
        .map((line, i) => `${indent}${i > 0 ? 'metric' : ''}${line}\n`)
        .join('')
    writeFileSync(
      path,
      `global:\n  scrape_interval: 15s\n${global && lines(global, '  ')}scrape_configs:\n- job_name: a\n${job && lines(job, '  ')}`,
    )
    return path
  })
  // One run of the tool for all of them: it names those that it refuses.
  const { stdout, stderr } = spawnSync(promtool, ['check', 'config', '--syntax-only', ...paths], { encoding: 'utf8', maxBuffer: 2 ** 26 })
  const taken = new Set([...`${stdout}${stderr}`.matchAll(/SUCCESS: (\S+) is valid/g)].map(([, path]) => path))
  assert.ok(taken.size > 40 && taken.size < paths.length)
  const shown: string[] = []
  for (const [index, { global, job }] of cases.entries()) {
    const config = await loadConfig(env, paths[index]).catch(() => undefined)
    const ours = config !== undefined
    if (config !== undefined && taken.has(paths[index])) {
      shown.push(join(directory, `shown-${index}.yml`))
      writeFileSync(shown[shown.length - 1], config.toYaml())
    }
    const theirs = taken.has(paths[index])
    if (ours && !theirs && readsMore(global, job)) continue
    if (!ours && theirs && readsLess(global, job)) continue
    assert.equal(ours, theirs, readFileSync(paths[index], 'utf8'))
  }
  const again = spawnSync(promtool, ['check', 'config', '--syntax-only', ...shown], { encoding: 'utf8', maxBuffer: 2 ** 26 })
  assert.equal(again.status, 0, `${again.stdout}${again.stderr}`.slice(0, 2000))
})
