import { parseAddress } from '../base/address.ts'
import { COLLECTOR_NAMES } from '../exporter/collectors/table.ts'
import { DEFAULT_OPTIONS, type ExporterOptions } from '../exporter/options.ts'
import { type Flag, type FlagValues, flag, type ParsedFlags } from './flags.ts'

// The flags of the exporter role, under node_exporter's names. Source: `node_exporter --help`, 1.11.

const unsupported = 'unsupported'
const { paths, diskDevices, mountPoints, fsTypes } = DEFAULT_OPTIONS

function pattern(what: string, excluded = ''): Flag<string> {
  return flag.text({ default: excluded, help: `Regular expression, matching anywhere, of ${what}.`, placeholder: 'REGEX' })
}

const ownFlags = {
  'web.listen-address': flag.texts({ default: [':9100'], help: 'Address to listen on. May be repeated.', placeholder: 'HOST:PORT' }),
  'web.telemetry-path': flag.text({ default: '/metrics', help: 'Path of the metrics.', placeholder: 'PATH' }),
  'web.disable-exporter-metrics': flag.boolean({ default: false, help: 'Leaves out the metrics of the exporter itself.' }),
  'web.config.file': flag.text({ default: '', help: 'File that turns on TLS and authentication.', placeholder: 'PATH' }),
  'path.procfs': flag.text({ default: paths.proc, help: 'Where the host’s /proc is mounted.', placeholder: 'PATH' }),
  'path.sysfs': flag.text({ default: paths.sys, help: 'Where the host’s /sys is mounted.', placeholder: 'PATH' }),
  'path.rootfs': flag.text({ default: paths.root, help: 'Where the host’s root is mounted.', placeholder: 'PATH' }),
  'path.udev.data': flag.text({ default: paths.udevData, help: 'Where udev keeps its data of devices.', placeholder: 'PATH' }),
  'collector.disable-defaults': flag.boolean({ default: false, help: 'Switches off all collectors but those given as --collector.NAME.' }),
  'collector.cpu.guest': flag.boolean({ default: true, help: 'Shows the time that processors spent for guests.' }),
  'collector.diskstats.device-exclude': pattern('block devices that are left out', diskDevices.exclude),
  'collector.diskstats.device-include': pattern('block devices that are shown; not with the exclude flag'),
  'collector.filesystem.mount-points-exclude': pattern('mount points that are left out', mountPoints.exclude),
  'collector.filesystem.mount-points-include': pattern('mount points that are shown; not with the exclude flag'),
  'collector.filesystem.fs-types-exclude': pattern('types of file systems that are left out', fsTypes.exclude),
  'collector.filesystem.fs-types-include': pattern('types of file systems that are shown; not with the exclude flag'),
  'collector.filesystem.mount-timeout': flag.duration({
    default: DEFAULT_OPTIONS.mountTimeoutMs,
    help: 'How long a file system may take to answer before it counts as hanging.',
  }),
  'collector.netdev.device-exclude': pattern('network devices that are left out'),
  'collector.netdev.device-include': pattern('network devices that are shown; not with the exclude flag'),
  'collector.vmstat.fields': pattern('fields of /proc/vmstat that are shown', DEFAULT_OPTIONS.vmstatFields),
  'collector.textfile.directory': flag.texts({ default: [], help: 'Directory of *.prom files. May be repeated.', placeholder: 'DIR' }),
  'log.level': flag.choice(['debug', 'info', 'warn', 'error'], { default: 'info', help: 'Least severity of log lines.' }),
  'log.format': flag.choice(['logfmt', 'json'], { default: 'logfmt', help: 'Form of log lines.' }),
}

/** Collectors that node_exporter has and this exporter has not. */
export const UNBUILT_COLLECTORS: readonly string[] = (
  'arp bcache bcachefs bonding btrfs buddyinfo cgroups conntrack cpu_vulnerabilities cpufreq dmi drbd drm edac entropy ethtool ' +
  'fibrechannel hwmon infiniband interrupts ipvs kernel_hung ksmd lnstat logind mdadm meminfo_numa mountstats netclass netstat ' +
  'network_route nfs nfsd ntp nvme os pcidevice perf powersupplyclass processes qdisc rapl runit schedstat selinux slabinfo softirqs ' +
  'softnet supervisord swap sysctl systemd tapestats tcpstat thermal_zone timex udp_queues watchdog wifi xfrm xfs zfs zoneinfo'
).split(' ')

const UNBUILT_SWITCHES =
  'arp.netlink bcache.priorityStats cpu.info interrupts.include-zeros netclass.ignore-invalid-speed netclass.netlink ' +
  'netclass_rtnl.with-stats netdev.address-info netdev.enable-detailed-metrics netdev.netlink netdev.label-ifalias ntp.server-is-local ' +
  'pcidevice.names perf.disable-hardware-profilers perf.disable-software-profilers perf.disable-cache-profilers rapl.enable-zone-label ' +
  'stat.softirq systemd.enable-task-metrics systemd.enable-restarts-metrics systemd.enable-start-time-metrics'

const UNBUILT_VALUES =
  'arp.device-include arp.device-exclude cpu.info.flags-include cpu.info.bugs-include ethtool.device-include ethtool.device-exclude ' +
  'ethtool.metrics-include hwmon.chip-include hwmon.chip-exclude hwmon.sensor-include hwmon.sensor-exclude interrupts.name-include ' +
  'interrupts.name-exclude ipvs.backend-labels netclass.ignored-devices netstat.fields ntp.server ntp.server-port ntp.protocol-version ' +
  'ntp.ip-ttl ntp.max-distance ntp.local-offset-tolerance pcidevice.idsfile perf.cpus perf.tracepoint perf.hardware-profilers ' +
  'perf.software-profilers perf.cache-profilers powersupply.ignored-supplies qdisc.fixtures qdisc.device-include qdisc.device-exclude ' +
  'runit.servicedir slabinfo.slabs-include slabinfo.slabs-exclude supervisord.url sysctl.include sysctl.include-info systemd.unit-include ' +
  'systemd.unit-exclude tapestats.ignored-devices wifi.fixtures'

function tableOf<T>(names: readonly string[], make: (name: string) => Flag<T>): Readonly<Record<string, Flag<T>>> {
  return Object.fromEntries(names.map((name) => [`collector.${name}`, make(name)]))
}

/** Everything that `promontory exporter` takes. */
export const exporterFlags = {
  ...ownFlags,
  ...tableOf(COLLECTOR_NAMES, (name) => flag.boolean({ default: true, help: `Runs the ${name} collector.` })),
  ...tableOf(UNBUILT_COLLECTORS, (name) => flag.boolean({ default: false, help: `The ${name} collector.`, status: unsupported })),
  ...tableOf(UNBUILT_SWITCHES.split(' '), () =>
    flag.boolean({ default: false, help: 'Belongs to a part that is not built.', status: unsupported }),
  ),
  ...tableOf(UNBUILT_VALUES.split(' '), () =>
    flag.texts({ default: [], help: 'Belongs to a part that is not built.', status: unsupported }),
  ),
  'web.max-requests': flag.integer({ default: 40, help: 'Most scrapes at a time; here those that overlap are one.', status: unsupported }),
  'web.systemd-socket': flag.boolean({ default: false, help: 'Takes the listeners from systemd.', status: unsupported }),
  'runtime.gomaxprocs': flag.integer({ default: 1, help: 'Processors that Go uses.', status: 'retired' }),
}

/** What the flags say; throws `bad_data` where two contradict each other or an address is none. */
export function exporterOptions({ values, given }: ParsedFlags<typeof ownFlags>): ExporterOptions {
  const enabled = (name: string) => {
    const switchedOn = (values as Readonly<Record<string, unknown>>)[`collector.${name}`] === true
    return switchedOn && (!values['collector.disable-defaults'] || given.has(`collector.${name}`))
  }
  // A default of one of a pair gives way to the other when only that one is given.
  const pair = <Name extends keyof FlagValues<typeof ownFlags>>(include: Name, exclude: Name) => ({
    include: String(values[include]),
    exclude: given.has(include) && !given.has(exclude) ? '' : String(values[exclude]),
  })
  return {
    paths: { proc: values['path.procfs'], sys: values['path.sysfs'], root: values['path.rootfs'], udevData: values['path.udev.data'] },
    collectors: new Set(COLLECTOR_NAMES.filter(enabled)),
    cpuGuest: values['collector.cpu.guest'],
    diskDevices: pair('collector.diskstats.device-include', 'collector.diskstats.device-exclude'),
    mountPoints: pair('collector.filesystem.mount-points-include', 'collector.filesystem.mount-points-exclude'),
    fsTypes: pair('collector.filesystem.fs-types-include', 'collector.filesystem.fs-types-exclude'),
    mountTimeoutMs: values['collector.filesystem.mount-timeout'],
    networkDevices: pair('collector.netdev.device-include', 'collector.netdev.device-exclude'),
    vmstatFields: values['collector.vmstat.fields'],
    textfileDirectories: values['collector.textfile.directory'],
  }
}

export function exporterAddresses(values: FlagValues<typeof ownFlags>) {
  return values['web.listen-address'].map(parseAddress)
}
