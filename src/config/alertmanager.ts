import type { AlertmanagerConfig } from '../alertmanager/alertmanager-config.ts'
import { buildRoute } from '../alertmanager/dispatch/route.ts'
import { RESOLVE_TIMEOUT_DEFAULT_MS } from '../alertmanager/global-schema.ts'
import type { MatcherMode } from '../alertmanager/matchers/matcher-mode.ts'
import type { ReceiverSection } from '../alertmanager/receivers/registry.ts'
import type { TimeInterval } from '../alertmanager/time-interval.ts'
import { toTimeInterval } from '../alertmanager/time-interval-schema.ts'
import type { FileSystem } from '../base/env.ts'
import { globFiles } from '../base/glob.ts'
import { printable, visitPaths } from '../base/schema.ts'
import type { YamlTree } from '../base/yaml-tree.ts'
import { Labels } from '../model/labels.ts'
import { effectiveAlertmanager } from './alertmanager-effective.ts'
import { hasField, isAlertmanagerConfig } from './alertmanager-kind.ts'
import { RouteReader } from './alertmanager-routes.ts'
import { type AlertmanagerSection, alertmanagerSchema } from './alertmanager-schema.ts'
import { type ConfigFile, fileWarnings, parseConfigFile, readConfigText, resolvePath } from './file.ts'
import { otherFileKind } from './file-kind.ts'
import type { ConfigWarning } from './problems.ts'
import { renderYaml } from './render-yaml.ts'
import { type SecretFile, unreadableFiles } from './secret-files.ts'

export interface LoadedAlertmanagerConfig {
  readonly file: string
  /** The file as it was read. */
  readonly text: string
  readonly config: AlertmanagerConfig
  /** What the file asks for and does not get, and what should be written in another way, in its order. */
  readonly warnings: readonly ConfigWarning[]
  /** The configuration with defaults filled in and secrets as `<secret>`, as upstream prints it. */
  toYaml(): string
}

export interface AlertmanagerLoadOptions {
  readonly matcherMode?: MatcherMode
}

/** Reads and checks an alertmanager.yml. Throws a ConfigError that lists everything that is wrong. */
export async function loadAlertmanagerConfig(
  env: { readonly fs: FileSystem },
  path: string,
  options: AlertmanagerLoadOptions = {},
): Promise<LoadedAlertmanagerConfig> {
  const { file, loaded } = read(path, await readConfigText(env.fs, path), options)
  const warnings = [...(await unreadableFiles(env.fs, file, [], secretFiles(file))), ...(await unmatchedTemplates(env.fs, file))]
  return { ...loaded, warnings: inOrder([...loaded.warnings, ...warnings]) }
}

/** What receivers read when they send. */
function secretFiles({ path, schema, value }: ConfigFile<AlertmanagerSection>): readonly SecretFile[] {
  const files: SecretFile[] = []
  visitPaths(schema, { ...value, templates: undefined }, (field, name) => files.push({ field, path: resolvePath(path, name) }))
  return files
}

/** Files of templates may come later, or never. */
async function unmatchedTemplates(
  fs: FileSystem,
  { path, tree, value }: ConfigFile<AlertmanagerSection>,
): Promise<readonly ConfigWarning[]> {
  const warnings: ConfigWarning[] = []
  for (const [index, glob] of (value.templates ?? []).entries()) {
    if ((await globFiles(fs, resolvePath(path, glob))).length > 0) continue
    const message = `no file matches ${resolvePath(path, glob)}`
    warnings.push({ kind: 'unreadable', field: 'templates', file: path, ...tree.valuePosition(['templates', index]), message })
  }
  return warnings
}

const inOrder = (warnings: readonly ConfigWarning[]) => warnings.toSorted((a, b) => a.line - b.line || a.column - b.column)

/** The same of a text, such as a running Alertmanager tells of itself; `path` is what errors call it, and files are relative to it. */
export function parseAlertmanagerConfig(path: string, text: string, options: AlertmanagerLoadOptions = {}): LoadedAlertmanagerConfig {
  return read(path, text, options).loaded
}

function read(
  path: string,
  text: string,
  { matcherMode = 'fallback' }: AlertmanagerLoadOptions,
): { readonly file: ConfigFile<AlertmanagerSection>; readonly loaded: LoadedAlertmanagerConfig } {
  const schema = alertmanagerSchema(matcherMode)
  const file: ConfigFile<AlertmanagerSection> = parseConfigFile(path, text, schema, misplaced)
  const { value } = file
  const resolve = (name: string) => resolvePath(path, name)
  const reader = new RouteReader(file, matcherMode)
  const root = reader.route(value.route!, ['route'])
  const inhibitRules = (value.inhibit_rules ?? []).map((rule, index) => reader.inhibitRule(rule, ['inhibit_rules', index]))

  const timeIntervals = new Map<string, readonly TimeInterval[]>()
  for (const { name, time_intervals: specs = [] } of [...(value.mute_time_intervals ?? []), ...(value.time_intervals ?? [])])
    timeIntervals.set(name!, specs.map(toTimeInterval))
  const receivers = (value.receivers ?? []).map(({ name, labels: _, ...section }): [string, ReceiverSection] => [name!, section])
  const receiverLabels = (value.receivers ?? []).map(({ name, labels }): [string, Labels] => [name!, Labels.of({ ...labels, name: name! })])
  const global = value.global ?? {}
  const loaded: LoadedAlertmanagerConfig = {
    file: path,
    text,
    config: {
      global,
      resolveTimeoutMs: global.resolve_timeout ?? RESOLVE_TIMEOUT_DEFAULT_MS,
      route: buildRoute(root),
      inhibitRules,
      receivers: new Map(receivers),
      receiverLabels: new Map(receiverLabels),
      timeIntervals,
      templates: (value.templates ?? []).map(resolve),
    },
    warnings: inOrder([...fileWarnings(file), ...reader.warnings]),
    toYaml: () => renderYaml(printable(schema, effectiveAlertmanager(value, reader), resolve)),
  }
  return { file, loaded }
}

function misplaced(text: string, tree: YamlTree): string | undefined {
  if (isAlertmanagerConfig(tree)) return undefined
  const isPrometheus = ['scrape_configs', 'rule_files', 'alerting', 'remote_write'].some((name) => hasField(tree.root, name))
  const kind = isPrometheus ? 'a prometheus.yml' : otherFileKind(text, tree.root)
  return kind === undefined ? undefined : `this looks like ${kind}, want an alertmanager.yml`
}
