import type { FileSystem } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { directoryOf } from '../base/files.ts'
import { schemaProblems, visitUnsupported } from '../base/schema.ts'
import type { YamlPath, YamlTree, YamlValue } from '../base/yaml-tree.ts'
import { parseYamlTree, YamlScalar } from '../base/yaml-tree.ts'
import { Labels } from '../model/labels.ts'
import type { ScrapeConfig } from '../scrape/scrape-config.ts'
import { expandVariables } from './expand-variables.ts'
import { otherFileKind } from './file-kind.ts'
import type { ConfigProblem, ConfigWarning } from './problems.ts'
import { ConfigError } from './problems.ts'
import { type PrometheusSection, prometheusSchema } from './prometheus-schema.ts'
import { renderConfig } from './render.ts'
import { effectiveGlobal, effectiveJob, toScrapeConfig } from './scrape-configs.ts'

export interface LoadedConfig {
  readonly file: string
  /** The file as it was read. */
  readonly text: string
  readonly scrapeConfigs: readonly ScrapeConfig[]
  readonly externalLabels: Labels
  readonly scrapeIntervalMs: number
  readonly evaluationIntervalMs: number
  /** What the file asks for and does not get, in the order of the file. */
  readonly warnings: readonly ConfigWarning[]
  /** Files of secrets and certificates: when one changes, the configuration does. */
  readonly secretFiles: readonly string[]
  /** The configuration with defaults filled in and secrets as `<secret>`, as upstream prints it. */
  toYaml(): string
}

export interface LoadOptions {
  /** Environment variables, for `${NAME}` in the values of external_labels. */
  readonly variables?: Readonly<Record<string, string | undefined>>
}

/** Reads and checks a prometheus.yml. Throws a ConfigError that lists everything that is wrong. */
export async function loadConfig(env: { readonly fs: FileSystem }, path: string, options: LoadOptions = {}): Promise<LoadedConfig> {
  const text = await readConfigText(env.fs, path)
  const tree = parseYamlTree(text)
  const config = checkTree(path, text, tree)

  const warnings: ConfigWarning[] = []
  const warn = (kind: ConfigWarning['kind'], field: string, place: YamlPath, message: string) =>
    warnings.push({ kind, field, file: path, ...tree.fieldPosition(place), message })
  visitUnsupported(prometheusSchema, config, (place, field) =>
    warn('unsupported', field, place, `${place.at(-1)} is not supported yet and is ignored`),
  )
  for (const place of tree.extraDocuments)
    warnings.push({ kind: 'unused', field: '---', file: path, ...place, message: 'only the first document of the file is read' })

  const directory = directoryOf(path)
  const resolve = (file: string) =>
    file.startsWith('/') || file === '' ? file : directory === '.' ? file : `${directory === '/' ? '' : directory}/${file}`
  const external: [string, string][] = []
  for (const [name, value] of Object.entries(config.global?.external_labels ?? {})) {
    const place = ['global', 'external_labels', name]
    const missing = (variable: string) =>
      warn('unused', place.join('.'), place, `environment variable ${variable} is not set, an empty text stands for it`)
    external.push([name, expandVariables(value, options.variables ?? {}, missing)])
  }
  const externalLabels = Labels.of(external)

  const global = effectiveGlobal({ ...config.global, ...(external.length > 0 ? { external_labels: Object.fromEntries(external) } : {}) })
  const jobs = (config.scrape_configs ?? []).map((job) => effectiveJob(job, global))
  const secretFiles = new Set<string>()
  const scrapeConfigs: ScrapeConfig[] = []
  for (const [index, job] of jobs.entries()) {
    const readFile = async (place: readonly string[], file: string) => {
      secretFiles.add(resolve(file))
      try {
        return await env.fs.readText(resolve(file))
      } catch (error) {
        warn(
          'unreadable',
          ['scrape_configs', ...place].join('.'),
          ['scrape_configs', index, ...place],
          `${resolve(file)} cannot be read (${errorMessage(error)}), targets are asked without it`,
        )
        return undefined
      }
    }
    scrapeConfigs.push(await toScrapeConfig(job, { resolve, readFile, externalLabels }))
  }
  const effective: PrometheusSection = { ...config, global, ...(config.scrape_configs ? { scrape_configs: jobs } : {}) }
  return {
    file: path,
    text,
    scrapeConfigs,
    externalLabels,
    scrapeIntervalMs: global.scrape_interval!,
    evaluationIntervalMs: global.evaluation_interval!,
    warnings: warnings.sort((a, b) => a.line - b.line || a.column - b.column),
    secretFiles: [...secretFiles],
    toYaml: () => renderConfig(effective),
  }
}

async function readConfigText(fs: FileSystem, path: string): Promise<string> {
  try {
    return await fs.readText(path)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    const message = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'is a directory, want a file' : errorMessage(cause)
    throw new ConfigError([{ file: path, line: 1, column: 1, message }], { cause })
  }
}

function checkTree(file: string, text: string, tree: YamlTree): PrometheusSection {
  const kind = isPrometheusFile(tree.root) ? undefined : otherFileKind(text, tree.root)
  if (kind !== undefined) throw new ConfigError([{ file, line: 1, column: 1, message: `this looks like ${kind}, want a prometheus.yml` }])
  const problems: ConfigProblem[] = tree.problems.map((problem) => ({ file, ...problem }))
  if (!tree.wellFormed) throw new ConfigError(problems)
  const parsed = prometheusSchema.safeParse(tree.root ?? Object.create(null))
  if (parsed.success && problems.length === 0) return parsed.data
  for (const { path, atField, message } of parsed.success ? [] : schemaProblems(parsed.error)) {
    problems.push({ file, ...(atField ? tree.fieldPosition(path) : tree.valuePosition(path)), message })
  }
  throw new ConfigError(problems)
}

/** Whether any field at the top is one of prometheus.yml. An empty file is one, too. */
function isPrometheusFile(root: YamlValue): boolean {
  if (root === undefined) return true
  if (Array.isArray(root) || root instanceof YamlScalar) return false
  return (
    [
      'scrape_configs',
      'rule_files',
      'alerting',
      'remote_write',
      'remote_read',
      'storage',
      'scrape_config_files',
      'otlp',
      'tracing',
      'runtime',
    ].some((field) => field in root) ||
    ('global' in root && Object.keys(root).length === 1)
  )
}
