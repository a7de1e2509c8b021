import type { HostPaths } from './host-files.ts'

export interface IncludeExclude {
  readonly include: string
  readonly exclude: string
}

/** What the flags of the exporter set, under node_exporter's names and with its defaults. */
export interface ExporterOptions {
  readonly paths: HostPaths
  /** Names of the collectors that run. */
  readonly collectors: ReadonlySet<string>
  readonly cpuGuest: boolean
  readonly diskDevices: IncludeExclude
  readonly mountPoints: IncludeExclude
  readonly fsTypes: IncludeExclude
  readonly mountTimeoutMs: number
  readonly networkDevices: IncludeExclude
  readonly vmstatFields: string
  readonly textfileDirectories: readonly string[]
}

// Source of the defaults: `node_exporter --help`, 1.11.
export const DEFAULT_OPTIONS: Omit<ExporterOptions, 'collectors'> = {
  paths: { proc: '/proc', sys: '/sys', root: '/', udevData: '/run/udev/data' },
  cpuGuest: true,
  diskDevices: { include: '', exclude: '^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$' },
  mountPoints: {
    include: '',
    exclude: '^/(dev|proc|run|sys|mnt|media|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)',
  },
  fsTypes: {
    include: '',
    exclude:
      '^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$',
  },
  mountTimeoutMs: 5_000,
  networkDevices: { include: '', exclude: '' },
  vmstatFields: '^(oom_kill|pgpg|pswp|pg.*fault).*',
  textfileDirectories: [],
}
