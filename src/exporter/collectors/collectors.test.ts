import assert from 'node:assert/strict'
import { test } from 'node:test'
import { virtualEnv } from '../../base/env-virtual.ts'
import { HostExporter } from '../host-exporter.ts'
import { DEFAULT_OPTIONS, type ExporterOptions } from '../options.ts'
import { parseCpuList } from './cpu.ts'
import { parseMounts } from './filesystem.ts'
import { COLLECTOR_NAMES } from './table.ts'

/** What one collector writes for these files, without HELP lines and without the outcome of the collector. */
async function collected(
  name: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  options: Partial<ExporterOptions> = {},
): Promise<string> {
  const host = await virtualHost(files, { ...options, collectors: new Set([name]) })
  return host.scrape()
}

async function virtualHost(files: Readonly<Record<string, string | Uint8Array>>, options: Partial<ExporterOptions> = {}) {
  const env = virtualEnv()
  const write = async (path: string, body: string | Uint8Array) => {
    await env.fs.mkdir(path.slice(0, path.lastIndexOf('/')))
    await env.fs.writeFile(path, body)
  }
  for (const [path, body] of Object.entries(files)) await write(path, body)
  const exporter = new HostExporter(env, { ...DEFAULT_OPTIONS, collectors: new Set(COLLECTOR_NAMES), ...options })
  const scrape = async () => {
    const text = (await exporter.scrape(exporter.select({ collect: [], exclude: [] }))).text
    return text.replace(/^# HELP .*\n/gm, '').replace(/^(# TYPE )?node_scrape_collector_.*\n/gm, '')
  }
  return { env, write, exporter, scrape }
}

test('loadavg', async () => {
  assert.equal(
    await collected('loadavg', { '/proc/loadavg': '0.21 0.37 0.39 1/719 19737\n' }),
    '# TYPE node_load1 gauge\nnode_load1 0.21\n# TYPE node_load5 gauge\nnode_load5 0.37\n# TYPE node_load15 gauge\nnode_load15 0.39\n',
  )
})

test('stat shows the sum of interrupts and nothing of processors', async () => {
  const stat =
    'cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 8885917 17 0 0\nctxt 38014093\nbtime 1418183276\nprocesses 26442\nprocs_running 2\nprocs_blocked 1\nsoftirq 5057579 250191\n'
  assert.equal(
    await collected('stat', { '/proc/stat': stat }),
    `# TYPE node_intr_total counter
node_intr_total 8.885917e+06
# TYPE node_context_switches_total counter
node_context_switches_total 3.8014093e+07
# TYPE node_boot_time_seconds gauge
node_boot_time_seconds 1.418183276e+09
# TYPE node_forks_total counter
node_forks_total 26442
# TYPE node_procs_running gauge
node_procs_running 2
# TYPE node_procs_blocked gauge
node_procs_blocked 1
`,
  )
})

test('meminfo: kB become bytes, counts stay, parentheses go', async () => {
  assert.equal(
    await collected('meminfo', { '/proc/meminfo': 'MemTotal:       24684092 kB\nActive(anon):       1568 kB\nHugePages_Total:       3\n' }),
    `# TYPE node_memory_MemTotal_bytes gauge
node_memory_MemTotal_bytes 2.5276510208e+10
# TYPE node_memory_Active_anon_bytes gauge
node_memory_Active_anon_bytes 1.605632e+06
# TYPE node_memory_HugePages_Total gauge
node_memory_HugePages_Total 3
`,
  )
})

test('cpu: ticks become seconds, guests have a family of their own', async () => {
  const text = await collected('cpu', { '/proc/stat': 'cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 301854 612 111922 8979004 3552 2 3944 0 7 8\n' })
  assert.equal(
    text,
    `# TYPE node_cpu_seconds_total counter
node_cpu_seconds_total{cpu="0",mode="user"} 3018.54
node_cpu_seconds_total{cpu="0",mode="nice"} 6.12
node_cpu_seconds_total{cpu="0",mode="system"} 1119.22
node_cpu_seconds_total{cpu="0",mode="idle"} 89790.04
node_cpu_seconds_total{cpu="0",mode="iowait"} 35.52
node_cpu_seconds_total{cpu="0",mode="irq"} 0.02
node_cpu_seconds_total{cpu="0",mode="softirq"} 39.44
node_cpu_seconds_total{cpu="0",mode="steal"} 0
# TYPE node_cpu_guest_seconds_total counter
node_cpu_guest_seconds_total{cpu="0",mode="user"} 0.07
node_cpu_guest_seconds_total{cpu="0",mode="nice"} 0.08
`,
  )
})

test('cpu counters do not fall, unless the processor started anew', async () => {
  const host = await virtualHost({}, { collectors: new Set(['cpu']), cpuGuest: false })
  const after = async (idle: number, iowait: number) => {
    await host.write('/proc/stat', `cpu0 1 1 1 ${idle} ${iowait} 1 1 1 0 0\n`)
    const text = await host.scrape()
    return ['idle', 'iowait'].map((mode) => Number(new RegExp(`mode="${mode}"} (.*)`).exec(text)?.[1]))
  }
  assert.deepEqual(await after(1000, 50), [10, 0.5])
  assert.deepEqual(await after(999, 40), [10, 0.5])
  assert.deepEqual(await after(1100, 60), [11, 0.6])
  assert.deepEqual(await after(800, 5), [8, 0.05])
})

test('cpu: online, isolated and throttled processors', async () => {
  const cpu = '/sys/devices/system/cpu'
  const text = await collected('cpu', {
    '/proc/stat': '',
    [`${cpu}/cpu0/online`]: '1\n',
    [`${cpu}/present`]: '0-2\n',
    [`${cpu}/online`]: '0,2\n',
    [`${cpu}/isolated`]: '2\n',
    [`${cpu}/cpu0/topology/physical_package_id`]: '0\n',
    [`${cpu}/cpu0/topology/core_id`]: '4\n',
    [`${cpu}/cpu0/thermal_throttle/core_throttle_count`]: '5\n',
    [`${cpu}/cpu0/thermal_throttle/package_throttle_count`]: '30\n',
    [`${cpu}/cpu1/topology/physical_package_id`]: '0\n',
    [`${cpu}/cpu1/topology/core_id`]: '4\n',
    [`${cpu}/cpu1/thermal_throttle/core_throttle_count`]: '5\n',
    [`${cpu}/cpu1/thermal_throttle/package_throttle_count`]: '30\n',
  })
  assert.equal(
    text.slice(text.indexOf('# TYPE node_cpu_online')),
    `# TYPE node_cpu_online gauge
node_cpu_online{cpu="0"} 1
node_cpu_online{cpu="1"} 0
node_cpu_online{cpu="2"} 1
# TYPE node_cpu_isolated gauge
node_cpu_isolated{cpu="2"} 1
# TYPE node_cpu_core_throttles_total counter
node_cpu_core_throttles_total{package="0",core="4"} 5
# TYPE node_cpu_package_throttles_total counter
node_cpu_package_throttles_total{package="0"} 30
`,
  )
})

test('parseCpuList', () => {
  const check = (text: string, want: number[]) => assert.deepEqual(parseCpuList(text), want)
  check('\n', [])
  check('0\n', [0])
  check('0-2,5,7-8\n', [0, 1, 2, 5, 7, 8])
  assert.throws(() => parseCpuList('0-x'), /found "x", want a number/)
})

test('diskstats: sectors become bytes, what udev knows becomes labels, older kernels have fewer columns', async () => {
  const text = await collected('diskstats', {
    '/proc/diskstats':
      '   8       0 sda 10 1 4 2000 20 2 8 3000 1 500 600 5 6 7 8000 9 10000\n   8       1 sda1 1 1 1 1 1 1 1 1 1 1 1\n 252       0 dm-0 7 0 0 0 0 0 0 0 0 0 0\n',
    '/run/udev/data/b8:0':
      'S:disk\nE:ID_MODEL=Samsung "X"\nE:ID_SERIAL=long\nE:ID_SERIAL_SHORT=short\nE:ID_ATA=1\nE:ID_ATA_ROTATION_RATE_RPM=7200\nE:ID_FS_TYPE=ext4\n',
    '/sys/block/sda/queue/rotational': '1\n',
    '/run/udev/data/b252:0': 'E:DM_NAME=vg-root\nE:DM_UUID=u\n',
  })
  const has = (line: string) => assert.ok(text.includes(`${line}\n`), `${line} in\n${text}`)
  has('node_disk_info{device="sda",major="8",minor="0",model="Samsung \\"X\\"",path="",revision="",rotational="1",serial="short",wwn=""} 1')
  has('node_disk_read_bytes_total{device="sda"} 2048')
  has('node_disk_read_time_seconds_total{device="sda"} 2')
  has('node_disk_written_bytes_total{device="sda"} 4096')
  has('# TYPE node_disk_io_now gauge')
  has('node_disk_io_time_weighted_seconds_total{device="sda"} 0.6')
  has('node_disk_discard_time_seconds_total{device="sda"} 8')
  has('node_disk_flush_requests_time_seconds_total{device="sda"} 10')
  has('node_disk_reads_completed_total{device="dm-0"} 7')
  has('node_disk_filesystem_info{device="sda",type="ext4",usage="",uuid="",version=""} 1')
  has('node_disk_device_mapper_info{device="dm-0",lv_layer="",lv_name="",name="vg-root",uuid="u",vg_name=""} 1')
  has('node_disk_ata_rotation_rate_rpm{device="sda"} 7200')
  assert.ok(!text.includes('sda1'), 'partitions are excluded by default')
  assert.ok(!text.includes('node_disk_discards_completed_total{device="dm-0"}'))
})

test('netdev: the header names the columns; /sys adds packets that nothing wanted', async () => {
  const text = await collected(
    'netdev',
    {
      '/proc/net/dev':
        'Inter-|   Receive                                                |  Transmit\n face |bytes    packets |bytes    colls\n    lo: 1 2 3 4\neth0:0:9007199254740993 6 7 8\nveth1: 1 1 1 1\n',
      '/sys/class/net/lo/statistics/rx_nohandler': '9\n',
    },
    { networkDevices: { include: '', exclude: '^veth' } },
  )
  assert.equal(
    text,
    `# TYPE node_network_receive_bytes_total counter
node_network_receive_bytes_total{device="lo"} 1
node_network_receive_bytes_total{device="eth0:0"} 9.007199254740992e+15
# TYPE node_network_receive_packets_total counter
node_network_receive_packets_total{device="lo"} 2
node_network_receive_packets_total{device="eth0:0"} 6
# TYPE node_network_transmit_bytes_total counter
node_network_transmit_bytes_total{device="lo"} 3
node_network_transmit_bytes_total{device="eth0:0"} 7
# TYPE node_network_transmit_colls_total counter
node_network_transmit_colls_total{device="lo"} 4
node_network_transmit_colls_total{device="eth0:0"} 8
# TYPE node_network_receive_nohandler_total counter
node_network_receive_nohandler_total{device="lo"} 9
`,
  )
})

test('pressure: microseconds become seconds; a resource that the kernel has not is left out', async () => {
  const text = await collected('pressure', {
    '/proc/pressure/cpu': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=14036781000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
    '/proc/pressure/memory': 'some avg10=0.00 avg60=0.00 avg300=0.00 total=5\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=1500000\n',
  })
  assert.equal(
    text,
    `# TYPE node_pressure_cpu_waiting_seconds_total counter
node_pressure_cpu_waiting_seconds_total 14036.781
# TYPE node_pressure_memory_waiting_seconds_total counter
node_pressure_memory_waiting_seconds_total 5e-06
# TYPE node_pressure_memory_stalled_seconds_total counter
node_pressure_memory_stalled_seconds_total 1.5
`,
  )
})

test('vmstat shows the fields that the pattern matches, untyped', async () => {
  const files = { '/proc/vmstat': 'nr_free_pages 1\npgpgin 7344136\npgfault 4\noom_kill 0\n' }
  assert.equal(
    await collected('vmstat', files),
    '# TYPE node_vmstat_pgpgin untyped\nnode_vmstat_pgpgin 7.344136e+06\n# TYPE node_vmstat_pgfault untyped\nnode_vmstat_pgfault 4\n# TYPE node_vmstat_oom_kill untyped\nnode_vmstat_oom_kill 0\n',
  )
  assert.equal(
    await collected('vmstat', files, { vmstatFields: '^nr_' }),
    '# TYPE node_vmstat_nr_free_pages untyped\nnode_vmstat_nr_free_pages 1\n',
  )
})

test('sockstat counts memory in pages of the size that the kernel says', async () => {
  const auxv = new Uint8Array(32)
  new DataView(auxv.buffer).setBigUint64(0, 6n, true)
  new DataView(auxv.buffer).setBigUint64(8, 65536n, true)
  const text = await collected('sockstat', {
    '/proc/net/sockstat': 'sockets: used 229\nTCP: inuse 4 mem 2\nFRAG: inuse 0 memory 5\n',
    '/proc/net/sockstat6': 'TCP6: inuse 17\n',
    '/proc/self/auxv': auxv,
  })
  assert.deepEqual(
    text.split('\n').filter((line) => !line.startsWith('#')),
    [
      'node_sockstat_sockets_used 229',
      'node_sockstat_TCP_inuse 4',
      'node_sockstat_TCP_mem 2',
      'node_sockstat_TCP_mem_bytes 131072',
      'node_sockstat_FRAG_inuse 0',
      'node_sockstat_FRAG_memory 5',
      'node_sockstat_TCP6_inuse 17',
      '',
    ],
  )
})

test('filefd and uname', async () => {
  assert.match(
    await collected('filefd', { '/proc/sys/fs/file-nr': '1024\t0\t1631329\n' }),
    /allocated 1024\n.*\n.*maximum 1\.631329e\+06\n/,
  )
  const elf = new Uint8Array(20)
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1])
  elf[18] = 183
  const kernel = {
    '/proc/sys/kernel/ostype': 'Linux\n',
    '/proc/sys/kernel/osrelease': '6.1.0-9-arm64\n',
    '/proc/sys/kernel/version': '#1 SMP\n',
    '/proc/sys/kernel/hostname': 'kite\n',
    '/proc/sys/kernel/domainname': '(none)\n',
    '/proc/self/exe': elf,
  }
  const info = (machine: string) =>
    `node_uname_info{domainname="(none)",nodename="kite",sysname="Linux",release="6.1.0-9-arm64",version="#1 SMP",machine="${machine}"} 1\n`
  assert.ok((await collected('uname', kernel)).endsWith(info('aarch64')))
  assert.ok((await collected('uname', { ...kernel, '/proc/sys/kernel/arch': 'x86_64\n' })).endsWith(info('x86_64')))
})

test('time: the clock is the environment’s', async () => {
  const root = '/sys/devices/system/clocksource/clocksource0'
  const text = await collected('time', { [`${root}/available_clocksource`]: 'tsc hpet \n', [`${root}/current_clocksource`]: 'tsc\n' })
  assert.ok(text.startsWith('# TYPE node_time_seconds gauge\nnode_time_seconds 1.7672256e+09\n'))
  assert.match(text, /^node_time_zone_offset_seconds\{time_zone="[^"]+"\} -?\d+$/m)
  assert.ok(
    text.endsWith(`# TYPE node_time_clocksource_available_info gauge
node_time_clocksource_available_info{clocksource="tsc",device="0"} 1
node_time_clocksource_available_info{clocksource="hpet",device="0"} 1
# TYPE node_time_clocksource_current_info gauge
node_time_clocksource_current_info{clocksource="tsc",device="0"} 1
`),
  )
})

const MOUNTS = `27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
28 27 0:25 / /data\\040one ro,nosuid master:2 propagate_from:1 - xfs /dev/vdb rw
29 27 0:4 / /proc rw - proc proc rw
30 27 0:50 / /srv/nfs rw - nfs4 server:/x rw
`

test('parseMounts', () => {
  assert.deepEqual(
    parseMounts(MOUNTS, '/').map(({ device, mountpoint, readonly }) => [device, mountpoint, readonly]),
    [
      ['/dev/vda', '/', false],
      ['/dev/vdb', '/data one', true],
      ['proc', '/proc', false],
      ['server:/x', '/srv/nfs', false],
    ],
  )
  const inContainer =
    '1 0 8:1 / /host rw - ext4 /dev/sda1 rw\n2 0 8:2 / /host/home rw - ext4 /dev/sda2 ro\n3 0 8:3 / /hosted rw - ext4 /dev/sda3 rw\n'
  assert.deepEqual(
    parseMounts(inContainer, '/host/').map(({ mountpoint, readonly, minor }) => [mountpoint, readonly, minor]),
    [
      ['/', false, '1'],
      ['/home', true, '2'],
    ],
  )
  assert.throws(() => parseMounts('1 2 3\n', '/'), /want at least ten fields/)
})

test('filesystem: sizes by mount, excluded types and mount points left out', async () => {
  const text = await collected('filesystem', { '/proc/self/mountinfo': MOUNTS })
  const root = 'device="/dev/vda",device_error="",fstype="ext4",mountpoint="/"'
  const has = (line: string) => assert.ok(text.includes(`${line}\n`), `${line} in\n${text}`)
  has(`node_filesystem_size_bytes{${root}} 1e+12`)
  has(`node_filesystem_readonly{${root}} 0`)
  has('node_filesystem_readonly{device="/dev/vdb",device_error="",fstype="xfs",mountpoint="/data one"} 1')
  has(`node_filesystem_device_error{${root}} 0`)
  has('node_filesystem_mount_info{device="/dev/vda",major="254",minor="0",mountpoint="/"} 1')
  assert.ok(!text.includes('mountpoint="/proc"'))
})

test('filesystem: one that hangs is reported, is not asked again until it answers, and costs the others nothing', async () => {
  const host = await virtualHost({ '/proc/1/mountinfo': MOUNTS }, { collectors: new Set(['filesystem']) })
  const real = host.env.fs.usage.bind(host.env.fs)
  let answer: () => void = () => {}
  let asked = 0
  Object.assign(host.env.fs, {
    usage: (path: string) => {
      if (path !== '/srv/nfs') return real()
      asked++
      return new Promise((resolve) => {
        answer = () => resolve(real())
      })
    },
  })
  const sick = 'node_filesystem_device_error{device="server:/x",device_error="mountpoint timeout",fstype="nfs4",mountpoint="/srv/nfs"} 1'
  const first = host.scrape()
  await host.env.clock.advance(5_000)
  assert.ok((await first).includes(sick))
  const second = await host.scrape()
  assert.ok(second.includes(sick))
  assert.ok(second.includes('node_filesystem_size_bytes{device="/dev/vda"'))
  assert.ok(!second.includes('node_filesystem_size_bytes{device="server:/x"'))
  assert.equal(asked, 1)
  answer()
  await host.env.clock.advance(0)
  const third = host.scrape()
  await host.env.clock.advance(0)
  answer()
  assert.ok((await third).includes('node_filesystem_size_bytes{device="server:/x",device_error="",fstype="nfs4",mountpoint="/srv/nfs"}'))
})
