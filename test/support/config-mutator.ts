// Configuration files that are nearly right: good ones with values, fields, lines and bytes exchanged.
import type { Random } from '../../src/base/env.ts'

/** All that a job may say, as far as Prometheus 3.5 of Debian knows it. */
const FULL = `global:
  scrape_interval: 15s
  scrape_timeout: 10s
  scrape_protocols: [OpenMetricsText1.0.0, PrometheusText0.0.4]
  evaluation_interval: 1m
  rule_query_offset: 10s
  query_log_file: query.log
  scrape_failure_log_file: fail.log
  body_size_limit: 10MB
  sample_limit: 1500
  target_limit: 30
  label_limit: 30
  label_name_length_limit: 200
  label_value_length_limit: 200
  keep_dropped_targets: 10
  metric_name_validation_scheme: utf8
  external_labels: {region: eu, replica: a}
runtime: {gogc: 75}
rule_files: ["rules/*.yml", other.yml]
scrape_config_files: ["jobs/*.yml"]
scrape_configs:
  - job_name: everything
    scrape_interval: 30s
    scrape_timeout: 5s
    scrape_protocols: [PrometheusProto, PrometheusText1.0.0]
    fallback_scrape_protocol: PrometheusText0.0.4
    always_scrape_classic_histograms: true
    convert_classic_histograms_to_nhcb: false
    metrics_path: /metrics
    honor_labels: true
    honor_timestamps: false
    track_timestamps_staleness: true
    scheme: https
    params: {module: [a, b], x: []}
    enable_compression: false
    basic_auth: {username: u, password: p}
    tls_config: {ca_file: ca.pem, cert_file: c.pem, key_file: k.pem, server_name: s, insecure_skip_verify: true, min_version: TLS12}
    follow_redirects: true
    enable_http2: false
    proxy_url: http://proxy:3128
    no_proxy: a.b,10.0.0.0/8
    http_headers: {X-A: {values: [a], secrets: [b], files: [c]}}
    static_configs:
      - targets: ["a:1", "[::1]:2"]
        labels: {team: red, "a.b": c}
    file_sd_configs:
      - files: ["a/*.json", b.yml]
        refresh_interval: 5m
    http_sd_configs:
      - url: http://sd:8080/list
        refresh_interval: 1m
        authorization: {type: Bearer, credentials: x}
    dns_sd_configs:
      - names: [a.b.c]
        type: A
        port: 80
        refresh_interval: 30s
    kubernetes_sd_configs:
      - role: endpoints
        api_server: https://k8s:6443
        bearer_token: x
        namespaces: {names: [a, b]}
        selectors: [{role: pod, label: "a=b", field: "status.phase=Running"}]
        attach_metadata: {node: true}
      - role: pod
        kubeconfig_file: k.yml
        namespaces: {own_namespace: false}
    docker_sd_configs: [{host: "unix:///var/run/docker.sock", port: 80, filters: [{name: a, values: [b]}]}]
    ec2_sd_configs: [{region: eu-west-1, port: 80, filters: [{name: a, values: [b]}]}]
    body_size_limit: 1KB
    sample_limit: 10
    label_limit: 10
    target_limit: 0
    keep_dropped_targets: 5
    native_histogram_bucket_limit: 100
    native_histogram_min_bucket_factor: 1.1
    metric_name_validation_scheme: legacy
    metric_name_escaping_scheme: dots
    relabel_configs:
      - source_labels: [__address__, a]
        separator: "-"
        regex: (.*):(\\d+)
        target_label: host
        replacement: $1
        action: replace
      - {action: hashmod, source_labels: [a], modulus: 8, target_label: shard}
      - {action: labeldrop, regex: x.*}
    metric_relabel_configs:
      - {action: drop, source_labels: [__name__], regex: go_.*}
  - job_name: oauth
    oauth2: {client_id: i, client_secret: s, token_url: "http://t", scopes: [a], endpoint_params: {a: b}}
    authorization: null
    static_configs: []
  - job_name: files
    basic_auth: {username_file: u, password_file: p}
alerting:
  alert_relabel_configs: [{action: labeldrop, regex: replica}]
  alertmanagers:
    - scheme: http
      path_prefix: /x
      timeout: 10s
      api_version: v2
      static_configs: [{targets: ["am:9093"]}]
      relabel_configs: [{source_labels: [a], target_label: b}]
remote_write:
  - url: http://w/api/v1/write
    name: w
    remote_timeout: 30s
    protobuf_message: io.prometheus.write.v2.Request
    headers: {X-B: c}
    send_exemplars: true
    send_native_histograms: true
    write_relabel_configs: [{action: keep, source_labels: [a], regex: b}]
    queue_config: {capacity: 10, max_shards: 5, min_shards: 1, max_samples_per_send: 5, batch_send_deadline: 5s, min_backoff: 30ms, max_backoff: 5s, retry_on_http_429: true, sample_age_limit: 1m}
    metadata_config: {send: true, send_interval: 1m, max_samples_per_send: 10}
remote_read:
  - url: http://r/api/v1/read
    name: r
    required_matchers: {a: b}
    read_recent: true
    filter_external_labels: false
storage:
  tsdb: {out_of_order_time_window: 30m}
  exemplars: {max_exemplars: 100}
tracing: {endpoint: "t:4317", client_type: grpc, sampling_fraction: 0.1, insecure: true, timeout: 5s}
otlp:
  promote_resource_attributes: [a.b]
  translation_strategy: NoUTF8EscapingWithSuffixes
`

const VALUES = [
  '',
  'null',
  '~',
  'true',
  'yes',
  'on',
  '0',
  '1',
  '-1',
  '0x1F',
  '0o17',
  '1_000',
  '1e3',
  '1.5',
  '.inf',
  '.nan',
  '4294967296',
  '18446744073709551616',
  '15s',
  '1m30s',
  '0s',
  '1y2w3d4h5m6s7ms',
  '15',
  '-15s',
  '1.5s',
  '15 s',
  '10MB',
  '1KiB',
  '10',
  '1.5MB',
  '""',
  "''",
  '"a b"',
  '[]',
  '{}',
  '[a]',
  '[[a]]',
  '{a: b}',
  '!!str 1',
  '!!int "1"',
  '&x a',
  '*x',
  '2001-12-14',
  'http://a',
  'http://',
  '://x',
  'unix:///x',
  'a:b:c',
  '(',
  '$1',
  '${1}_x',
  'é',
  '"\\u0000"',
  '"\\x41"',
  '|-\n      a',
  '>\n  b',
  'TLS13',
  'utf8',
  'legacy',
  'underscores',
  'PrometheusText0.0.4',
  'keep',
  'labelmap',
  'pod',
  'node',
  'SRV',
  '<secret>',
]

export class ConfigMutator {
  readonly #random: Random
  readonly #bases: readonly string[]
  readonly #fields: readonly string[]

  /** Besides these files, one that says all that there is to say. */
  constructor(random: Random, files: readonly string[]) {
    this.#random = random
    this.#bases = [FULL, ...files]
    this.#fields = [...new Set(FULL.match(/[a-z_0-9]+(?=:)/g))]
  }

  next(): string {
    // Half of them from the full one, of which there is only one.
    const base = this.#chance(0.5) ? FULL : this.#pick(this.#bases)
    let lines = base.split('\n')
    if (base === FULL && this.#chance(0.7)) lines = this.#someOf(lines)
    for (let count = this.#below(4); count > 0; count--) lines = this.#change(lines)
    let text = lines.join('\n')
    if (this.#chance(0.15)) text = this.#damage(text)
    return text
  }

  #below(count: number): number {
    return Math.floor(this.#random.next() * count)
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[this.#below(choices.length)]
  }

  #chance(share: number): boolean {
    return this.#random.next() < share
  }

  /** Leaves out some lines with what is indented below them, so that several faults do not hide one another. */
  #someOf(lines: readonly string[]): string[] {
    const kept: string[] = []
    let skippedIndent = -1
    for (const line of lines) {
      const indent = line.length - line.trimStart().length
      if (skippedIndent >= 0 && indent > skippedIndent) continue
      skippedIndent = this.#chance(0.25) ? indent : -1
      if (skippedIndent < 0) kept.push(line)
    }
    return kept
  }

  #change(lines: readonly string[]): string[] {
    const out = [...lines]
    const at = this.#below(out.length)
    const line = out[at] ?? ''
    switch (this.#below(9)) {
      case 0:
      case 1:
      case 2:
        // Another value.
        out[at] = line.replace(/(: )(.*)$/, (_, colon: string) => colon + this.#pick(VALUES))
        break
      case 3: {
        // Another value within a line.
        const parts = [...line.matchAll(/(?<=[:,[] ?)[^\s,:[\]{}]+(?=[,\]}])/g)]
        if (parts.length === 0) break
        const { 0: text, index } = this.#pick(parts)
        out[at] = line.slice(0, index) + this.#pick(VALUES.filter((value) => !value.includes('\n'))) + line.slice(index + text.length)
        break
      }
      case 4:
        out[at] = line.replace(/[a-z_0-9]+(?=:)/, () => this.#pick(this.#fields))
        break
      case 5:
        out.splice(at, 0, out[this.#below(out.length)])
        break
      case 6:
        out.splice(at, 1)
        break
      case 7:
        out[at] = this.#chance(0.5) ? `  ${line}` : line.replace(/^ {2}/, '')
        break
      default:
        out.splice(at, 0, `${' '.repeat(line.length - line.trimStart().length)}${this.#pick(this.#fields)}: ${this.#pick(VALUES)}`)
    }
    return out
  }

  #damage(text: string): string {
    const at = this.#below(text.length)
    const byte = this.#pick([
      ':',
      '-',
      ' ',
      '\n',
      '"',
      "'",
      '{',
      ']',
      '#',
      '&',
      '*',
      '!',
      '|',
      '\t',
      '%',
      '@',
      '`',
      '?',
      ',',
      'é',
      '\u0085',
      '\r\n',
      '---\n',
      '...\n',
      '<<: *x\n',
    ])
    return this.#chance(0.5) ? text.slice(0, at) + byte + text.slice(at) : text.slice(0, at) + text.slice(at + 1 + this.#below(3))
  }
}
