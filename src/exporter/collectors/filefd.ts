import { type Collector, parseNumber, words } from '../collector.ts'

/** /proc/sys/fs/file-nr: open files of the whole host, and how many there may be. */
export function filefdCollector(): Collector {
  return {
    async collect(page, files) {
      // Allocated, free (always 0 since Linux 2.6), maximum.
      const fields = words(await files.proc('sys/fs/file-nr'))
      page.single('node_filefd_allocated', 'gauge', 'File handles in use on this host.', parseNumber(fields[0], 'file-nr'))
      page.single('node_filefd_maximum', 'gauge', 'File handles that this host may have in use.', parseNumber(fields[2], 'file-nr'))
    },
  }
}
