import { hash } from 'node:crypto'
import { redactUrl } from '../base/redact-url.ts'
import { printable } from '../base/schema.ts'
import type { Labels } from '../model/labels.ts'
import type { RemoteWriteConfig } from '../remote/write/remote-write-config.ts'
import { type RemoteWriteSection, remoteWriteSchema, toRemoteWriteConfig } from '../remote/write/remote-write-schema.ts'
import { toHttpClientConfig } from './http-client.ts'

export interface RemoteContext {
  readonly externalLabels: Labels
  readonly variables: Readonly<Record<string, string | undefined>>
  /** The complete path of a file of secrets or certificates; `field` is where it stands. */
  file(index: number, field: readonly (string | number)[], name: string): string
  /** Completes a path. */
  path(name: string): string
  /** What is wrong with a section. */
  report(index: number, message: string): void
}

/** The destinations that are sent to. */
export function toRemoteWriteConfigs(
  sections: readonly RemoteWriteSection[] | undefined,
  { externalLabels, variables, file, path, report }: RemoteContext,
): readonly RemoteWriteConfig[] {
  const configs: RemoteWriteConfig[] = []
  for (const [index, remote] of (sections ?? []).entries()) {
    const http = toHttpClientConfig(remote, { file: (field, name) => file(index, field, name), variables })
    // Printing hides secrets.
    const secrets = [remote.sigv4?.secret_key, remote.azuread?.oauth?.client_secret, remote.azuread?.certificate?.certificate_password]
    const parts = [printable(remoteWriteSchema, remote), http, secrets, externalLabels.key()]
    const fingerprint = hash('sha256', JSON.stringify(parts))
    // It would be sent everything twice. Source of the text: Prometheus storage/remote/write.go, ApplyConfig.
    if (configs.some((other) => other.fingerprint === fingerprint))
      report(index, `duplicate remote write configs are not allowed, found duplicate for URL: ${redactUrl(remote.url!)}`)
    // Of several to one URL that have no names, each is what it does.
    const isOnly = sections!.filter(({ url, name }) => !name && url === remote.url).length === 1
    const identity = remote.name ? `name ${remote.name}` : `url ${remote.url}${isOnly ? '' : ` ${fingerprint}`}`
    configs.push(
      toRemoteWriteConfig(remote, {
        http,
        externalLabels,
        variables,
        name: remote.name || fingerprint.slice(0, 6),
        key: hash('sha256', identity).slice(0, 16),
        fingerprint,
        path,
      }),
    )
  }
  return configs
}
