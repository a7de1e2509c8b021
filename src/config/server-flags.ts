import type { FlagValues } from './flags.ts'
import { flag } from './flags.ts'

// The flags of the server role, under upstream's names. Source: Prometheus cmd/prometheus/main.go and
// docs/command-line/prometheus.md (3.14), and the flags of 2.x that 3.0 removed.

const HOUR = 3_600_000
const MINUTE = 60_000
const unsupported = 'unsupported'
const retired = 'retired'

export const serverFlags = {
  'config.file': flag.text({ default: 'prometheus.yml', help: 'The configuration, a prometheus.yml.', placeholder: 'PATH' }),
  'config.auto-reload-interval': flag.duration({
    default: 30_000,
    help: 'How often the configuration file is looked at for changes, with --enable-feature=auto-reload-config.',
    least: 1000,
  }),
  'promontory.config': flag.text({
    default: '',
    help: 'Configuration of what prometheus.yml has no words for: budgets of series, coverage that rules require. Reloaded with it. Not known upstream.',
    placeholder: 'PATH',
  }),
  'storage.tsdb.path': flag.text({
    default: 'data/',
    help: 'Directory of the samples. One process at a time.',
    placeholder: 'PATH',
    required: true,
  }),
  'storage.tsdb.retention.time': flag.duration({
    default: 15 * 24 * HOUR,
    help: 'How long samples are kept; 0 is the default.',
    zeroIsDefault: true,
  }),
  'storage.tsdb.retention.size': flag.bytes({
    default: 0,
    help: 'Most bytes of blocks and log on disk, such as 512MB; powers of 1024. The oldest blocks go. 0 is no limit; with one, only a time that is given limits as well.',
  }),
  'storage.tsdb.min-block-duration': flag.duration({
    default: 2 * HOUR,
    help: 'Time range of a window, which becomes a block when no sample can come to it any more.',
    least: 1000,
  }),
  'storage.tsdb.max-block-duration': flag.duration<number | undefined>({
    default: undefined,
    help: 'Longest time range of a compacted block; by default a tenth of the retention time, and at most 31 days.',
  }),
  'storage.wal.fsync': flag.choice(['interval', 'always'], {
    default: 'interval',
    help: 'When samples survive loss of power: at most 1 s after they are acknowledged, or always before. Not known upstream.',
  }),
  'storage.tsdb.flush-on-exit': flag.boolean({
    default: false,
    help: 'At a clean stop all samples go into blocks, so that Prometheus can be started on the directory. Not known upstream.',
  }),
  'storage.wal.recover-until': flag.text({
    default: '',
    help: 'Read the log of what is in no block up to a place only: the end of a segment, a number of its records, or the first sample later than a time (RFC 3339). The rest is set aside, once. Not known upstream.',
    placeholder: 'SEGMENT[:RECORDS]|TIME',
  }),
  'web.listen-address': flag.texts({ default: ['0.0.0.0:9090'], help: 'Address to listen on. May be repeated.', placeholder: 'HOST:PORT' }),
  'web.external-url': flag.text({
    default: '',
    help: 'URL under which users reach this server; its path becomes the prefix of all routes.',
    placeholder: 'URL',
  }),
  'web.route-prefix': flag.text({
    default: '',
    help: 'Prefix of all routes, when it differs from the path of --web.external-url.',
    placeholder: 'PATH',
  }),
  'web.enable-lifecycle': flag.boolean({ default: false, help: 'Allows reload and shutdown by HTTP: /-/reload and /-/quit.' }),
  'web.enable-admin-api': flag.boolean({ default: false, help: 'Allows snapshots and deletion by HTTP.' }),
  'web.enable-remote-write-receiver': flag.boolean({ default: false, help: 'Accepts remote write requests at /api/v1/write.' }),
  'web.remote-write-receiver.accepted-protobuf-messages': flag.texts({
    default: ['prometheus.WriteRequest', 'io.prometheus.write.v2.Request'],
    separated: true,
    help: 'Messages that the remote write receiver takes, with commas or repeated: prometheus.WriteRequest is 1.0, io.prometheus.write.v2.Request is 2.0.',
  }),
  'web.enable-pushgateway': flag.boolean({
    default: false,
    help: 'Takes what jobs push, as a pushgateway does: at /metrics/job/NAME; it is to be scraped at /pushgateway/metrics. Not known upstream.',
  }),
  'web.pushgateway-persistence-interval': flag.duration({
    default: 10_000,
    help: 'How long after a push it is in its file at the latest. Not known upstream.',
  }),
  'web.enable-otlp-receiver': flag.boolean({ default: false, help: 'Accepts OTLP write requests.' }),
  'web.cors.origin': flag.text({
    default: '.*',
    help: 'Origins that browsers may call from: a regular expression for the whole origin.',
    placeholder: 'REGEX',
  }),
  'web.max-connections': flag.integer({ default: 512, help: 'Most connections at a time, over all listeners.', least: 1 }),
  'web.read-timeout': flag.duration({
    default: 5 * MINUTE,
    help: 'Longest time for reading a request, and until an idle connection is closed.',
  }),
  'web.page-title': flag.text({ default: 'Promontory', help: 'Title of the web pages.' }),
  'web.max-notifications-subscribers': flag.integer({ default: 16, help: 'Most subscribers to live notifications.' }),
  'web.search.max-limit': flag.integer({ default: 10_000, help: 'Most results that a search may ask for; 0 is no limit.' }),
  'web.config.file': flag.text({
    default: '',
    help: 'File that turns on TLS and authentication.',
    placeholder: 'PATH',
  }),
  'web.user-assets': flag.text({ default: '', help: 'Directory served under /user.', placeholder: 'PATH' }),
  'web.console.templates': flag.text({
    default: 'consoles',
    help: 'Directory of console templates.',
    placeholder: 'PATH',
    status: unsupported,
  }),
  'web.console.libraries': flag.text({
    default: 'console_libraries',
    help: 'Directory of console libraries.',
    placeholder: 'PATH',
    status: unsupported,
  }),
  'web.local-assets': flag.text({
    default: '',
    help: 'Directory of page templates, where Debian packages them apart.',
    placeholder: 'PATH',
    status: retired,
  }),
  'query.lookback-delta': flag.duration({
    default: 5 * MINUTE,
    help: 'How far back an instant selector looks for the newest sample; 0 is the default.',
    zeroIsDefault: true,
  }),
  'query.timeout': flag.duration({ default: 2 * MINUTE, help: 'Longest time of a query.', least: 1 }),
  'query.max-concurrency': flag.integer({ default: 20, help: 'Most queries at a time; others wait.', least: 1 }),
  'query.max-memory': flag.bytes({
    default: 2 ** 30,
    help: 'Most memory that one query may take, such as 512MB; powers of 1024. What would take more is refused; 0 is no limit.',
  }),
  'query.max-memory-together': flag.bytes({
    default: 2 ** 31,
    help: 'Most memory that all queries in query threads may take together; 0 is no limit.',
  }),
  'query.threads': flag.integer({
    default: 0,
    help: 'Most threads for queries and other reads that are more than a little work; they start with the first of those, and end when idle. 0: as many as there are cores, but at most 4.',
    least: 0,
  }),
  'query.max-samples': flag.integer({ default: 50_000_000, help: 'Most samples that one query may load.', least: 1 }),
  'storage.tsdb.no-lockfile': flag.boolean({
    default: false,
    help: 'Does without the lock of the data directory. Here two processes on one directory are always refused.',
    status: unsupported,
  }),
  'storage.tsdb.head-chunks-write-queue-size': flag.integer({
    default: 0,
    help: 'Size of the queue of chunks on their way to disk.',
    status: unsupported,
  }),
  'storage.tsdb.delay-compact-file.path': flag.text({
    default: '',
    help: 'File with the blocks that are uploaded, which compaction waits for.',
    placeholder: 'PATH',
    status: unsupported,
  }),
  'storage.agent.path': flag.text({
    default: 'data-agent/',
    help: 'Directory of an agent. One process at a time.',
    placeholder: 'PATH',
    required: true,
  }),
  'storage.agent.wal-compression': flag.boolean({ default: true, help: 'Compresses the log of an agent.', status: retired }),
  'storage.agent.retention.min-time': flag.duration({
    default: 5 * MINUTE,
    help: 'How long an agent keeps samples in its log though all destinations have them.',
    least: 1000,
  }),
  'storage.agent.retention.max-time': flag.duration({
    default: 4 * HOUR,
    help: 'Age from which an agent drops samples that a destination does not have yet, and counts them.',
    least: 1000,
  }),
  'storage.agent.no-lockfile': flag.boolean({
    default: false,
    help: 'Does without the lock of an agent’s directory. Here two processes on one directory are always refused.',
    status: unsupported,
  }),
  'storage.remote.flush-deadline': flag.duration({
    default: MINUTE,
    help: 'How long a stop waits for samples to be taken by destinations of remote write, as long as they take any. What is left is sent after the next start.',
  }),
  'storage.remote.backlog-size': flag.bytes({
    default: 10 * 2 ** 30,
    help: 'Most bytes of the log that are kept for a destination of remote write that is behind, such as 512MB; powers of 1024. The oldest go, and are counted. 0 is no limit. Not known upstream.',
  }),
  'storage.remote.backlog-time': flag.duration({
    default: 24 * HOUR,
    help: 'How old samples may be that are kept for a destination of remote write that is behind; 0: however old. Not known upstream.',
  }),
  'storage.remote.read-sample-limit': flag.integer({
    default: 50_000_000,
    help: 'Most samples in one query of a remote read that takes samples; 0 is no limit. Streamed chunks have none.',
    least: 0,
  }),
  'storage.remote.read-concurrent-limit': flag.integer({ default: 10, help: 'Most remote reads at a time; others wait.', least: 1 }),
  'storage.remote.read-max-bytes-in-frame': flag.integer({
    default: 1_048_576,
    help: 'Bytes of one frame of a streamed remote read, about.',
    least: 1,
  }),
  'rules.alert.for-outage-tolerance': flag.duration({
    default: HOUR,
    help: 'Longest outage over which the state of an alert is restored.',
  }),
  'rules.alert.for-grace-period': flag.duration({
    default: 10 * MINUTE,
    help: 'Least time from a restored state to firing.',
  }),
  'rules.alert.resend-delay': flag.duration({
    default: MINUTE,
    help: 'Least time between sending an alert and sending it again.',
  }),
  'rules.max-concurrent-evals': flag.integer({
    default: 4,
    help: 'Most rules that are evaluated beside others of their groups, with --enable-feature=concurrent-rule-eval.',
    least: 1,
  }),
  'alertmanager.notification-queue-capacity': flag.integer({
    default: 10_000,
    help: 'Most alerts that wait for one Alertmanager; the oldest give way.',
    least: 1,
  }),
  'alertmanager.notification-batch-size': flag.integer({ default: 256, help: 'Most alerts in one request to an Alertmanager.', least: 1 }),
  'alertmanager.drain-notification-queue-on-shutdown': flag.boolean({
    default: true,
    help: 'Sends alerts that wait before stopping.',
  }),
  'auto-gomaxprocs': flag.boolean({ default: true, help: 'Tunes Go to the CPU quota of a container.', status: retired }),
  'auto-gomemlimit': flag.boolean({ default: true, help: 'Tunes Go to the memory limit of a container.', status: retired }),
  'auto-gomemlimit.ratio': flag.float({ default: 0.9, help: 'Part of the memory limit that Go may use.', status: retired }),
  agent: flag.boolean({
    default: false,
    help: 'Runs as an agent: discovers, scrapes and forwards by remote write, and answers no queries.',
  }),
  'enable-feature': flag.texts({
    default: [],
    separated: true,
    help: 'Features to turn on, with commas or repeated.',
    placeholder: 'NAME,...',
  }),
  'log.level': flag.choice(['debug', 'info', 'warn', 'error'], { default: 'info', help: 'Least severity of log lines.' }),
  'log.format': flag.choice(['logfmt', 'json'], { default: 'logfmt', help: 'Form of log lines.' }),
  'storage.tsdb.retention': flag.duration<number | undefined>({
    default: undefined,
    help: 'How long samples are kept.',
    status: retired,
    aliasOf: 'storage.tsdb.retention.time',
  }),
  'storage.tsdb.wal-compression': flag.boolean({ default: true, help: 'Compresses the log.', status: retired }),
  'storage.tsdb.wal-compression-type': flag.text({ default: 'snappy', help: 'How the log is compressed.', status: retired }),
  'storage.tsdb.wal-segment-size': flag.bytes({ default: 0, help: 'Size of a segment of the log.', status: retired }),
  'storage.tsdb.max-block-chunk-segment-size': flag.bytes({ default: 0, help: 'Size of a chunk segment in a block.', status: retired }),
  'storage.tsdb.samples-per-chunk': flag.integer({ default: 120, help: 'Samples in a chunk.', status: retired }),
  'storage.tsdb.allow-overlapping-blocks': flag.boolean({
    default: true,
    help: 'Allows blocks that overlap, which always are.',
    status: retired,
  }),
  'storage.agent.wal-compression-type': flag.text({ default: 'snappy', help: 'How the log of an agent is compressed.', status: retired }),
  'storage.agent.wal-segment-size': flag.bytes({ default: 0, help: 'Size of a segment of the log of an agent.', status: retired }),
  'storage.agent.wal-truncate-frequency': flag.duration<number | undefined>({
    default: undefined,
    help: 'How often the log of an agent is cut.',
    status: retired,
  }),
  'scrape.adjust-timestamps': flag.boolean({
    default: true,
    help: 'Moves timestamps of scrapes to compress better. Here they stand on the slot.',
    status: retired,
  }),
  'scrape.timestamp-tolerance': flag.duration({ default: 2, help: 'How far timestamps of scrapes are moved.', status: retired }),
  'scrape.discovery-reload-interval': flag.duration({
    default: 5000,
    help: 'How often discovered targets are taken over.',
    status: retired,
  }),
  'scrape.name-escaping-scheme': flag.text({
    default: 'values',
    help: 'How names are escaped for targets that do not know UTF-8.',
    status: retired,
  }),
  'alertmanager.timeout': flag.duration({ default: 10_000, help: 'Longest time for sending alerts.', status: retired }),
  'write-documentation': flag.boolean({ default: false, help: 'Prints the documentation of the flags.', status: retired }),
}

export type ServerFlagValues = FlagValues<typeof serverFlags>

/** What upstream only does with a feature flag, and we do: always (`built in`), when asked to (`supported`), or not yet. */
const FEATURES: Readonly<Record<string, 'built in' | 'supported' | 'unsupported'>> = {
  'auto-reload-config': 'supported',
  'search-api': 'supported',
  'expand-external-labels': 'built in',
  'promql-at-modifier': 'built in',
  'promql-negative-offset': 'built in',
  'utf8-names': 'built in',
  'new-service-discovery-manager': 'built in',
  'auto-gomaxprocs': 'built in',
  'auto-gomemlimit': 'built in',
  'no-default-scrape-port': 'built in',
  'otlp-write-receiver': 'supported',
  'remote-write-receiver': 'supported',
  'exemplar-storage': 'supported',
  'memory-snapshot-on-shutdown': 'unsupported',
  'extra-scrape-metrics': 'supported',
  'promql-per-step-stats': 'supported',
  'promql-experimental-functions': 'supported',
  'promql-delayed-name-removal': 'supported',
  'promql-duration-expr': 'supported',
  'promql-extended-range-selectors': 'supported',
  'promql-binop-fill-modifiers': 'supported',
  'native-histograms': 'supported',
  'created-timestamp-zero-ingestion': 'supported',
  'st-storage': 'supported',
  'xor2-encoding': 'supported',
  'histograms-st-encoding': 'supported',
  'concurrent-rule-eval': 'supported',
  'delayed-compaction': 'unsupported',
  'old-ui': 'unsupported',
  'otlp-deltatocumulative': 'supported',
  'otlp-native-delta-ingestion': 'supported',
  'type-and-unit-labels': 'supported',
  'use-uncached-io': 'unsupported',
  'metadata-wal-records': 'supported',
  agent: 'supported',
}

/** The features that are on, and a line for each that was asked for and is not. The message for unknown names is upstream's. */
export function enabledFeatures(names: readonly string[]): { readonly enabled: ReadonlySet<string>; readonly warnings: readonly string[] } {
  const enabled = new Set(Object.keys(FEATURES).filter((name) => FEATURES[name] === 'built in'))
  const warnings: string[] = []
  for (const name of new Set(names)) {
    const state = Object.hasOwn(FEATURES, name) ? FEATURES[name] : undefined
    if (state === undefined) warnings.push(`Unknown option for --enable-feature: ${name}`)
    else if (state === 'unsupported') warnings.push(`--enable-feature=${name} is not supported yet and is ignored`)
    else enabled.add(name)
  }
  return { enabled, warnings }
}
