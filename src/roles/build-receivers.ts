import type { AlertmanagerConfig } from '../alertmanager/alertmanager-config.ts'
import type { Integration } from '../alertmanager/receivers/integration.ts'
import { buildReceiver } from '../alertmanager/receivers/registry.ts'
import { loadTemplates } from '../alertmanager/template-library.ts'
import type { Env } from '../base/env.ts'
import { resolvePath } from '../config/file.ts'
import { toHttpClientConfig } from '../config/http-client.ts'
import { HttpClients } from '../http-client/clients.ts'

export interface ReceiversFile {
  /** What paths are relative to. */
  readonly file: string
  readonly config: Pick<AlertmanagerConfig, 'global' | 'templates' | 'receivers'>
}

/** The ways out of every receiver of a configuration. */
export async function buildReceivers(
  { file, config }: ReceiversFile,
  { env, variables, externalUrl }: { readonly env: Env; readonly variables: Variables; readonly externalUrl: string },
): Promise<ReadonlyMap<string, readonly Integration[]>> {
  const path = (name: string) => resolvePath(file, name)
  const templates = await loadTemplates(env, config.templates)
  const deps = {
    env,
    clients: new HttpClients(env),
    templates,
    externalUrl,
    global: config.global,
    httpClient: (section: Parameters<typeof toHttpClientConfig>[0]) =>
      toHttpClientConfig(section, { file: (_field, name) => path(name), variables }),
    path,
    variables,
  }
  const receivers = new Map<string, readonly Integration[]>()
  for (const [name, section] of config.receivers) receivers.set(name, await buildReceiver(section, deps))
  return receivers
}

type Variables = Readonly<Record<string, string | undefined>>
