import type { AlertmanagerConfig } from '../alertmanager/alertmanager-config.ts'
import type { DrillConfig, HeartbeatConfig } from '../alertmanager/deadman/deadman-config.ts'
import { REPEAT_INTERVAL_DEFAULT_MS } from '../alertmanager/deadman/deadman-schema.ts'
import type { ReceiverSection } from '../alertmanager/receivers/registry.ts'
import type { FileSystem } from '../base/env.ts'
import { printable } from '../base/schema.ts'
import type { YamlTree } from '../base/yaml-tree.ts'
import { PLAIN_HTTP_CLIENT } from '../http-client/client-config.ts'
import { Labels } from '../model/labels.ts'
import { isDeadmanConfig } from './deadman-kind.ts'
import { type DeadmanSection, deadmanSchema } from './deadman-schema.ts'
import { fileWarnings, readConfigFile, resolvePath } from './file.ts'
import { otherFileKind } from './file-kind.ts'
import { toHttpClientConfig } from './http-client.ts'
import type { ConfigWarning } from './problems.ts'
import { renderYaml } from './render-yaml.ts'

export interface LoadedDeadmanConfig {
  readonly file: string
  readonly config: Pick<AlertmanagerConfig, 'global' | 'templates' | 'receivers'> & {
    readonly heartbeats: readonly HeartbeatConfig[]
    readonly drills: readonly DrillConfig[]
  }
  readonly warnings: readonly ConfigWarning[]
  /** The configuration with defaults filled in and secrets as `<secret>`. */
  toYaml(): string
}

/** Reads and checks a deadman.yml. Throws a ConfigError that lists everything that is wrong. */
export async function loadDeadmanConfig(
  env: { readonly fs: FileSystem },
  path: string,
  variables: Readonly<Record<string, string | undefined>> = {},
): Promise<LoadedDeadmanConfig> {
  const file = await readConfigFile<DeadmanSection>(env.fs, path, deadmanSchema, misplaced)
  const { value } = file
  const resolve = (name: string) => resolvePath(path, name)
  const { global = {}, heartbeats = [], drills = [], receivers = [], templates = [] } = value
  const sections = receivers.map(({ name, labels: _, ...section }): [string, ReceiverSection] => [name!, section])
  const alarm = (watched: (typeof heartbeats)[number] | (typeof drills)[number]) => ({
    name: watched.name!,
    receiver: watched.receiver!,
    repeatIntervalMs: watched.repeat_interval ?? REPEAT_INTERVAL_DEFAULT_MS,
    annotations: Labels.of(watched.annotations ?? {}),
  })
  return {
    file: path,
    config: {
      global,
      receivers: new Map(sections),
      templates: templates.map(resolve),
      heartbeats: heartbeats.map((each) => ({ ...alarm(each), timeoutMs: each.timeout!, labels: Labels.of(each.labels ?? {}) })),
      drills: drills.map((each) => ({
        ...alarm(each),
        alertmanagers: (each.alertmanagers ?? []).map((url) => url.replace(/\/+$/, '')),
        everyMs: each.every!,
        deadlineMs: each.deadline!,
        alertLabels: Labels.of(each.labels ?? {}),
        labels: Labels.of(each.alarm_labels ?? {}),
        http:
          each.http_config === undefined
            ? PLAIN_HTTP_CLIENT
            : toHttpClientConfig(each.http_config, { file: (_field, name) => resolve(name), variables }),
      })),
    },
    warnings: fileWarnings(file),
    toYaml: () => renderYaml(printable(deadmanSchema, value, resolve)),
  }
}

function misplaced(text: string, tree: YamlTree): string | undefined {
  if (isDeadmanConfig(tree)) return undefined
  const kind = otherFileKind(text, tree.root)
  return kind === undefined ? undefined : `this looks like ${kind}, want a deadman.yml`
}
