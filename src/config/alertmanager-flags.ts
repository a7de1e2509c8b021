import { parseGoDuration } from '../model/go-duration.ts'
import { type Flag, type FlagValues, flag } from './flags.ts'

// The flags of the alertmanager role. Source: `alertmanager --help`, 0.33.

const HOUR = 3_600_000
const MINUTE = 60_000
const SECOND = 1000
const unsupported = 'unsupported'
const retired = 'retired'

/** In Go's notation, which these flags have upstream: `1m30s`, `1.5h`. */
function goDuration(options: { readonly default: number; readonly help: string; readonly status?: Flag<number>['status'] }): Flag<number> {
  return { ...flag.duration(options), parse: parseGoDuration }
}

/** Upstream takes any number below zero as it takes zero. */
function limit(help: string, otherwise = 'no limit'): Flag<number> {
  const plain = flag.integer({ default: 0, help: `${help} 0 or less: ${otherwise}.` })
  return { ...plain, parse: (text) => (/^-\d+$/.test(text) ? 0 : plain.parse(text)) }
}

/** Everything that `promontory alertmanager` takes. */
export const alertmanagerFlags = {
  'config.file': flag.text({ default: 'alertmanager.yml', help: 'Configuration file.', placeholder: 'PATH' }),
  'storage.path': flag.text({
    default: 'data/',
    help: 'Directory of silences, the notification log and the history of notifications. One process at a time.',
    placeholder: 'DIR',
  }),
  'data.retention': goDuration({
    default: 120 * HOUR,
    help: 'How long silences are kept after their end, the notification log, and the history of notifications.',
  }),
  'data.maintenance-interval': goDuration({
    default: 15 * MINUTE,
    help: 'How often what is over is forgotten, and silences and notification log are written as a whole. Changes are written at once.',
  }),
  'history.max-notifications': flag.integer({
    default: 100_000,
    help: 'Most notifications in the history. Not known upstream.',
    least: 100,
  }),
  'silences.max-silences': limit('Most silences, those that are over among them.'),
  'silences.max-silence-size-bytes': limit('Most bytes of a silence.'),
  'log.silences': flag.boolean({ default: false, help: 'Logs every change of a silence.' }),
  'alerts.gc-interval': goDuration({ default: 30 * MINUTE, help: 'How often alerts that are over are forgotten.' }),
  'alerts.per-alertname-limit': limit('Most alerts of one name.'),
  'dispatch.maintenance-interval': goDuration({ default: 30 * SECOND, help: 'How often groups without alerts are forgotten.' }),
  'dispatch.start-delay': goDuration({
    default: 0,
    help: 'How long alerts are gathered after the start before any group is notified: as long as servers take to send all of theirs.',
  }),
  'web.systemd-socket': flag.boolean({ default: false, help: 'Listens on sockets of systemd.', status: unsupported }),
  'web.listen-address': flag.texts({ default: [':9093'], help: 'Address to listen on. May be repeated.', placeholder: 'HOST:PORT' }),
  'web.config.file': flag.text({ default: '', help: 'File that turns on TLS and authentication.', placeholder: 'PATH' }),
  'web.external-url': flag.text({
    default: '',
    help: 'URL under which this is reached from elsewhere, or its path: for links in notifications.',
    placeholder: 'URL',
  }),
  'web.route-prefix': flag.text({
    default: '',
    help: 'In front of every path; default: the path of the external URL.',
    placeholder: 'PATH',
  }),
  'web.get-concurrency': limit(
    'Most GET requests at a time; what comes beyond them is answered 503.',
    'as many as there are processors, at least 8',
  ),
  'web.timeout': goDuration({ default: 0, help: 'Longest time of a request, which is then answered 503. 0 or less: as long as it takes.' }),
  'web.ui-path': flag.text({ default: '', help: 'Directory of the web pages of Debian’s build.', placeholder: 'DIR', status: unsupported }),
  'auto-gomemlimit.ratio': flag.float({ default: 0.9, help: 'Part of the memory limit that Go may use.', status: retired }),
  'cluster.listen-address': flag.text({
    default: '0.0.0.0:9094',
    help: 'Address for other members; empty: there are none.',
    placeholder: 'HOST:PORT',
  }),
  'cluster.advertise-address': flag.text({
    default: '',
    help: 'Address that other members are told; default: the one that is listened on, or the private one of this machine.',
    placeholder: 'IP:PORT',
  }),
  'cluster.peer-name': flag.text({
    default: '',
    help: 'Name of this member; default: one that is made once and kept in the storage path.',
    placeholder: 'NAME',
  }),
  'cluster.peer': flag.texts({
    default: [],
    help: 'Another member, one is enough. Names are asked for again. May be repeated.',
    placeholder: 'HOST:PORT',
  }),
  'cluster.peer-timeout': goDuration({
    default: 15 * SECOND,
    help: 'How long a member waits for each one before it, until it notifies itself.',
  }),
  'cluster.peers-resolve-timeout': goDuration({ default: 15 * SECOND, help: 'How long names of members are resolved at the start.' }),
  'cluster.gossip-interval': goDuration({ default: 200, help: 'How often changes are told to other members.' }),
  'cluster.pushpull-interval': goDuration({ default: MINUTE, help: 'How often all is exchanged with another member.' }),
  'cluster.tcp-timeout': goDuration({ default: 10 * SECOND, help: 'Longest time of an exchange with a member.' }),
  'cluster.probe-timeout': goDuration({ default: 500, help: 'How long a member may take to say that it lives.' }),
  'cluster.probe-interval': goDuration({ default: SECOND, help: 'How often a member is asked whether it lives.' }),
  'cluster.settle-timeout': goDuration({ default: MINUTE, help: 'How long notifications wait for the cluster to settle.' }),
  'cluster.reconnect-interval': goDuration({ default: 10 * SECOND, help: 'How often members that were lost are tried again.' }),
  'cluster.reconnect-timeout': goDuration({ default: 6 * HOUR, help: 'How long members that were lost are tried.' }),
  'cluster.tls-config': flag.text({ default: '', help: 'File that turns on TLS between members.', placeholder: 'PATH' }),
  'cluster.allow-insecure-public-advertise-address-discovery': flag.boolean({
    default: false,
    help: 'Other members may be told a public address that was found and not given.',
  }),
  'cluster.label': flag.text({
    default: '',
    help: 'What only members of the same cluster have. Those of before 0.26 know none.',
    placeholder: 'LABEL',
  }),
  'enable-feature': flag.texts({
    default: [],
    separated: true,
    help: 'Features to turn on, with commas or repeated: classic-mode, utf8-strict-mode. Others of upstream are without effect.',
    placeholder: 'NAME,...',
  }),
  'log.level': flag.choice(['debug', 'info', 'warn', 'error'], { default: 'info', help: 'Least severity of log lines.' }),
  'log.format': flag.choice(['logfmt', 'json'], { default: 'logfmt', help: 'Form of log lines.' }),
}

export type AlertmanagerFlagValues = FlagValues<typeof alertmanagerFlags>
