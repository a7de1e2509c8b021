import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Entry } from '../../src/exposition/page-parser.ts'
import { ProtobufParser } from '../../src/exposition/protobuf-parser.ts'
import type { Reason } from '../support/court.ts'
import { EXPOSITION_CONTENT_TYPES } from '../support/exposition-page-generator.ts'
import { freePort, Program, startServer, until } from '../support/program.ts'

export interface ComparedPage {
  readonly format: keyof typeof EXPOSITION_CONTENT_TYPES
  readonly body: Uint8Array
}

export interface PageDisagreement {
  readonly page: ComparedPage
  readonly what: string
  /** Error of the scrape, empty where there is none. */
  readonly ours: Scraped
  readonly theirs: Scraped
}

interface Scraped {
  readonly error: string
  readonly lines: readonly string[]
}

/** Of both programs. */
const FLAGS = ['--log.level=error', '--enable-feature=native-histograms']
/** Targets at once: each is scraped every few seconds. */
const AT_ONCE = 1000

/** Has both programs scrape all pages; `report` gets those of which they do not say the same. */
export async function comparePages(
  prometheus: string,
  pages: readonly ComparedPage[],
  report: (found: PageDisagreement) => void,
): Promise<{ readonly series: number; readonly good: number }> {
  let [series, good] = [0, 0]
  for (let begin = 0; begin < pages.length; begin += AT_ONCE) {
    const some = pages.slice(begin, begin + AT_ONCE)
    const [ours, theirs] = await scrapeAll(prometheus, some)
    for (const [index, page] of some.entries()) {
      const [here, there] = [ours[index], theirs[index]]
      if (there.error === '') good++
      series += there.lines.length
      const verdict =
        (here.error === '') === (there.error === '') ? '' : `ours: ${here.error || 'taken'}, theirs: ${there.error || 'taken'}`
      const onlyOurs = here.lines.filter((line) => !there.lines.includes(line))
      const onlyTheirs = there.lines.filter((line) => !here.lines.includes(line))
      const what =
        verdict ||
        [...onlyOurs.map((line) => `only ours ${line}`), ...onlyTheirs.map((line) => `only theirs ${line}`)].slice(0, 4).join('; ')
      if (what !== '') report({ page, what, ours: here, theirs: there })
    }
  }
  return { series, good }
}

async function scrapeAll(prometheus: string, pages: readonly ComparedPage[]): Promise<readonly (readonly Scraped[])[]> {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-pages-'))
  const server = createServer((request, response) => {
    const page = pages[Number(request.url?.slice(1))]
    if (page !== undefined) return response.writeHead(200, { 'content-type': EXPOSITION_CONTENT_TYPES[page.format] }).end(page.body)
    const groups = pages.map((_, index) => ({
      targets: [`127.0.0.1:${(server.address() as AddressInfo).port}`],
      labels: { __metrics_path__: `/${index}`, instance: String(index) },
    }))
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(groups))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const configFile = join(directory, 'prometheus.yml')
  writeFileSync(
    configFile,
    JSON.stringify({
      scrape_configs: [
        {
          job_name: 'pages',
          scrape_interval: '4s',
          scrape_timeout: '4s',
          honor_timestamps: false,
          enable_compression: false,
          http_sd_configs: [{ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/list` }],
        },
      ],
    }),
  )
  const port = await freePort()
  const ours = await startServer({ configFile, dataDir: join(directory, 'ours'), flags: FLAGS })
  const theirs = new Program(
    prometheus,
    [`--config.file=${configFile}`, `--storage.tsdb.path=${join(directory, 'theirs')}`, `--web.listen-address=127.0.0.1:${port}`, ...FLAGS],
    `http://127.0.0.1:${port}`,
  )
  try {
    return await Promise.all([ours, theirs].map((program) => scrapedBy(program, pages.length)))
  } finally {
    await Promise.all([ours.stop(), theirs.stop()])
    server.closeAllConnections()
    server.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

interface InstantSample {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: readonly [number, string]
  readonly histogram?: readonly [number, unknown]
}

async function scrapedBy(program: Program, count: number): Promise<readonly Scraped[]> {
  // Beside whatever else the machine has to do.
  await program.ready('/-/ready', 60_000)
  // Until each was scraped twice: of what fails at first nothing may be left over.
  await until(
    `${count} targets scraped`,
    60_000,
    async () => (await program.query('count_over_time(up{job="pages"}[1h]) > 1')).length === count,
  )
  const { activeTargets } = await program.api<{ activeTargets: { labels: { instance: string }; lastError: string }[] }>('targets')
  const all = await program.query('{job="pages",__name__!~"scrape_.*"}')
  const scraped = Array.from({ length: count }, () => ({ error: '', lines: [] as string[] }))
  for (const { labels, lastError } of activeTargets) scraped[Number(labels.instance)].error = lastError
  for (const { metric, value, histogram } of all as readonly InstantSample[]) {
    const { instance, job: _, ...labels } = metric
    scraped[Number(instance)].lines.push(
      `${JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))} ${value === undefined ? JSON.stringify(histogram?.[1]) : value[1]}`,
    )
  }
  return scraped
}

/** Whether there is a family some of whose histograms are native, and some are not. */
function mixesHistograms(page: Uint8Array): boolean {
  const parser = new ProtobufParser({ ignoreNative: false, keepClassic: true })
  const buffer = new Uint8Array(page.length + 1)
  buffer.set(page)
  parser.reset(buffer, page.length)
  const native = new Map<string, Set<string>>()
  const classic: (readonly [family: string, labels: string])[] = []
  try {
    for (let entry = parser.next(); entry !== Entry.end; entry = parser.next()) {
      if (entry !== Entry.series) continue
      const { __name__: name, le, ...labels } = parser.labels().toObject()
      const text = JSON.stringify(labels)
      if (parser.isHistogram) native.set(name, (native.get(name) ?? new Set()).add(text))
      else if (le !== undefined) classic.push([name.replace(/_bucket$/, ''), text])
    }
  } catch {
    // It is read up to where it is broken.
  }
  return classic.some(([family, labels]) => native.get(family)?.has(labels) === false)
}

/** Where we read a page in another way than Prometheus 3.5, on purpose. */
export const PAGE_REASONS: readonly Reason<PageDisagreement>[] = [
  {
    name: 'a NUL byte, at which upstream takes the page for ended, or a line for broken',
    explains: ({ page }) => page.format !== 'protobuf' && page.body.includes(0),
  },
  {
    name: 'a family with native histograms and others, all of which upstream reads as it reads the first (newer releases do not)',
    explains: ({ page }) => page.format === 'protobuf' && mixesHistograms(page.body),
  },
  {
    name: 'a quoted name that is not UTF-8, which upstream stores',
    explains: ({ ours, theirs }) => /invalid UTF-8/.test(ours.error) && theirs.error === '',
  },
  {
    name: 'damage in a part of a message of which nothing is stored',
    explains: ({ page, ours, theirs }) => page.format === 'protobuf' && ours.error === '' && /^proto: |unexpected EOF/.test(theirs.error),
  },
  {
    name: 'blanks before a name, which upstream makes a part of it',
    explains: ({ page, theirs }) => page.format === 'text' && theirs.lines.some((line) => /^\[\["__name__","[ \\]/.test(line)),
  },
  {
    name: 'several blanks before a type, of which upstream makes all but one a part of it',
    explains: ({ page, ours, theirs }) => page.format === 'text' && ours.error === '' && /invalid metric type "[ \\]/.test(theirs.error),
  },
  {
    name: 'a label given twice, once without a value: upstream takes the page, and neither of the two',
    explains: ({ ours, theirs }) => / is not unique/.test(ours.error) && theirs.error === '',
  },
  {
    name: 'help that follows its name without a blank: upstream loses its first byte, whatever it is part of',
    explains: ({ page, ours, theirs }) =>
      / is not a valid utf8 string/.test(ours.error) &&
      theirs.error === '' &&
      /^#[ \t]+HELP[ \t]+[\w:]+[\x80-\xff]/m.test(Buffer.from(page.body).toString('latin1')),
  },
]
