import type { TextMetricType } from '../../exposition/text-writer.ts'
import { type Collector, type CollectorContext, linesOf, parseNumber, words } from '../collector.ts'
import type { HostFiles } from '../host-files.ts'
import { NameFilter } from '../name-filter.ts'
import { formatLabels, type Page } from '../page.ts'

/** /proc/diskstats counts in units of this, whatever the device's own sector is. */
const SECTOR_BYTES = 512
const SECONDS_PER_MS = 1 / 1000

/** Columns after the device's name; older kernels have the first 11 or 15. Source: Linux Documentation/admin-guide/iostats.rst. */
const COLUMNS: readonly (readonly [name: string, type: TextMetricType, help: string, unit: number])[] = [
  ['reads_completed_total', 'counter', 'Reads that completed.', 1],
  ['reads_merged_total', 'counter', 'Reads that were merged with others.', 1],
  ['read_bytes_total', 'counter', 'Bytes read.', SECTOR_BYTES],
  ['read_time_seconds_total', 'counter', 'Seconds spent by all reads.', SECONDS_PER_MS],
  ['writes_completed_total', 'counter', 'Writes that completed.', 1],
  ['writes_merged_total', 'counter', 'Writes that were merged with others.', 1],
  ['written_bytes_total', 'counter', 'Bytes written.', SECTOR_BYTES],
  ['write_time_seconds_total', 'counter', 'Seconds spent by all writes.', SECONDS_PER_MS],
  ['io_now', 'gauge', 'Reads and writes under way.', 1],
  ['io_time_seconds_total', 'counter', 'Seconds in which something was under way.', SECONDS_PER_MS],
  ['io_time_weighted_seconds_total', 'counter', 'Seconds in which something was under way, times how much was.', SECONDS_PER_MS],
  ['discards_completed_total', 'counter', 'Discards that completed.', 1],
  ['discards_merged_total', 'counter', 'Discards that were merged with others.', 1],
  ['discarded_sectors_total', 'counter', 'Sectors of 512 bytes that were discarded.', 1],
  ['discard_time_seconds_total', 'counter', 'Seconds spent by all discards.', SECONDS_PER_MS],
  ['flush_requests_total', 'counter', 'Flushes that completed.', 1],
  ['flush_requests_time_seconds_total', 'counter', 'Seconds spent by all flushes.', SECONDS_PER_MS],
]

interface Disk {
  readonly device: string
  readonly labels: string
  readonly major: string
  readonly minor: string
  readonly values: readonly string[]
  /** Properties that udev keeps of the device. */
  readonly udev: Readonly<Record<string, string>>
  readonly rotational: string
}

/** /proc/diskstats, and what udev and /sys know of each device. */
export function diskstatsCollector({ options }: CollectorContext): Collector {
  const devices = new NameFilter('collector.diskstats.device', options.diskDevices)
  return {
    async collect(page, files) {
      const rows = linesOf(await files.proc('diskstats')).map(words)
      const disks = await Promise.all(rows.filter((row) => row.length > 3 && devices.accepts(row[2])).map((row) => readDisk(files, row)))
      if (disks.length === 0) return

      page.family('node_disk_info', 'gauge', 'What is known of a block device, as labels.')
      for (const disk of disks) page.sample(1, infoLabels(disk))
      for (const [index, [name, type, help, unit]] of COLUMNS.entries()) {
        if (!disks.some(({ values }) => index < values.length)) break
        page.family(`node_disk_${name}`, type, help)
        for (const { device, labels, values } of disks) {
          if (index < values.length) page.sample(parseNumber(values[index], `diskstats: ${device} ${name}`) * unit, labels)
        }
      }
      writeUdev(page, disks)
    },
  }
}

async function readDisk(files: HostFiles, [major, minor, device, ...values]: readonly string[]): Promise<Disk> {
  const [udev, rotational] = await Promise.all([
    files.udevIfAny(`b${major}:${minor}`),
    // A `/` in a device's name is a `!` there.
    files.sysIfAny(`block/${device.replaceAll('/', '!')}/queue/rotational`),
  ])
  return {
    device,
    labels: formatLabels({ device }),
    major,
    minor,
    values,
    udev: parseUdev(udev ?? ''),
    rotational: rotational?.trim() ?? '0',
  }
}

/** The lines `E:NAME=value` of a file in udev's database. */
function parseUdev(text: string): Readonly<Record<string, string>> {
  const properties: Record<string, string> = Object.create(null)
  for (const line of linesOf(text)) {
    const equals = line.indexOf('=')
    if (line.startsWith('E:') && equals > 0) properties[line.slice(2, equals)] = line.slice(equals + 1)
  }
  return properties
}

function infoLabels({ device, major, minor, udev, rotational }: Disk): string {
  // The number printed on the disk first; virtio devices have the last only.
  const serial = udev.SCSI_IDENT_SERIAL || udev.ID_SERIAL_SHORT || udev.ID_SERIAL || ''
  const { ID_PATH: path = '', ID_WWN: wwn = '', ID_MODEL: model = '', ID_REVISION: revision = '' } = udev
  return formatLabels({ device, major, minor, model, path, revision, rotational, serial, wwn })
}

const ATA: readonly (readonly [property: string, name: string, help: string])[] = [
  ['ID_ATA_WRITE_CACHE', 'ata_write_cache', 'Whether the ATA disk has a write cache.'],
  ['ID_ATA_WRITE_CACHE_ENABLED', 'ata_write_cache_enabled', 'Whether the write cache of the ATA disk is switched on.'],
  ['ID_ATA_ROTATION_RATE_RPM', 'ata_rotation_rate_rpm', 'Rotations of the ATA disk a minute, 0 for solid state.'],
]

function writeUdev(page: Page, disks: readonly Disk[]): void {
  const withFilesystem = disks.filter(({ udev }) => udev.ID_FS_TYPE)
  if (withFilesystem.length > 0) page.family('node_disk_filesystem_info', 'gauge', 'The file system on a block device, as labels.')
  for (const { device, udev } of withFilesystem) {
    const { ID_FS_TYPE: type, ID_FS_USAGE: usage = '', ID_FS_UUID: uuid = '', ID_FS_VERSION: version = '' } = udev
    page.sample(1, formatLabels({ device, type, usage, uuid, version }))
  }

  const mapped = disks.filter(({ udev }) => udev.DM_NAME)
  if (mapped.length > 0) page.family('node_disk_device_mapper_info', 'gauge', 'What the device mapper made a block device of, as labels.')
  for (const { device, udev } of mapped) {
    const { DM_NAME: name, DM_UUID: uuid = '', DM_VG_NAME: vg_name = '', DM_LV_NAME: lv_name = '', DM_LV_LAYER: lv_layer = '' } = udev
    page.sample(1, formatLabels({ device, lv_layer, lv_name, name, uuid, vg_name }))
  }

  for (const [property, name, help] of ATA) {
    const having = disks.filter(({ udev }) => udev.ID_ATA && udev[property] !== undefined)
    if (having.length === 0) continue
    page.family(`node_disk_${name}`, 'gauge', help)
    for (const { device, labels, udev } of having) page.sample(parseNumber(udev[property], `udev: ${device} ${property}`), labels)
  }
}
