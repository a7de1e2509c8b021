import type { Clock, DiskUsage } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import { type Collector, type CollectorContext, linesOf, words } from '../collector.ts'
import { type HostFiles, isAbsent } from '../host-files.ts'
import { NameFilter } from '../name-filter.ts'
import { formatLabels } from '../page.ts'

export interface Mount {
  readonly device: string
  readonly mountpoint: string
  readonly fstype: string
  readonly major: string
  readonly minor: string
  readonly readonly: boolean
}

type Answer = { readonly usage: DiskUsage } | { readonly problem: string }

/**
 * Size and use of each mounted file system.
 *
 * A file system whose server is gone can hold a call for ever, and with it one of the few threads that do our file work.
 * So a call that has not answered within the timeout is not made again until it has, and once `STUCK_MAX` hang, only
 * file systems on devices of this host are asked.
 */
export function filesystemCollector({ options, clock, log }: CollectorContext): Collector {
  const mountPoints = new NameFilter('collector.filesystem.mount-points', options.mountPoints)
  const fsTypes = new NameFilter('collector.filesystem.fs-types', options.fsTypes)
  const asker = new UsageAsker(clock, options.mountTimeoutMs)
  return {
    async collect(page, files) {
      const seen = new Set<string>()
      const mounts = parseMounts(await readMountInfo(files), files.paths.root).filter(({ device, mountpoint, fstype }) => {
        if (!mountPoints.accepts(mountpoint) || !fsTypes.accepts(fstype)) return false
        const key = `${device}\n${mountpoint}\n${fstype}`
        if (seen.has(key)) return false
        seen.add(key)
        return true
      })
      if (mounts.length === 0) return
      const answers = await Promise.all(mounts.map((mount) => asker.ask(files, mount)))
      const labels = mounts.map(({ device, fstype, mountpoint }, index) => {
        const answer = answers[index]
        const device_error = 'problem' in answer ? answer.problem : ''
        if (device_error !== '') log.debug('file system not readable', { mountpoint, problem: device_error })
        return formatLabels({ device, device_error, fstype, mountpoint })
      })

      const gauge = (name: string, help: string, value: (usage: DiskUsage, mount: Mount) => number) => {
        if (answers.every((answer) => 'problem' in answer)) return
        page.family(`node_filesystem_${name}`, 'gauge', help)
        for (const [index, answer] of answers.entries()) {
          if ('usage' in answer) page.sample(value(answer.usage, mounts[index]), labels[index])
        }
      }
      gauge('avail_bytes', 'Bytes that users other than root may still use.', (usage) => usage.availableBytes)
      gauge('files', 'Inodes that there are.', (usage) => usage.files)
      gauge('files_free', 'Inodes that are free.', (usage) => usage.filesFree)
      gauge('free_bytes', 'Bytes that are free.', (usage) => usage.freeBytes)
      gauge('readonly', 'Whether the file system is mounted for reading only.', (_, mount) => (mount.readonly ? 1 : 0))
      gauge('size_bytes', 'Size of the file system in bytes.', (usage) => usage.totalBytes)
      page.family('node_filesystem_device_error', 'gauge', 'Whether the file system could not be asked; the label says why.')
      for (const [index, answer] of answers.entries()) page.sample('problem' in answer ? 1 : 0, labels[index])
      page.family('node_filesystem_mount_info', 'gauge', 'The device number behind a mount point, as labels.')
      for (const line of new Set(
        mounts.map(({ device, major, minor, mountpoint }) => formatLabels({ device, major, minor, mountpoint })),
      )) {
        page.sample(1, line)
      }
    },
  }
}

/** The host's mounts as its first process sees them, or as we do where we may not look there. */
async function readMountInfo(files: HostFiles): Promise<string> {
  try {
    return await files.proc('1/mountinfo')
  } catch (error) {
    const code = (error as { code?: string }).code
    if (!isAbsent(error) && code !== 'EACCES' && code !== 'EPERM') throw error
    return files.proc('self/mountinfo')
  }
}

/** Source: proc(5), /proc/pid/mountinfo. Mount points are told relative to `root`; what is not below it is left out. */
export function parseMounts(text: string, root: string): Mount[] {
  const prefix = root === '/' ? '' : root.replace(/\/+$/, '')
  const mounts: Mount[] = []
  for (const line of linesOf(text)) {
    const [before, after] = line.split(' - ')
    const [, , deviceNumber = '', , point, options] = words(before)
    const [fstype, device, superOptions] = words(after ?? '')
    if (options === undefined || device === undefined) throw new Error(`mountinfo: found "${line}", want at least ten fields`)
    const mountpoint = unescapeOctal(point)
    if (mountpoint !== prefix && !mountpoint.startsWith(`${prefix}/`)) continue
    const [major, minor = ''] = deviceNumber.split(':')
    const readonly = `${options},${superOptions ?? ''}`.split(',').includes('ro')
    mounts.push({ device: unescapeOctal(device), mountpoint: mountpoint.slice(prefix.length) || '/', fstype, major, minor, readonly })
  }
  return mounts
}

/** Blanks, tabs, newlines and backslashes of names are written as `\040`. */
function unescapeOctal(text: string): string {
  return text.includes('\\') ? text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8))) : text
}

/** How many calls may hang: each holds one of the four threads that do file work. */
const STUCK_MAX = 2

class UsageAsker {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #stuck = new Set<string>()

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  async ask(files: HostFiles, { device, mountpoint }: Mount): Promise<Answer> {
    if (this.#stuck.has(mountpoint)) return { problem: 'mountpoint timeout' }
    if (this.#stuck.size >= STUCK_MAX && !device.startsWith('/dev/')) return { problem: 'not asked while other mountpoints hang' }
    const prefix = files.paths.root === '/' ? '' : files.paths.root.replace(/\/+$/, '')
    let answered = false
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(this.#timeoutMs, () => {
        if (!answered) this.#stuck.add(mountpoint)
        resolve({ problem: 'mountpoint timeout' })
      })
      const settle = (answer: Answer) => {
        answered = true
        timer.cancel()
        this.#stuck.delete(mountpoint)
        resolve(answer)
      }
      files.fs.usage(prefix + mountpoint).then(
        (usage) => settle({ usage }),
        (error: unknown) => settle({ problem: plainProblem(error) }),
      )
    })
  }
}

/** `EACCES: permission denied, statfs '/mnt'` without what the labels beside it say. */
function plainProblem(error: unknown): string {
  const message = errorMessage(error)
  return /^E[A-Z0-9]+: ([^,]+), /.exec(message)?.[1] ?? message
}
