import type { FileStat, FileSystem } from '../../base/env.ts'
import { errorMessage } from '../../base/errors.ts'
import type { TextMetricType } from '../../exposition/text-writer.ts'
import type { CollectorContext } from '../collector.ts'
import { formatLabels, type Page } from '../page.ts'
import { parseTextfile, type TextfileFamily } from '../textfile-format.ts'

interface ReadFile {
  readonly stat: FileStat
  readonly families: readonly TextfileFamily[]
  /** Why nothing of the file is shown. */
  readonly problem: string | undefined
}

interface MergedFamily {
  readonly name: string
  readonly type: TextMetricType
  readonly help: string
  text: string
}

/**
 * Metrics that others leave in `*.prom` files of the directories of `--collector.textfile.directory`.
 *
 * 1. A file is read again only when its time, size or inode has changed.
 * 2. A file with a fault is left out whole, with the reason logged once, and counts in `node_textfile_scrape_error`.
 * 3. Families of other collectors win: those of a file with the same name are left out, which counts as well.
 */
export class TextfileCollector {
  readonly #directories: readonly string[]
  readonly #context: CollectorContext
  #files = new Map<string, ReadFile>()
  #merged: readonly MergedFamily[] = []
  #mergeProblems: readonly string[] = []
  #reported = ''

  constructor(context: CollectorContext) {
    this.#context = context
    this.#directories = context.options.textfileDirectories
  }

  /** `taken` are the families that other collectors have written on this page. */
  async collect(page: Page, fs: FileSystem, taken: ReadonlySet<string>): Promise<void> {
    const problems = await this.#refresh(fs)
    for (const family of this.#merged) {
      if (taken.has(family.name)) {
        problems.push(`family ${family.name} is one of this exporter's own`)
        continue
      }
      page.family(family.name, family.type, family.help)
      page.lines(family.text)
    }
    const shown = [...this.#files].filter(([, file]) => file.problem === undefined)
    if (shown.length > 0) {
      page.family('node_textfile_mtime_seconds', 'gauge', 'Unix time at which each file that could be read was last changed.')
      for (const [path, file] of shown) page.sample(file.stat.modifiedTime / 1000, formatLabels({ file: path }))
    }
    page.single(
      'node_textfile_scrape_error',
      'gauge',
      'Whether a file or directory could not be read or used.',
      problems.length > 0 ? 1 : 0,
    )
    this.#report(problems)
  }

  /** Reads what has changed; the faults of all directories and files as they are now. */
  async #refresh(fs: FileSystem): Promise<string[]> {
    const problems: string[] = []
    const files = new Map<string, ReadFile>()
    let changed = false
    for (const directory of this.#directories) {
      let names: readonly string[]
      try {
        names = await fs.readDir(directory)
      } catch (error) {
        problems.push(`read directory ${directory}: ${errorMessage(error)}`)
        continue
      }
      for (const name of names) {
        if (!name.endsWith('.prom')) continue
        const path = `${directory.replace(/\/+$/, '')}/${name}`
        const stat = await fs.stat(path).catch(() => null)
        // Replaced or removed since the directory was read.
        if (stat === null) continue
        const known = this.#files.get(path)
        const file = known !== undefined && isSame(known.stat, stat) ? known : await readTextfile(fs, path, stat)
        if (file !== known) changed = true
        files.set(path, file)
        if (file.problem !== undefined) problems.push(`${path}: ${file.problem}`)
      }
    }
    if (changed || files.size !== this.#files.size) {
      this.#files = files
      this.#merge()
    }
    return [...problems, ...this.#mergeProblems]
  }

  /** One family for all files that have it: a page may hold each only once. */
  #merge(): void {
    const merged = new Map<string, MergedFamily>()
    const seriesSeen = new Set<string>()
    const problems: string[] = []
    for (const [path, { families }] of this.#files) {
      for (const family of families) {
        let into = merged.get(family.name)
        if (into === undefined) {
          into = { name: family.name, type: family.type, help: family.help || `Metric read from ${path}`, text: '' }
          merged.set(family.name, into)
        }
        if (into.type !== family.type) {
          problems.push(`${path}: family ${family.name} is a ${family.type}, in another file it is a ${into.type}`)
          continue
        }
        for (const { series, line } of family.samples) {
          if (seriesSeen.has(series)) problems.push(`${path}: ${series} is in another file as well`)
          else into.text += `${line}\n`
          seriesSeen.add(series)
        }
      }
    }
    this.#merged = [...merged.values()].filter(({ text }) => text !== '')
    this.#mergeProblems = problems
  }

  /** Once for each change: a scrape comes every few seconds. */
  #report(problems: readonly string[]): void {
    const now = problems.join('\n')
    if (now === this.#reported) return
    this.#reported = now
    for (const problem of problems) this.#context.log.error('textfile not used', { problem })
  }
}

function isSame(before: FileStat, now: FileStat): boolean {
  return before.modifiedTime === now.modifiedTime && before.sizeBytes === now.sizeBytes && before.inode === now.inode
}

async function readTextfile(fs: FileSystem, path: string, stat: FileStat): Promise<ReadFile> {
  try {
    return { stat, families: parseTextfile(await fs.readFile(path)), problem: undefined }
  } catch (error) {
    return { stat, families: [], problem: errorMessage(error) }
  }
}
