import type { FileSystem } from '../../base/env.ts'
import { type Collector, linesOf, parseNumber, words } from '../collector.ts'

/** /proc/net/sockstat and sockstat6: sockets by protocol and state. Families are named after what the kernel prints. */
export function sockstatCollector(): Collector {
  let pageBytes: Promise<number> | undefined
  return {
    async collect(page, files) {
      pageBytes ??= readPageBytes(files.fs, files.paths.proc)
      const texts = await Promise.all([files.procIfAny('net/sockstat'), files.procIfAny('net/sockstat6')])
      for (const line of texts.flatMap((text) => linesOf(text ?? ''))) {
        const [protocol, ...pairs] = words(line.replace(':', ''))
        for (let index = 0; index + 1 < pairs.length; index += 2) {
          const state = pairs[index]
          const value = parseNumber(pairs[index + 1], `sockstat: ${protocol} ${state}`)
          if (protocol === 'sockets') {
            if (state === 'used') page.single('node_sockstat_sockets_used', 'gauge', 'IPv4 sockets in use.', value)
            continue
          }
          page.single(`node_sockstat_${protocol}_${state}`, 'gauge', `Sockets of ${protocol}: ${state}.`, value)
          if (state !== 'mem') continue
          // The kernel counts this memory in pages.
          const help = `Memory of ${protocol} sockets in bytes.`
          page.single(`node_sockstat_${protocol}_mem_bytes`, 'gauge', help, value * (await pageBytes))
        }
      }
    },
  }
}

const AT_PAGESZ = 6n

/** The size of a memory page, which the kernel tells each process in its auxiliary vector. 4096 where that cannot be read. */
export async function readPageBytes(fs: FileSystem, procPath: string): Promise<number> {
  let vector: Uint8Array
  try {
    vector = await fs.readFile(`${procPath}/self/auxv`)
  } catch {
    // Not readable across user namespaces; the size is this one nearly everywhere.
    return 4096
  }
  const view = new DataView(vector.buffer, vector.byteOffset, vector.byteLength)
  for (let offset = 0; offset + 16 <= view.byteLength; offset += 16) {
    if (view.getBigUint64(offset, true) === AT_PAGESZ) return Number(view.getBigUint64(offset + 8, true))
  }
  return 4096
}
