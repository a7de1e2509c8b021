import { Counter, Gauge, type Registry, Summary } from 'prom-client'
import type { Clock, Env, Timer } from '../base/env.ts'
import { CodedError, errorMessage } from '../base/errors.ts'
import { directoryOf } from '../base/files.ts'
import { globFiles } from '../base/glob.ts'
import { quote } from '../base/go-quote.ts'
import { completePath, list, scalar, section } from '../base/schema.ts'
import type { Output } from '../base/schema-type.ts'
import { parseYamlTree } from '../base/yaml-tree.ts'
import { duration } from '../model/config-schema.ts'
import type { Discoverer, TargetGroup } from './discoverer.ts'
import { GroupChanges } from './group-changes.ts'
import { groupsSchema, parseJsonGroups } from './json-groups.ts'
import { knownMetric } from './known-metric.ts'
import type { TargetGroupConfig } from './static.ts'
import { targetGroup } from './static.ts'

// Source: Prometheus discovery/file/file.go; docs/configuration/configuration.md, file_sd_config.

const FILE_NAME = /^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$/
const FILEPATH_LABEL = '__meta_filepath'
const REFRESH_INTERVAL_MS = 5 * 60_000
/** Writers change a file in several steps; reading at the first would see half of it. */
const SETTLE_MS = 100

const fileName = () =>
  scalar(
    'a path',
    ({ text }) => {
      if (FILE_NAME.test(text)) return text
      throw new CodedError(
        'bad_data',
        `path name ${quote(text)} is not valid for file discovery, want .json, .yml or .yaml and * only in the last part`,
      )
    },
    completePath,
  )

export const fileSdConfigSchema = section(
  'file_sd_config',
  { files: list(fileName()), refresh_interval: duration() },
  {
    printed: { refresh_interval: '5m' },
    check(config, report) {
      if (!config.files?.length) report(['files'], 'file service discovery config must contain at least one path name')
    },
  },
)

export const fileSdConfigsSchema = list(fileSdConfigSchema, { empty: 'empty or null section in file_sd_configs' })

export interface FileSdConfig {
  /** Complete paths; the last part may be a pattern. */
  readonly files: readonly string[]
  readonly refreshIntervalMs: number
}

export function toFileSdConfig(config: Output<typeof fileSdConfigSchema>, resolve: (path: string) => string): FileSdConfig {
  return { files: (config.files ?? []).map(resolve), refreshIntervalMs: config.refresh_interval || REFRESH_INTERVAL_MS }
}

/** Reads target groups from JSON and YAML files, when they change and every refresh interval. A bad file keeps what it said before. */
export function fileDiscoverer(env: Env, config: FileSdConfig): Discoverer {
  return {
    async *watch(signal) {
      const metrics = fileMetrics(env.metrics)
      const reader = new GroupReader(env, config, metrics)
      const change = new ChangeWatch(env, config)
      const onAbort = () => change.close()
      signal.addEventListener('abort', onAbort, { once: true })
      try {
        while (!signal.aborted) {
          const start = env.clock.monotonic()
          const groups = await reader.changes()
          metrics.scanDuration.observe((env.clock.monotonic() - start) / 1000)
          if (groups.length > 0) yield groups
          if (!signal.aborted) await change.next()
        }
      } finally {
        signal.removeEventListener('abort', onAbort)
        change.close()
        reader.close()
      }
    },
  }
}

/** Tells groups that are new, changed or gone since the last call. */
class GroupReader {
  readonly #env: Env
  readonly #config: FileSdConfig
  readonly #metrics: FileMetrics
  readonly #changes = new GroupChanges()
  /** By path: the sources of the last good reading. */
  readonly #files = new Map<string, readonly string[]>()

  constructor(env: Env, config: FileSdConfig, metrics: FileMetrics) {
    this.#env = env
    this.#config = config
    this.#metrics = metrics
  }

  async changes(): Promise<readonly TargetGroup[]> {
    // Not by `push(...)`: there may be more groups than a call takes arguments.
    let out: TargetGroup[] = []
    const paths = await this.#paths()
    for (const path of paths) {
      const groups = await this.#read(path)
      if (groups === undefined) continue
      const gone = this.#files.get(path)?.slice(groups.length) ?? []
      out = out.concat(await this.#changes.mergeInTurns(this.#env.clock, groups), this.#changes.remove(gone))
      this.#files.set(
        path,
        groups.map(({ source }) => source),
      )
    }
    for (const [path, sources] of this.#files) {
      if (paths.has(path)) continue
      out = out.concat(this.#changes.remove(sources))
      this.#files.delete(path)
      this.#metrics.mtime.remove(path)
    }
    return out
  }

  close(): void {
    for (const path of this.#files.keys()) this.#metrics.mtime.remove(path)
  }

  async #paths(): Promise<ReadonlySet<string>> {
    const paths = new Set<string>()
    for (const file of this.#config.files) {
      try {
        for (const path of await globFiles(this.#env.fs, file)) paths.add(path)
      } catch (error) {
        this.#env.log.warn('file discovery: directory not read', { path: file, error: errorMessage(error) })
      }
    }
    return paths
  }

  async #read(path: string): Promise<readonly TargetGroup[] | undefined> {
    try {
      const [text, stat] = [await this.#env.fs.readText(path), await this.#env.fs.stat(path)]
      const groups = await parseTargetGroups(this.#env.clock, path, text)
      this.#metrics.mtime.set({ filename: path }, Math.floor((stat?.modifiedTime ?? 0) / 1000))
      return groups
    } catch (error) {
      this.#metrics.readErrors.inc()
      this.#env.log.warn('file discovery: file not read, its last targets stay', { path, error: errorMessage(error) })
      return undefined
    }
  }
}

/** The groups of a file, by its extension as JSON or YAML. Rejects with a CodedError that names the place. */
export async function parseTargetGroups(clock: Clock, path: string, text: string): Promise<readonly TargetGroup[]> {
  const extraLabels = { [FILEPATH_LABEL]: path }
  if (/\.json$/i.test(path)) return parseJsonGroups(clock, path, text, extraLabels)
  return yamlGroups(path, text).map((config, index) => targetGroup(`${path}:${index}`, config, extraLabels))
}

function yamlGroups(path: string, text: string): readonly TargetGroupConfig[] {
  const tree = parseYamlTree(text)
  const [problem] = tree.problems
  if (problem !== undefined) throw new CodedError('bad_data', `${path}:${problem.line}:${problem.column}: ${problem.message}`)
  if (tree.root === undefined) return []
  const parsed = groupsSchema.read(tree.root)
  if (parsed.success) return parsed.data
  const [{ path: place, atField, message }] = parsed.problems
  const { line, column } = atField ? tree.fieldPosition(place) : tree.valuePosition(place)
  throw new CodedError('bad_data', `${path}:${line}:${column}: ${message}`)
}

/** Wakes its caller when a watched directory changes, or the refresh interval has passed. */
class ChangeWatch {
  readonly #env: Env
  readonly #timers: Timer[] = []
  #settle: Timer | undefined
  #changed = false
  #wake: (() => void) | undefined
  #closed = false

  constructor(env: Env, config: FileSdConfig) {
    this.#env = env
    for (const directory of new Set(config.files.map(directoryOf))) this.#timers.push(env.fs.watch(directory, () => this.#soon()))
    this.#timers.push(env.clock.setTicker(config.refreshIntervalMs, () => this.#now()))
  }

  async next(): Promise<void> {
    if (!this.#changed && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#changed = false
  }

  close(): void {
    this.#closed = true
    this.#settle?.cancel()
    for (const timer of this.#timers) timer.cancel()
    this.#wake?.()
  }

  #soon(): void {
    this.#settle?.cancel()
    if (!this.#closed) this.#settle = this.#env.clock.setTimer(SETTLE_MS, () => this.#now())
  }

  #now(): void {
    this.#changed = true
    this.#wake?.()
  }
}

interface FileMetrics {
  readonly readErrors: Counter
  readonly mtime: Gauge<'filename'>
  readonly scanDuration: Summary
}

function fileMetrics(registry: Registry): FileMetrics {
  return {
    readErrors: knownMetric(
      registry,
      'prometheus_sd_file_read_errors_total',
      (base) => new Counter({ ...base, help: 'The number of File-SD read errors.' }),
    ),
    mtime: knownMetric(
      registry,
      'prometheus_sd_file_mtime_seconds',
      (base) =>
        new Gauge({
          ...base,
          help: 'Timestamp (mtime) of files read by FileSD. Timestamp is set at read time.',
          labelNames: ['filename'],
        }),
    ),
    scanDuration: knownMetric(
      registry,
      'prometheus_sd_file_scan_duration_seconds',
      (base) => new Summary({ ...base, help: 'The duration of the File-SD scan in seconds.', percentiles: [0.5, 0.9, 0.99] }),
    ),
  }
}
