import type { FileSystem } from '../../base/env.ts'
import type { Collector } from '../collector.ts'
import { type HostFiles, isAbsent } from '../host-files.ts'
import { formatLabels } from '../page.ts'

interface KernelFacts {
  readonly sysname: string
  readonly release: string
  readonly version: string
  readonly machine: string
}

/** What uname(2) says. The kernel's own facts are read once: they cannot change while we run. */
export function unameCollector(): Collector {
  let kernel: KernelFacts | undefined
  return {
    async collect(page, files) {
      kernel ??= await readKernelFacts(files)
      const [nodename, domainname] = await Promise.all([files.proc('sys/kernel/hostname'), files.proc('sys/kernel/domainname')])
      page.family('node_uname_info', 'gauge', 'What the uname system call says of this host, as labels.')
      page.sample(1, formatLabels({ domainname: domainname.trim(), nodename: nodename.trim(), ...kernel }))
    },
  }
}

async function readKernelFacts(files: HostFiles): Promise<KernelFacts> {
  const [sysname, release, version] = await Promise.all(
    ['ostype', 'osrelease', 'version'].map(async (name) => (await files.proc(`sys/kernel/${name}`)).trim()),
  )
  // Since Linux 6.1; before, the program we run in tells.
  const machine = (await files.procIfAny('sys/kernel/arch'))?.trim() ?? (await machineOfElf(files.fs, `${files.paths.proc}/self/exe`))
  return { sysname, release, version, machine }
}

// Source: the ELF specification, e_machine; names as uname(2) has them.
const MACHINES: Readonly<Record<number, string>> = {
  3: 'i686',
  21: 'ppc64le',
  22: 's390x',
  40: 'armv7l',
  62: 'x86_64',
  183: 'aarch64',
  243: 'riscv64',
  258: 'loongarch64',
}

/** The machine that an executable is for; `unknown` where it cannot be told. */
export async function machineOfElf(fs: FileSystem, path: string): Promise<string> {
  const head = new Uint8Array(20)
  try {
    const file = await fs.open(path, 'read')
    try {
      if ((await file.read(head, 0)) < head.length) return 'unknown'
    } finally {
      await file.close()
    }
  } catch (error) {
    if (isAbsent(error)) return 'unknown'
    throw error
  }
  const bigEndian = head[5] === 2
  return MACHINES[bigEndian ? head[18] * 256 + head[19] : head[19] * 256 + head[18]] ?? 'unknown'
}
