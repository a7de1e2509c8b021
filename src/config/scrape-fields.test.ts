import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { loadConfig } from './load.ts'
import type { ConfigDefaults } from './scrape-configs.ts'

async function load(text: string, options: { readonly files?: Readonly<Record<string, string>>; readonly defaults?: ConfigDefaults } = {}) {
  const env = virtualEnv()
  await env.fs.mkdir('/etc/prom/jobs')
  await env.fs.writeFile('/etc/prom/prometheus.yml', text)
  for (const [path, content] of Object.entries(options.files ?? {})) await env.fs.writeFile(path, content)
  return loadConfig(env, '/etc/prom/prometheus.yml', { defaults: options.defaults })
}

const refused = (text: string, message: string) =>
  assert.rejects(load(text), (error: Error) => {
    assert.equal(error.message.replace(/^.*?:\d+:\d+: /, ''), message)
    return true
  })

const TEXT_FIRST = ['OpenMetricsText1.0.0', 'OpenMetricsText0.0.1', 'PrometheusText1.0.0', 'PrometheusText0.0.4']

test('what is asked for follows from the job, global, native histograms and the defaults, in this order', async () => {
  const check = async (text: string, want: readonly string[], defaults?: ConfigDefaults) => {
    const { scrapeConfigs } = await load(text, { defaults })
    assert.deepEqual(scrapeConfigs[0].scrapeProtocols, want)
  }
  const job = (fields: string, global = '') => `global: {${global}}\nscrape_configs: [{job_name: a${fields}}]\n`
  await check(job(''), TEXT_FIRST)
  await check(job(', scrape_protocols: [PrometheusText0.0.4]', 'scrape_protocols: [PrometheusProto]'), ['PrometheusText0.0.4'])
  await check(job(', scrape_native_histograms: true', 'scrape_protocols: [PrometheusText0.0.4]'), ['PrometheusText0.0.4'])
  await check(job(', scrape_native_histograms: true'), ['PrometheusProto', ...TEXT_FIRST])
  await check(job('', 'scrape_native_histograms: true'), ['PrometheusProto', ...TEXT_FIRST])
  await check(job(', scrape_native_histograms: false', 'scrape_native_histograms: true'), TEXT_FIRST)
  await check(job(''), ['PrometheusProto', ...TEXT_FIRST], { protobufFirst: true })
  await check(job('', 'scrape_protocols: [PrometheusText0.0.4]'), ['PrometheusText0.0.4'], { protobufFirst: true })
  await check(job(''), ['PrometheusProto', ...TEXT_FIRST], { nativeHistograms: true })
  await check(job(', scrape_native_histograms: false'), TEXT_FIRST, { nativeHistograms: true })

  const where = 'for scrape config with job name "a"'
  await refused(job(', scrape_protocols: []'), `scrape_protocols cannot be empty ${where}`)
  await refused(
    job(', scrape_protocols: [PrometheusProto, PrometheusProto]'),
    `duplicated protocol in scrape_protocols, got [PrometheusProto PrometheusProto] ${where}`,
  )
  await refused(job('', 'scrape_protocols: []'), 'scrape_protocols cannot be empty for global config')
  await refused(
    job(', fallback_scrape_protocol: text'),
    'unknown scrape protocol text, supported: [OpenMetricsText0.0.1 OpenMetricsText1.0.0 PrometheusProto PrometheusText0.0.4 PrometheusText1.0.0]',
  )
})

test('names are checked and escaped as the job says, or global, or as goes with the check', async () => {
  const check = async (global: string, job: string, want: readonly [string, string]) => {
    const { scrapeConfigs } = await load(`global: {${global}}\nscrape_configs: [{job_name: a${job}}]\n`)
    assert.deepEqual([scrapeConfigs[0].nameValidation, scrapeConfigs[0].nameEscaping], want, `${global} | ${job}`)
  }
  const [validation, escaping] = ['metric_name_validation_scheme', 'metric_name_escaping_scheme']
  await check('', '', ['utf8', 'allow-utf-8'])
  await check(`${escaping}: dots`, '', ['utf8', 'dots'])
  await check(`${validation}: legacy`, '', ['legacy', 'underscores'])
  await check(`${validation}: legacy, ${escaping}: values`, '', ['legacy', 'values'])
  await check('', `, ${validation}: legacy`, ['legacy', 'underscores'])
  await check('', `, ${escaping}: underscores`, ['utf8', 'underscores'])
  await check(`${escaping}: dots`, `, ${validation}: legacy`, ['legacy', 'underscores'])
  await check(`${validation}: legacy`, `, ${validation}: utf8`, ['utf8', 'allow-utf-8'])
  await check('', `, ${validation}: '', ${escaping}: ''`, ['utf8', 'allow-utf-8'])

  const job = (fields: string, global = '') => `global: {${global}}\nscrape_configs: [{job_name: a, ${fields}}]\n`
  const conflict = 'utf8 metric names requested but validation scheme is not set to UTF8'
  await refused(job(`${validation}: legacy, ${escaping}: allow-utf-8`), conflict)
  await refused(job('', `${validation}: legacy, ${escaping}: allow-utf-8`), conflict)
  await refused(
    job(`${escaping}: x`),
    `unknown scrape config name escaping method specified, must be one of 'allow-utf-8', 'underscores', 'dots', or 'values', got "x"`,
  )
  await refused(
    job('', `${validation}: x`),
    `unknown global name validation method specified, must be either '', 'legacy' or 'utf8', got x`,
  )
})

test('histograms, limits, reports and staleness come from the job, and most of them from global', async () => {
  const { scrapeConfigs, warnings } = await load(`
global:
  scrape_native_histograms: true
  always_scrape_classic_histograms: true
  convert_classic_histograms_to_nhcb: true
  extra_scrape_metrics: true
  scrape_failure_log_file: log/fail.json
scrape_configs:
  - job_name: inherits
    native_histogram_bucket_limit: 160
    native_histogram_min_bucket_factor: 1.1
    track_timestamps_staleness: true
    fallback_scrape_protocol: PrometheusText0.0.4
  - job_name: own
    scrape_native_histograms: false
    always_scrape_classic_histograms: false
    convert_classic_histograms_to_nhcb: false
    extra_scrape_metrics: false
    scrape_failure_log_file: /var/log/own.json
`)
  assert.deepEqual(warnings, [])
  const chosen = scrapeConfigs.map((config) => [
    [config.nativeHistograms, config.alwaysClassicHistograms, config.convertClassicHistograms, config.extraMetrics],
    [config.failureLogFile, config.bucketLimit, config.schemaMax, config.trackTimestampsStaleness, config.fallbackProtocol],
  ])
  assert.deepEqual(chosen, [
    [
      [true, true, true, true],
      ['/etc/prom/log/fail.json', 160, 2, true, 'PrometheusText0.0.4'],
    ],
    [
      [false, false, false, false],
      ['/var/log/own.json', 0, 8, false, undefined],
    ],
  ])
})

test('a failure log of another file is beside that file, that of global beside the main one', async () => {
  const files = {
    '/etc/prom/jobs/a.yml': 'scrape_configs: [{job_name: own, scrape_failure_log_file: f.log}, {job_name: none}]\n',
  }
  const { scrapeConfigs, jobYaml } = await load('global: {scrape_failure_log_file: f.log}\nscrape_config_files: [jobs/*.yml]\n', { files })
  assert.deepEqual(
    scrapeConfigs.map(({ failureLogFile }) => failureLogFile),
    ['/etc/prom/jobs/f.log', '/etc/prom/f.log'],
  )
  assert.match(jobYaml('own') ?? '', /\nscrape_failure_log_file: \/etc\/prom\/jobs\/f\.log\n/)
})

test('names of jobs in other files are checked below the global of the main one', async () => {
  const files = { '/etc/prom/jobs/a.yml': 'scrape_configs: [{job_name: a, metric_name_escaping_scheme: allow-utf-8}]\n' }
  const text = 'global: {metric_name_validation_scheme: legacy}\nscrape_config_files: [jobs/*.yml]\n'
  await assert.rejects(load(text, { files }), /jobs\/a\.yml:1:\d+: utf8 metric names requested/)
})
