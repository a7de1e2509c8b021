import type { Env, TlsOptions, TlsServerOptions } from '../base/env.ts'
import { errorMessage } from '../base/errors.ts'
import { section } from '../base/schema.ts'
import type { Service } from '../base/service.ts'
import { PLAIN_TLS } from '../http-client/client-config.ts'
import { tlsConfigSchema } from '../http-client/client-schema.ts'
import { SecretReader } from '../http-client/secret-reader.ts'
import { TlsMaterial } from '../http-client/tls-material.ts'
import { fileWarnings, readConfigFile, readFault, resolvePath } from './file.ts'
import { toHttpClientConfig } from './http-client.ts'
import { ConfigError, type ConfigProblem } from './problems.ts'
import { type LoadedFile, WatchedFile } from './watched-file.ts'
import { tlsServerOptions } from './web-config.ts'
import { isTlsEnabled, tlsServerSchema } from './web-schema.ts'

/** The file of `--cluster.tls-config`. Source: Alertmanager docs/https.md, "Gossip Traffic"; cluster/tls_config.go. */
export const clusterTlsSchema = section(
  'cluster TLS configuration',
  { tls_server_config: tlsServerSchema, tls_client_config: tlsConfigSchema },
  {
    check({ tls_server_config: server, tls_client_config: client }, report) {
      if (server === undefined || !isTlsEnabled(server)) report(['tls_server_config'], 'missing tls_server_config with a certificate')
      if (client === undefined) report(['tls_client_config'], 'missing tls_client_config')
    },
  },
)

interface LoadedClusterTls extends LoadedFile {
  readonly server: TlsServerOptions
  readonly client: TlsOptions
}

/** How members of a cluster speak TLS to each other. A change holds for new connections. */
export class ClusterTlsFile {
  readonly #log: Env['log']
  readonly #file: WatchedFile<LoadedClusterTls>

  private constructor(log: Env['log'], file: WatchedFile<LoadedClusterTls>) {
    this.#log = log
    this.#file = file
  }

  /** Rejects with a ConfigError when the file is bad. */
  static async open(env: Env, path: string): Promise<ClusterTlsFile> {
    return new ClusterTlsFile(
      env.log,
      await WatchedFile.open({ env, path, what: 'cluster TLS configuration', load: () => load(env, path) }),
    )
  }

  /** What the cluster asks for each connection. */
  get tls() {
    return {
      server: {
        options: () => this.#file.current.server,
        refused: (client: string, reason: string) => this.#log.info('cluster tls connection refused', { client, reason }),
      },
      client: () => this.#file.current.client,
    }
  }

  watcher(): Service {
    return this.#file.watcher()
  }
}

async function load(env: Pick<Env, 'fs'>, path: string): Promise<LoadedClusterTls> {
  const file = await readConfigFile(env.fs, path, clusterTlsSchema, () => undefined)
  const { tls_server_config: serverSection, tls_client_config: clientSection } = file.value
  const files = [path]
  const problems: ConfigProblem[] = []
  const report = (place: readonly (string | number)[], message: string) =>
    void problems.push({ file: path, ...file.tree.valuePosition(place), message })
  const named = (name: string) => {
    const resolved = resolvePath(path, name)
    files.push(resolved)
    return resolved
  }
  const readServerFile = async (field: string, name: string) => {
    const resolved = named(name)
    try {
      return await env.fs.readText(resolved)
    } catch (error) {
      report(['tls_server_config', field], `${resolved}: ${readFault(error)}`)
      return undefined
    }
  }
  const server = await tlsServerOptions(serverSection!, readServerFile, (field, message) => report(['tls_server_config', field], message))
  const { tls } = toHttpClientConfig({ tls_config: clientSection }, { file: (_, name) => named(name), variables: {} })
  const client = await new TlsMaterial(new SecretReader(env), tls ?? PLAIN_TLS).read().catch((error: unknown) => {
    report(['tls_client_config'], errorMessage(error))
    return {}
  })
  if (problems.length > 0) throw new ConfigError(problems)
  return { server, client, warnings: fileWarnings(file), files }
}
