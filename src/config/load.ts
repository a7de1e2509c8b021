import type { FileSystem } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { globFiles } from '../base/glob.ts'
import { quote } from '../base/go-quote.ts'
import type { YamlPath, YamlTree, YamlValue } from '../base/yaml-tree.ts'
import { YamlScalar } from '../base/yaml-tree.ts'
import { Labels } from '../model/labels.ts'
import type { AlertingConfig } from '../notifier/alerting-config.ts'
import { type OtlpConfig, toOtlpConfig } from '../remote/otlp/otlp-schema.ts'
import type { RemoteReadConfig } from '../remote/read/remote-read-config.ts'
import { toRemoteReadConfig } from '../remote/read/remote-read-schema.ts'
import type { RemoteWriteConfig } from '../remote/write/remote-write-config.ts'
import type { CoverageRequirement } from '../rules/rule-coverage.ts'
import type { GroupDefinition } from '../rules/rule-definition.ts'
import type { ScrapeConfig } from '../scrape/scrape-config.ts'
import type { ScrapeSection } from '../scrape/scrape-config-schema.ts'
import type { BudgetsConfig } from '../storage/budgets/budgets-schema.ts'
import { EXEMPLARS_MAX_DEFAULT } from '../tsdb/exemplars/exemplars-schema.ts'
import { type StorageConfig, toStorageConfig } from '../tsdb/storage-schema.ts'
import { checkAgentConfig } from './agent-mode.ts'
import { keptReplicaLabels, toAlertingConfig } from './alerting-configs.ts'
import { expandVariables } from './expand-variables.ts'
import { type ConfigFile, fileWarnings, readConfigFile, resolvePath } from './file.ts'
import { otherFileKind } from './file-kind.ts'
import { toHttpClientConfig } from './http-client.ts'
import type { OwnConfig } from './own-config.ts'
import type { ConfigProblem, ConfigWarning } from './problems.ts'
import { ConfigError } from './problems.ts'
import { checkJobs, type GlobalSection, type PrometheusSection, prometheusSchema, scrapeConfigFileSchema } from './prometheus-schema.ts'
import { toRemoteWriteConfigs } from './remote-write-configs.ts'
import { renderConfig, renderJob } from './render.ts'
import { type ConfigDefaults, effectiveGlobal, effectiveJob, toScrapeConfig } from './scrape-configs.ts'
import { type SecretFile, unreadableFiles } from './secret-files.ts'

export interface LoadedConfig {
  readonly file: string
  /** The file as it was read. */
  readonly text: string
  /** Those of `scrape_config_files` included. */
  readonly scrapeConfigs: readonly ScrapeConfig[]
  /** Destinations of samples. */
  readonly remoteWrites: readonly RemoteWriteConfig[]
  /** Where alerts go. */
  readonly alerting: AlertingConfig
  readonly externalLabels: Labels
  readonly scrapeIntervalMs: number
  readonly evaluationIntervalMs: number
  /** Of `rule_files`, in their order. */
  readonly ruleGroups: readonly GroupDefinition[]
  readonly ruleQueryOffsetMs: number
  /** Where queries are logged; empty: nowhere. */
  readonly queryLogFile: string
  /** Exemplars to keep, where they are kept at all. */
  readonly exemplarsMax: number
  readonly storage: StorageConfig
  /** Of Promontory's own file; undefined: there is none, or it has none. */
  readonly budgets: BudgetsConfig | undefined
  /** Of the same file: which rules rely on seeing all that there is. */
  readonly ruleCoverage: CoverageRequirement
  readonly otlp: OtlpConfig
  readonly remoteReads: readonly RemoteReadConfig[]
  /** What the files ask for and do not get, in their order. */
  readonly warnings: readonly ConfigWarning[]
  /** The file, those of `scrape_config_files`, and Promontory's own. */
  readonly configFiles: readonly string[]
  /** The configuration with defaults filled in and secrets as `<secret>`, as upstream prints it: without the jobs of other files. */
  toYaml(): string
  /** One job of it, or of the other files, in the same way; undefined: there is none of the name. */
  jobYaml(name: string): string | undefined
}

export interface LoadOptions {
  /** Environment variables: for `${NAME}` in external_labels, for `proxy_from_environment`, and for where Kubernetes says that its API server is. */
  readonly variables?: Readonly<Record<string, string | undefined>>
  readonly defaults?: ConfigDefaults
  /** A file of what prometheus.yml has no words for. */
  readonly ownFile?: string | undefined
  /** For an agent, which only forwards. */
  readonly agent?: boolean
}

/** Reads and checks a prometheus.yml. Throws a ConfigError that lists everything that is wrong. */
export async function loadConfig(env: { readonly fs: FileSystem }, path: string, options: LoadOptions = {}): Promise<LoadedConfig> {
  const main = await readConfigFile(env.fs, path, prometheusSchema, misplaced)
  if (options.agent) checkAgentConfig(main)
  const { value: config } = main
  const warnings: ConfigWarning[] = fileWarnings(main)
  const externalLabels = expandExternalLabels(main, options, warnings)
  const global = effectiveGlobal(
    { ...config.global, ...(externalLabels.size > 0 ? { external_labels: externalLabels.toObject() } : {}) },
    options.defaults ?? {},
    (name) => resolvePath(path, name),
  )

  const included = await readIncludedFiles(env.fs, main, global)
  for (const file of included) warnings.push(...fileWarnings(file))
  const scrapeConfigs: ScrapeConfig[] = []
  for (const file of [main, ...included]) {
    for (const [index, job] of (file.value.scrape_configs ?? []).entries()) {
      const resolve = (name: string) => resolvePath(file.path, name)
      const files: SecretFile[] = []
      scrapeConfigs.push(
        toScrapeConfig(effectiveJob(job, global, resolve), {
          resolve,
          file(field, name) {
            files.push({ field, path: resolve(name) })
            return resolve(name)
          },
          externalLabels,
          variables: options.variables ?? {},
        }),
      )
      warnings.push(...(await unreadableFiles(env.fs, file, ['scrape_configs', index], files)))
    }
  }
  const rules = await readRules(env.fs, main)
  const own = await readOwn(env.fs, options.ownFile)
  warnings.push(...(own?.warnings ?? []))
  const remoteFiles: SecretFile[][] = []
  const remoteProblems: ConfigProblem[] = []
  const remoteWrites = toRemoteWriteConfigs(config.remote_write, {
    externalLabels,
    variables: options.variables ?? {},
    file(index, field, name) {
      const resolved = resolvePath(path, name)
      remoteFiles[index] ??= []
      remoteFiles[index].push({ field, path: resolved })
      return resolved
    },
    path: (name) => resolvePath(path, name),
    report: (index, message) => remoteProblems.push({ file: path, ...main.tree.valuePosition(['remote_write', index]), message }),
  })
  if (remoteProblems.length > 0) throw new ConfigError(remoteProblems)
  for (const [index, files] of remoteFiles.entries())
    warnings.push(...(await unreadableFiles(env.fs, main, ['remote_write', index], files ?? [])))
  const alertmanagerFiles: SecretFile[][] = []
  const alerting = toAlertingConfig(config.alerting, {
    externalLabels,
    variables: options.variables ?? {},
    resolve: (name) => resolvePath(path, name),
    file(index, field, name) {
      const resolved = resolvePath(path, name)
      alertmanagerFiles[index] ??= []
      alertmanagerFiles[index].push({ field, path: resolved })
      return resolved
    },
  })
  for (const [index, files] of alertmanagerFiles.entries())
    warnings.push(...(await unreadableFiles(env.fs, main, ['alerting', 'alertmanagers', index], files ?? [])))
  for (const name of keptReplicaLabels(alerting)) {
    const place = ['global', 'external_labels', name]
    const message = `alerts keep the label ${name}: Alertmanager takes those of each replica for others, and notifies of each; a step in alert_relabel_configs with action labeldrop and regex ${name} drops it`
    warnings.push({ kind: 'duplicates', field: place.join('.'), file: path, ...main.tree.fieldPosition(place), message })
  }
  const remoteReads: RemoteReadConfig[] = []
  for (const [index, remote] of (config.remote_read ?? []).entries()) {
    const files: SecretFile[] = []
    const http = toHttpClientConfig(remote, {
      variables: options.variables ?? {},
      file(field, name) {
        const resolved = resolvePath(path, name)
        files.push({ field, path: resolved })
        return resolved
      },
    })
    remoteReads.push(toRemoteReadConfig(remote, http, externalLabels))
    warnings.push(...(await unreadableFiles(env.fs, main, ['remote_read', index], files)))
  }
  const jobs = config.scrape_configs?.map((job) => effectiveJob(job, global, (name) => resolvePath(path, name)))
  const effective: PrometheusSection = { ...config, global, ...(jobs ? { scrape_configs: jobs } : {}) }
  return {
    file: path,
    text: main.text,
    scrapeConfigs,
    remoteWrites,
    alerting,
    externalLabels,
    scrapeIntervalMs: global.scrape_interval!,
    evaluationIntervalMs: global.evaluation_interval!,
    ruleGroups: rules.groups,
    ruleQueryOffsetMs: global.rule_query_offset ?? 0,
    queryLogFile: global.query_log_file ?? '',
    exemplarsMax: config.storage?.exemplars === undefined ? EXEMPLARS_MAX_DEFAULT : (config.storage.exemplars.max_exemplars ?? 0),
    storage: toStorageConfig(config.storage?.tsdb),
    budgets: own?.budgets,
    ruleCoverage: own?.ruleCoverage ?? (() => false),
    otlp: toOtlpConfig(config.otlp),
    remoteReads,
    warnings: warnings.sort(
      (a, b) =>
        Number(b.file === path) - Number(a.file === path) ||
        (a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1),
    ),
    configFiles: [path, ...included.map((file) => file.path), ...rules.files, ...(options.ownFile ? [options.ownFile] : [])],
    toYaml: () => renderConfig(effective, (name) => resolvePath(path, name)),
    jobYaml: (name) => {
      for (const file of [main, ...included]) {
        const job = file.value.scrape_configs?.find((job) => job.job_name === name)
        const resolve = (name: string) => resolvePath(file.path, name)
        if (job !== undefined) return renderJob(effectiveJob(job, global, resolve), resolve)
      }
      return undefined
    },
  }
}

/** The files of `rule_files`. What is wrong in several of them is reported together. What reads them is loaded when there are any. */
async function readRules(fs: FileSystem, main: ConfigFile<PrometheusSection>): Promise<RuleFiles> {
  const patterns = main.value.rule_files ?? []
  const files: string[] = []
  const groups: GroupDefinition[] = []
  if (patterns.length === 0) return { files, groups }
  const { readRuleFile } = await import('./rule-files.ts')
  const problems: ConfigProblem[] = []
  for (const [index, pattern] of patterns.entries()) {
    const paths = await globFiles(fs, resolvePath(main.path, pattern)).catch((error: unknown) => {
      problems.push({ file: main.path, ...main.tree.valuePosition(['rule_files', index]), message: errorMessage(error) })
      return []
    })
    for (const path of paths.filter((path) => !files.includes(path))) {
      files.push(path)
      try {
        groups.push(...(await readRuleFile(fs, path)))
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        problems.push(...error.problems)
      }
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return { files, groups }
}

interface RuleFiles {
  readonly files: readonly string[]
  readonly groups: readonly GroupDefinition[]
}

/** Few have one: what reads it is loaded when it is there. */
async function readOwn(fs: FileSystem, path: string | undefined): Promise<OwnConfig | undefined> {
  if (path === undefined || path === '') return undefined
  const { readOwnConfig } = await import('./own-config.ts')
  return readOwnConfig(fs, path)
}

/** What stands where a prometheus.yml should. */
function misplaced(text: string, { root }: YamlTree): string | undefined {
  const kind = isPrometheusFile(root) ? undefined : otherFileKind(text, root)
  return kind === undefined ? undefined : `this looks like ${kind}, want a prometheus.yml`
}

type IncludedFile = ConfigFile<{ readonly scrape_configs?: readonly ScrapeSection[] }>

/** The files of `scrape_config_files`. What is wrong in several of them is reported together. */
async function readIncludedFiles(
  fs: FileSystem,
  main: ConfigFile<PrometheusSection>,
  global: GlobalSection,
): Promise<readonly IncludedFile[]> {
  const files: IncludedFile[] = []
  const problems: ConfigProblem[] = []
  const firstSeen = new Map(main.value.scrape_configs?.map((job) => [job.job_name, main.path]))
  for (const [index, pattern] of (main.value.scrape_config_files ?? []).entries()) {
    const paths = await globFiles(fs, resolvePath(main.path, pattern)).catch((error: unknown) => {
      problems.push({ file: main.path, ...main.tree.valuePosition(['scrape_config_files', index]), message: errorMessage(error) })
      return []
    })
    for (const path of paths) {
      try {
        const file = await readConfigFile(fs, path, scrapeConfigFileSchema, misplaced)
        const report = (place: YamlPath, message: string) => problems.push({ file: path, ...file.tree.valuePosition(place), message })
        checkJobs(file.value.scrape_configs, global, report)
        for (const [job, { job_name: name }] of (file.value.scrape_configs ?? []).entries()) {
          const first = firstSeen.get(name)
          if (first !== undefined)
            report(
              ['scrape_configs', job, 'job_name'],
              `found multiple scrape configs with job name ${quote(name!)}, first found in ${first}`,
            )
          firstSeen.set(name, first ?? path)
        }
        files.push(file)
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        problems.push(...error.problems)
      }
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return files
}

function expandExternalLabels(
  { path, tree, value }: ConfigFile<PrometheusSection>,
  { variables = {} }: LoadOptions,
  warnings: ConfigWarning[],
): Labels {
  const labels: [string, string][] = []
  for (const [name, text] of Object.entries(value.global?.external_labels ?? {})) {
    const place = ['global', 'external_labels', name]
    const missing = (variable: string) =>
      warnings.push({
        kind: 'unused',
        field: place.join('.'),
        file: path,
        ...tree.fieldPosition(place),
        message: `environment variable ${variable} is not set, an empty text stands for it`,
      })
    labels.push([name, expandVariables(text, variables, missing)])
  }
  return Labels.of(labels)
}

/** Whether any field at the top is one of prometheus.yml. An empty file is one, too. */
function isPrometheusFile(root: YamlValue): boolean {
  if (root === undefined) return true
  if (Array.isArray(root) || root instanceof YamlScalar) return false
  const own = [
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
  ]
  return own.some((field) => field in root) || ('global' in root && Object.keys(root).length === 1)
}
