import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../base/env-virtual.ts'
import { Labels } from '../model/labels.ts'
import { relabel } from '../model/relabel.ts'
import { blockEncodings, lateSpanMs } from '../tsdb/storage-schema.ts'
import { loadConfig } from './load.ts'
import { formatPlace } from './problems.ts'

async function load(text: string, options: { files?: Record<string, string>; variables?: Record<string, string> } = {}) {
  const env = virtualEnv()
  await env.fs.mkdir('/etc/prom/secrets')
  await env.fs.mkdir('/etc/prom/jobs')
  await env.fs.mkdir('/run')
  await env.fs.writeFile('/etc/prom/prometheus.yml', text)
  for (const [path, content] of Object.entries(options.files ?? {})) await env.fs.writeFile(path, content)
  return loadConfig(env, '/etc/prom/prometheus.yml', { variables: options.variables })
}

test('an empty file is a configuration without jobs', async () => {
  for (const text of ['', 'global:\n', '# nothing\n']) {
    const config = await load(text)
    assert.deepEqual(config.scrapeConfigs, [])
    assert.equal(config.scrapeIntervalMs, 60_000)
    assert.deepEqual(config.warnings, [])
  }
})

test('a job takes from global what it does not say itself', async () => {
  const { scrapeConfigs } = await load(`
global:
  scrape_interval: 5s
  sample_limit: 100
  label_limit: 7
  body_size_limit: 1MB
  external_labels: {replica: a}
scrape_configs:
  - job_name: plain
  - job_name: own
    scrape_interval: 1m
    scrape_timeout: 20s
    sample_limit: 5
    metrics_path: /federate
    scheme: https
    honor_labels: true
    honor_timestamps: false
    enable_compression: false
    follow_redirects: false
    params: {'match[]': ['{job="a"}', up], n: [017]}
`)
  const [plain, own] = scrapeConfigs
  assert.equal(plain.scrapeIntervalMs, 5000)
  assert.equal(plain.scrapeTimeoutMs, 5000)
  assert.equal(plain.sampleLimit, 100)
  assert.equal(plain.labelLimit, 7)
  assert.equal(plain.bodyBytesMax, 1_048_576)
  assert.equal(plain.targetLimit, 0)
  assert.equal(plain.metricsPath, '/metrics')
  assert.equal(plain.scheme, 'http')
  assert.deepEqual(
    [plain.honorLabels, plain.honorTimestamps, plain.enableCompression, plain.http.followRedirects],
    [false, true, true, true],
  )
  assert.equal(String(plain.externalLabels), '{replica="a"}')
  assert.deepEqual([own.scrapeIntervalMs, own.scrapeTimeoutMs, own.sampleLimit], [60_000, 20_000, 5])
  assert.deepEqual([own.metricsPath, own.scheme], ['/federate', 'https'])
  assert.deepEqual([own.honorLabels, own.honorTimestamps, own.enableCompression, own.http.followRedirects], [true, false, false, false])
  assert.deepEqual(
    [...own.params],
    [
      ['match[]', ['{job="a"}', 'up']],
      ['n', ['017']],
    ],
  )
})

test('how many exemplars are kept', async () => {
  const check = async (text: string, want: number) => assert.equal((await load(text)).exemplarsMax, want)
  await check('', 100_000)
  await check('storage: {tsdb: {out_of_order_time_window: 0s}}', 100_000)
  await check('storage: {exemplars: {max_exemplars: 5}}', 5)
  await check('storage: {exemplars: {}}', 0)
  await check('storage: {exemplars: {max_exemplars: -1}}', -1)
})

test('how late samples may be, and what is kept', async () => {
  const check = async (text: string, lateMs: number, timeMs = 0, sizeBytes = 0, percentage = 0) => {
    const { storage, warnings } = await load(text)
    assert.equal(lateSpanMs(storage, 7_200_000), lateMs, text)
    assert.equal(lateSpanMs(storage, 300_000), lateMs === 600_000 ? 150_000 : lateMs, text)
    assert.deepEqual(storage.retention, { timeMs, sizeBytes, percentage }, text)
    assert.deepEqual(warnings, [], text)
  }
  await check('', 600_000)
  await check('storage: {exemplars: {}}', 600_000)
  await check('storage: {tsdb: {retention: {time: 3d}}}', 600_000, 3 * 86_400_000)
  await check('storage: {tsdb: {out_of_order_time_window: 0s, stale_series_compaction_threshold: 0, chunk_encoding: {}}}', 0)
  await check(
    'storage: {tsdb: {out_of_order_time_window: 2h, retention: {size: 10GB, percentage: 12.5}}}',
    7_200_000,
    0,
    10 * 2 ** 30,
    12.5,
  )
  await assert.rejects(load('storage: {tsdb: {retention: {percentage: 101}}}'), /found "101", want a percentage from 0 to 100/)
  await check('storage: {tsdb: {stale_series_compaction_threshold: 0.5}}', 600_000)
})

test('what blocks are encoded in: what the file says, else what the feature flags say', async () => {
  const check = async (text: string, features: readonly string[], floats: string, histogramStartTimes = false) => {
    const { storage, warnings } = await load(text)
    assert.deepEqual(blockEncodings(storage, new Set(features)), { floats, histogramStartTimes }, text)
    assert.deepEqual(warnings, [], text)
  }
  await check('', [], 'xor')
  await check('', ['xor2-encoding'], 'xor2')
  await check('storage: {tsdb: {chunk_encoding: {}}}', ['xor2-encoding'], 'xor2')
  await check('storage: {tsdb: {chunk_encoding: {floats: ""}}}', ['xor2-encoding'], 'xor2')
  await check('storage: {tsdb: {chunk_encoding: {floats: xor}}}', ['xor2-encoding'], 'xor')
  await check('storage: {tsdb: {chunk_encoding: {floats: xor2}}}', ['histograms-st-encoding'], 'xor2', true)
  await assert.rejects(load('storage: {tsdb: {chunk_encoding: {floats: zstd}}}'), /found "zstd", want xor or xor2/)
})

test('relabel steps have their defaults', async () => {
  const { scrapeConfigs } = await load(`
scrape_configs:
  - job_name: a
    relabel_configs:
      - {source_labels: [x, y], target_label: z}
      - {action: KEEP, source_labels: [x], regex: 5}
    metric_relabel_configs:
      - {action: labeldrop, regex: le}
`)
  const [job] = scrapeConfigs
  const steps = job.relabelConfigs.map(({ regex, ...step }) => ({ ...step, regex: regex.source }))
  assert.deepEqual(steps, [
    { action: 'replace', sourceLabels: ['x', 'y'], separator: ';', modulus: 0, targetLabel: 'z', replacement: '$1', regex: '(.*)' },
    { action: 'keep', sourceLabels: ['x'], separator: ';', modulus: 0, targetLabel: '', replacement: '$1', regex: '5' },
  ])
  assert.equal(job.metricRelabelConfigs[0].action, 'labeldrop')
})

test('null in a relabel step is the empty text, not the default', async () => {
  const { scrapeConfigs } = await load(
    'scrape_configs: [{job_name: a, relabel_configs: [{action: labeldrop, regex: ~}, {source_labels: [a, b], separator: ~, target_label: c}]}]\n',
  )
  const [drop, join] = scrapeConfigs[0].relabelConfigs
  assert.equal(String(relabel(Labels.of({ a: '1', b: '2' }), [drop, join])), '{a="1", b="2", c="12"}')
  await assert.rejects(load('scrape_configs: [{job_name: a, relabel_configs: [{action: }]}]\n'), /relabel action cannot be empty/)
})

test('credentials and certificates are read beside the file', async () => {
  const { scrapeConfigs, warnings } = await load(
    `
scrape_configs:
  - job_name: basic
    basic_auth: {username: prom, password_file: secrets/password}
  - job_name: token
    authorization: {type: Token, credentials_file: /run/token}
  - job_name: bearer
    bearer_token: abc
  - job_name: tls
    tls_config: {ca_file: ca.pem, cert: CERT, key: KEY, server_name: other, insecure_skip_verify: true, min_version: TLS13}
`,
    { files: { '/etc/prom/secrets/password': 'pass word\n', '/run/token': 't0k\n', '/etc/prom/ca.pem': 'CA' } },
  )
  const [basic, token, bearer, tls] = scrapeConfigs.map(({ http }) => http)
  const from = (file: string) => ({ file })
  assert.deepEqual(basic.basicAuth, { username: { text: 'prom' }, password: from('/etc/prom/secrets/password') })
  assert.deepEqual(token.authorization, { type: 'Token', credentials: from('/run/token') })
  assert.deepEqual(bearer.authorization, { type: 'Bearer', credentials: { text: 'abc' } })
  assert.deepEqual(tls.tls, {
    ca: from('/etc/prom/ca.pem'),
    cert: { text: 'CERT' },
    key: { text: 'KEY' },
    serverName: 'other',
    insecureSkipVerify: true,
    minVersion: 'TLSv1.3',
    maxVersion: undefined,
  })
  assert.deepEqual(warnings, [])
})

test('paths are printed complete', async () => {
  const files = { '/etc/prom/jobs/b.yml': 'scrape_configs: [{job_name: b, bearer_token_file: token}]' }
  const text =
    'scrape_config_files: [jobs/*.yml]\nscrape_configs: [{job_name: a, tls_config: {ca_file: ca.pem}, file_sd_configs: [{files: [t/*.yml]}]}]\n'
  const config = await load(text, { files })
  for (const part of ['- /etc/prom/jobs/*.yml', 'ca_file: /etc/prom/ca.pem', '- /etc/prom/t/*.yml'])
    assert.ok(config.toYaml().includes(part), part)
  assert.match(config.jobYaml('b')!, /\nauthorization:\n {2}type: Bearer\n {2}credentials_file: \/etc\/prom\/jobs\/token\n/)
})

test('a file of secrets that cannot be read is a warning at its field', async () => {
  const { scrapeConfigs, warnings } = await load('scrape_configs:\n  - job_name: a\n    authorization:\n      credentials_file: gone\n')
  assert.deepEqual(scrapeConfigs[0].http.authorization?.credentials, { file: '/etc/prom/gone' })
  assert.equal(warnings.length, 1)
  assert.equal(warnings[0].kind, 'unreadable')
  assert.match(
    formatPlace(warnings[0]),
    /^\/etc\/prom\/prometheus\.yml:4:7: \/etc\/prom\/gone cannot be read \(.*\), requests fail until it can$/,
  )
})

test('what is not built yet is a warning with its place, unless it asks for nothing', async () => {
  const { warnings } = await load(`
global:
  scrape_native_histograms: false
rule_files: []
scrape_configs:
  - job_name: a
    enable_http2: false
    oauth2: {client_id: x, token_url: http://t}
    proxy_url: http://proxy:3128
    eureka_sd_configs: [{server: 'http://eureka:8761/eureka/v2'}]
    scrape_protocols: [PrometheusText0.0.4]
  - job_name: b
    nerve_sd_configs: [{servers: [a], paths: [/x]}]
`)
  assert.deepEqual(
    warnings.map(({ kind, field, line, column, message }) => `${line}:${column} ${kind} ${field}: ${message}`),
    [
      '10:5 unsupported scrape_configs.eureka_sd_configs: eureka_sd_configs is not supported yet and is ignored',
      '13:5 unsupported scrape_configs.nerve_sd_configs: nerve_sd_configs is not supported yet and is ignored',
    ],
  )
})

test('environment variables stand in the values of external labels only', async () => {
  const config = await load('global:\n  external_labels: {host: "${HOST}-$N$$", gone: $NONE}\nscrape_configs: [{job_name: $HOST}]\n', {
    variables: { HOST: 'm1', N: '2' },
  })
  assert.equal(String(config.externalLabels), '{host="m1-2$"}')
  assert.equal(config.scrapeConfigs[0].jobName, '$HOST')
  assert.deepEqual(
    config.warnings.map(({ message }) => message),
    ['environment variable NONE is not set, an empty text stands for it'],
  )
})

test('a fingerprint differs exactly when the job does', async () => {
  const print = async (job: string, global = '{}', files: Record<string, string> = {}) =>
    (await load(`global: ${global}\nscrape_configs:\n  - ${job}\n`, { files })).scrapeConfigs[0].fingerprint
  const base = await print('{job_name: a, static_configs: [{targets: [x]}]}')
  assert.equal(await print('{static_configs: [{targets: [x]}], job_name: "a", scrape_interval: 60s}'), base)
  assert.equal(await print('{job_name: a, static_configs: [{targets: [x]}]}', '{external_labels: {a: b}, evaluation_interval: 5s}'), base)
  assert.notEqual(await print('{job_name: a, static_configs: [{targets: [y]}]}'), base)
  assert.notEqual(await print('{job_name: a, static_configs: [{targets: [x]}]}', '{scrape_interval: 30s}'), base)
  const secret = '{job_name: a, basic_auth: {username: u, password_file: /p}}'
  assert.equal(await print(secret, '{}', { '/p': 'one' }), await print(secret, '{}', { '/p': 'two' }))
  assert.notEqual(await print(secret), await print(secret.replace('/p', '/q')))
  assert.notEqual(await print('{job_name: a, bearer_token: one}'), await print('{job_name: a, bearer_token: two}'))
})

test('discovery files are looked for beside the configuration', async () => {
  const { scrapeConfigs } = await load(
    'scrape_configs:\n  - job_name: a\n    file_sd_configs: [{files: [t/*.yml, /abs/x.json]}]\n    static_configs: [{targets: [a]}]\n',
  )
  assert.deepEqual(
    scrapeConfigs[0].discoverers.map(({ mechanism }) => mechanism),
    ['static', 'file'],
  )
  assert.match(scrapeConfigs[0].discoverers[1].fingerprint, /\/etc\/prom\/t\/\*\.yml.*\/abs\/x\.json/)
})

test('a discovery mechanism has credentials of its own', async () => {
  const text = 'scrape_configs: [{job_name: a, http_sd_configs: [{url: "http://x/", basic_auth: {username: u, password_file: p}}]}]'
  const job = (await load(text, { files: { '/etc/prom/p': 'one' } })).scrapeConfigs[0]
  assert.equal(job.http.basicAuth, undefined)
  assert.match(job.discoverers[0].fingerprint, /"username":\{"text":"u"\},"password":\{"file":"\/etc\/prom\/p"\}/)
  const { warnings } = await load(text)
  assert.match(
    warnings.map((warning) => `${warning.field} ${formatPlace(warning)}`).join(),
    /^scrape_configs\.http_sd_configs\.basic_auth\.password_file \S+:1:\d+: \/etc\/prom\/p cannot be read/,
  )
})

test('what runs is shown in upstream’s form', async () => {
  const config = await load(`
global: {scrape_interval: 15s, external_labels: {n: 017, cluster: prod}}
scrape_configs:
  - job_name: a
    body_size_limit: 1.5GB
    basic_auth: {username: u, password: p}
    static_configs: [{targets: ['a:1'], labels: {code: 500}}]
    relabel_configs: [{source_labels: [a, b], target_label: c}]
`)
  assert.equal(
    config.toYaml(),
    `global:
  scrape_interval: 15s
  scrape_timeout: 10s
  evaluation_interval: 1m
  external_labels:
    cluster: prod
    "n": "017"
  metric_name_validation_scheme: utf8
scrape_configs:
- job_name: a
  honor_timestamps: true
  track_timestamps_staleness: false
  scrape_interval: 15s
  scrape_timeout: 10s
  scrape_protocols:
  - OpenMetricsText1.0.0
  - OpenMetricsText0.0.1
  - PrometheusText1.0.0
  - PrometheusText0.0.4
  always_scrape_classic_histograms: false
  convert_classic_histograms_to_nhcb: false
  metrics_path: /metrics
  scheme: http
  enable_compression: true
  body_size_limit: 1GiB512MiB
  metric_name_validation_scheme: utf8
  metric_name_escaping_scheme: allow-utf-8
  basic_auth:
    username: u
    password: <secret>
  follow_redirects: true
  enable_http2: true
  relabel_configs:
  - source_labels: [a, b]
    separator: ;
    target_label: c
    replacement: $1
    action: replace
  static_configs:
  - targets:
    - a:1
    labels:
      code: "500"
`,
  )
})

test('a file that is not there, and one that is something else, are refused', async () => {
  const env = virtualEnv()
  await assert.rejects(loadConfig(env, 'none.yml'), { code: 'bad_data', message: 'none.yml:1:1: no such file' })
  await assert.rejects(load('apiVersion: v1\nkind: Service\n'), {
    message: '/etc/prom/prometheus.yml:1:1: this looks like a Kubernetes manifest (Service), want a prometheus.yml',
  })
})

test('a second document is a warning', async () => {
  const { warnings } = await load('global: {}\n---\nscrape_configs: []\n')
  assert.deepEqual(
    warnings.map(({ kind, message }) => `${kind}: ${message}`),
    ['unused: only the first document of the file is read'],
  )
})

test('jobs may stand in other files, beside which their own files are looked for', async () => {
  const files = {
    '/etc/prom/jobs/a.yml':
      'scrape_configs:\n  - job_name: a\n    authorization: {credentials_file: token}\n    nerve_sd_configs: [{servers: [a]}]\n',
    '/etc/prom/jobs/b.yml': 'scrape_configs:\n  - job_name: b\n    scrape_timeout: 4s\n',
    '/etc/prom/jobs/token': 'secret',
  }
  const text = 'global: {scrape_interval: 5s}\nscrape_config_files: [jobs/*.yml]\nscrape_configs: [{job_name: main}]\n'
  const config = await load(text, { files })
  assert.deepEqual(
    config.scrapeConfigs.map(({ jobName, scrapeIntervalMs }) => `${jobName} ${scrapeIntervalMs}`),
    ['main 5000', 'a 5000', 'b 5000'],
  )
  assert.deepEqual(config.scrapeConfigs[1].http.authorization?.credentials, { file: '/etc/prom/jobs/token' })
  assert.deepEqual(config.configFiles, ['/etc/prom/prometheus.yml', '/etc/prom/jobs/a.yml', '/etc/prom/jobs/b.yml'])
  assert.deepEqual(config.warnings.map(formatPlace), ['/etc/prom/jobs/a.yml:4:5: nerve_sd_configs is not supported yet and is ignored'])
  const bad = {
    ...files,
    '/etc/prom/jobs/b.yml': 'scrape_configs:\n  - job_name: main\n    scrape_timeout: 6s\n',
    '/etc/prom/jobs/c.yml': 'scrape_configs:\n  - job_nam: c\n',
  }
  await assert.rejects(load(text, { files: bad }), {
    message: [
      '/etc/prom/jobs/b.yml:2:15: found multiple scrape configs with job name "main", first found in /etc/prom/prometheus.yml',
      '/etc/prom/jobs/b.yml:3:21: scrape timeout greater than scrape interval for scrape config with job name "main"',
      '/etc/prom/jobs/c.yml:2:5: unknown field job_nam in scrape_config, did you mean job_name?',
    ].join('\n'),
  })
})
