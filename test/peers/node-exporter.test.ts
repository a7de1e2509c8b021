import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { DEFAULT_OPTIONS } from '../../src/exporter/options.ts'
import { peer } from '../support/peers.ts'
import { eventually, freePort, PROMONTORY, Program, ROOT } from '../support/program.ts'

const PAGE = readFileSync(join(ROOT, 'docs/operating/exporter.md'), 'utf8')
const section = (name: string) => new RegExp(`<!-- ${name} -->([\\s\\S]*?)<!-- /${name} -->`).exec(PAGE)![1]
const firstWords = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, word]) => word).sort()
const OURS = firstWords(PAGE.slice(PAGE.indexOf('## Collectors'), PAGE.indexOf('## Textfiles')), /^\| `(\w+)`/gm)
const LEFT_OUT_FAMILIES = firstWords(section('left-out:families'), /^- `(\w+)`/gm)
const LEFT_OUT_COLLECTORS = firstWords(section('left-out:collectors'), /^\| `(\w+)`/gm)
const LEFT_OUT_PATTERNS = firstWords(section('left-out:collectors'), /`(node_[\w*]+)`/g).map(
  (name) => new RegExp(`^${name.replace('*', '.*')}$`),
)
const LEFT_OUT_OFF = firstWords(section('left-out:collectors-off'), /`(\w+)`/g)

interface Metrics {
  readonly types: ReadonlyMap<string, string>
  /** Series by family, with sorted labels and without empty ones: what makes them the same for who scrapes. */
  readonly series: ReadonlyMap<string, ReadonlySet<string>>
  readonly values: ReadonlyMap<string, number>
}

async function scrape(url: string): Promise<Metrics> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const types = new Map<string, string>()
  const series = new Map<string, Set<string>>()
  const values = new Map<string, number>()
  let family = ''
  for (const line of text.trim().split(/\n+/)) {
    const [, typed, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? []
    if (typed !== undefined) {
      family = typed
      types.set(family, type)
      series.set(family, new Set())
    }
    if (line.startsWith('#')) continue
    const [, name, labels = '', value] = /^([\w:]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? assert.fail(`a sample: ${line}`)
    const pairs = [...labels.matchAll(/\w+="(?:[^"\\]|\\.)*"/g)].map(([pair]) => pair).filter((pair) => !pair.endsWith('=""'))
    // Where a device has not all of the files that node_exporter reads of it, node_exporter says 0; we say what the kernel says.
    const kept = pairs.filter((pair) => !pair.startsWith('rotational='))
    const key = `${name}{${kept.sort().join()}}`
    assert.ok(!values.has(key), `${key} once`)
    series.get(family)!.add(key)
    values.set(key, Number(value))
  }
  return { types, series, values }
}

async function withBoth(command: string, theirFlags: readonly string[], compare: (ours: Metrics, theirs: Metrics) => void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'promontory-textfiles-'))
  writeFileSync(
    join(directory, 'jobs.prom'),
    '# HELP jobs_done Jobs.\n# TYPE jobs_done counter\njobs_done{queue="a b"} 5\njobs_done{queue="c"} 7\n',
  )
  const [port, theirPort] = [await freePort(), await freePort()]
  const textfiles = `--collector.textfile.directory=${directory}`
  const url = (at: number) => `http://127.0.0.1:${at}`
  const ours = new Program(PROMONTORY, ['exporter', `--web.listen-address=127.0.0.1:${port}`, textfiles], url(port))
  const theirs = new Program(command, [`--web.listen-address=127.0.0.1:${theirPort}`, textfiles, ...theirFlags], url(theirPort))
  try {
    await Promise.all([ours.ready(), theirs.ready('/metrics')])
    // What is mounted, plugged in or running may change between the two.
    await eventually(async () => compare(...(await Promise.all([scrape(ours.url), scrape(theirs.url)]))), 10_000)
  } finally {
    await ours.stop()
    await theirs.stop()
    rmSync(directory, { recursive: true })
  }
}

/** The same for both: types of families, labels of series, and values that do not move. */
function assertSame(ours: Metrics, theirs: Metrics): void {
  for (const [family, type] of theirs.types) {
    if (!ours.types.has(family)) continue
    assert.equal(ours.types.get(family), type, `type of ${family}`)
    if (!family.startsWith('node_') && !family.startsWith('jobs_')) continue
    if (family.startsWith('node_scrape_collector_')) continue
    assert.deepEqual([...ours.series.get(family)!].sort(), [...theirs.series.get(family)!].sort(), `series of ${family}`)
  }
  const still = [...theirs.values].filter(([series]) =>
    /^(jobs_|node_(memory_(MemTotal|SwapTotal|HugePages)|boot_time|filesystem_(size|readonly|device_error)|filefd_maximum|uname|disk_info|textfile))/.test(
      series,
    ),
  )
  assert.ok(still.length >= 10)
  for (const [series, value] of still) {
    // node_exporter cuts the file's time to whole seconds.
    const seen = series.startsWith('node_textfile_mtime') ? Math.floor(ours.values.get(series)!) : ours.values.get(series)
    assert.equal(seen, value, series)
  }
}

const onlyOurs = ['--collector.disable-defaults', ...OURS.map((name) => `--collector.${name}`)]

test('node_exporter 1.11: the same families, types and labels; what is missing is exactly what the page lists', async (t) => {
  const command = peer(t, 'node_exporter 1.11')
  if (command === undefined) return
  await withBoth(command, onlyOurs, (ours, theirs) => {
    assertSame(ours, theirs)
    const missing = [...theirs.types.keys()].filter((family) => !ours.types.has(family))
    assert.deepEqual(missing.sort(), LEFT_OUT_FAMILIES)
    const added = [...ours.types.keys()].filter((family) => !theirs.types.has(family) && !family.startsWith('node_memory_'))
    assert.deepEqual(added.sort(), ['nodejs_eventloop_lag_seconds', 'prometheus_build_info', 'promontory_build_info'])
  })
})

test('node_exporter 1.11: the collectors that are missing are exactly those that the page lists', async (t) => {
  const command = peer(t, 'node_exporter 1.11')
  if (command === undefined) return
  const help = execFileSync(command, ['--help'], { encoding: 'utf8' }).replace(/\s+/g, ' ')
  const collectors = [...help.matchAll(/--collector\.(\w+) Enable the \w+ collector \(default: (enabled|disabled)\)/g)]
  const missing = (state: string) => collectors.filter(([, name, by]) => by === state && !OURS.includes(name)).map(([, name]) => name)
  assert.deepEqual(missing('enabled').sort(), LEFT_OUT_COLLECTORS)
  assert.deepEqual(missing('disabled').sort(), LEFT_OUT_OFF)
  await withBoth(command, [], (ours, theirs) => {
    const unlisted = [...theirs.types.keys()].filter(
      (family) =>
        !ours.types.has(family) && !LEFT_OUT_FAMILIES.includes(family) && !LEFT_OUT_PATTERNS.some((pattern) => pattern.test(family)),
    )
    assert.deepEqual(unlisted, [])
    const listedInVain = [...ours.types.keys()].filter((family) => LEFT_OUT_PATTERNS.some((pattern) => pattern.test(family)))
    assert.deepEqual(listedInVain, [])
  })
})

test('node_exporter as Debian has it: the same families, types and labels', async (t) => {
  const command = peer(t, 'debian node_exporter')
  if (command === undefined) return
  // Its defaults are older than those of 1.11, which are ours, or Debian's own.
  const excludes = [
    `--collector.diskstats.device-exclude=${DEFAULT_OPTIONS.diskDevices.exclude}`,
    `--collector.filesystem.mount-points-exclude=${DEFAULT_OPTIONS.mountPoints.exclude}`,
    `--collector.filesystem.fs-types-exclude=${DEFAULT_OPTIONS.fsTypes.exclude}`,
    '--collector.netdev.device-exclude=^$',
  ]
  await withBoth(command, [...onlyOurs, ...excludes], (ours, theirs) => {
    assertSame(ours, theirs)
    const unlisted = [...theirs.types.keys()].filter((family) => !ours.types.has(family) && !LEFT_OUT_FAMILIES.includes(family))
    // Gone from Go's client since.
    assert.deepEqual(unlisted, ['go_memstats_lookups_total'])
  })
})
